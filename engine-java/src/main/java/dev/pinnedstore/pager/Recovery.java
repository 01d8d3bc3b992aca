package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import dev.pinnedstore.os.MappingFailedException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file as its last writer left it: the newest valid superblock, then the log. The protocol
 * is told in {@link PagerFile}. Nothing is believed that was not checked.
 */
final class Recovery {
  /** What {@link #stamp} reads at most: the superblocks and a log of the default size. */
  private static final long STAMP_BYTES = 1 << 20;

  private final PagerFile file;
  private final LogReader log;

  private Recovery(PagerFile file) {
    this.file = file;
    this.log = file.logReader();
  }

  /** Opens a file, and finishes what a crash left unfinished. */
  static PagerFile open(Disk disk, long pageSize) {
    return open(disk, pageSize, true).file;
  }

  /** Opens a file without changing it. */
  static Recovery openReadOnly(Disk disk, long pageSize) {
    return open(disk, pageSize, false);
  }

  private static Recovery open(Disk disk, long pageSize, boolean writable) {
    Found found = find(disk);
    Geometry geometry = found.superblock().geometry();
    if (geometry.pageSize() != pageSize) {
      throw new IllegalArgumentException(
          "pageSize=" + pageSize + ": the file has pages of " + geometry.pageSize() + " bytes");
    }
    PagerFile file = load(disk, found.superblock(), null);
    boolean done = false;
    try {
      Recovery recovery = new Recovery(file);
      recovery.replayAll();
      boolean crashed = file.isOpen() || recovery.log.sequence() > 0;
      if (writable && crashed) {
        file.counts().beginEpoch();
      }
      if (writable && (crashed || found.repair())) {
        file.checkpoint();
      }
      done = true;
      return recovery;
    } finally {
      if (!done) {
        file.extents().close();
      }
    }
  }

  PagerFile file() {
    return file;
  }

  /**
   * Reads the file as the writer has committed it by now: this object, which has learned what is
   * new in the log, or after a checkpoint another one on the same mappings. Of a reader only. Costs
   * a look at two superblocks and at what is new in the log.
   *
   * @throws PagerCorruptException also when the writer was faster: try again
   */
  Recovery refreshed() {
    if (!hasOtherSuperblock()) {
      log.advance(this::apply);
      return this;
    }
    Superblock newest = find(file.extents().header()).superblock();
    if (newest.generation() == file.generation()) {
      log.advance(this::apply);
      return this;
    }
    Recovery recovery = new Recovery(load(file.disk(), newest, file.extents()));
    recovery.replayAll();
    return recovery;
  }

  private boolean hasOtherSuperblock() {
    MemorySegment header = file.extents().header();
    return SuperblockLayout.generation(header, 0) != file.generation()
        || SuperblockLayout.generation(header, Geometry.BLOCK_BYTES) != file.generation();
  }

  /** Changes whenever a writer writes to the superblocks or the log. */
  static int stamp(Disk disk) {
    try (Arena arena = Arena.ofShared()) {
      long bytes = Math.min(disk.size(), STAMP_BYTES);
      return bytes == 0 ? 0 : Checksum.of(disk.map(0, bytes, arena));
    } catch (IOException e) {
      throw new PagerIoException("the file cannot be read: " + e, e);
    } catch (MappingFailedException e) {
      throw new PagerFullException("the file cannot be mapped: " + e.getMessage(), e);
    }
  }

  private record Found(Superblock superblock, boolean repair) {}

  private static Found find(Disk disk) {
    try (Arena arena = Arena.ofShared()) {
      long length = disk.size();
      if (length < Geometry.LOG_POSITION) {
        throw new PagerCorruptException(
            "file length", "file length=" + length + ": a pager file has more than 8192 bytes");
      }
      return find(disk.map(0, Geometry.LOG_POSITION, arena));
    } catch (IOException e) {
      throw new PagerIoException("the file cannot be read: " + e, e);
    } catch (MappingFailedException e) {
      throw new PagerFullException("the file cannot be mapped: " + e.getMessage(), e);
    }
  }

  private static Found find(MemorySegment header) {
    Superblock best = null;
    PagerCorruptException damage = null;
    boolean repair = false;
    for (int copy = 0; copy < 2; copy++) {
      byte[] bytes = new byte[SuperblockLayout.BYTES];
      MemorySegment.copy(
          header,
          ValueLayout.JAVA_BYTE,
          (long) copy * Geometry.BLOCK_BYTES,
          bytes,
          0,
          bytes.length);
      try {
        Superblock found = SuperblockLayout.decode(bytes);
        repair |= best != null && best.generation() != found.generation();
        best = best == null || found.generation() > best.generation() ? found : best;
      } catch (PagerCorruptException e) {
        repair = true;
        damage = damage == null ? e : damage;
      }
    }
    if (best == null) {
      throw damage == null ? new PagerCorruptException("magic", "no superblock") : damage;
    }
    return new Found(best, repair);
  }

  private static PagerFile load(Disk disk, Superblock from, @Nullable Extents known) {
    Geometry geometry = from.geometry();
    long pages = Math.max(1, from.pageCount());
    long needed = geometry.position(geometry.extentOf(pages - 1) + 1);
    long length = length(disk);
    if (length < needed) {
      throw new PagerCorruptException(
          "file length",
          "file length="
              + length
              + ": "
              + from.pageCount()
              + " pages of "
              + geometry.pageSize()
              + " bytes need "
              + needed);
    }
    Extents extents = known == null ? new Extents(disk, geometry) : known;
    boolean done = known != null;
    try {
      extents.cover(pages);
      PagerFile file = new PagerFile(disk, from, extents);
      done = true;
      return file;
    } finally {
      if (!done) {
        extents.close();
      }
    }
  }

  private void replayAll() {
    log.checkRest();
    log.advance(this::apply);
  }

  private void apply(int what, long index, long value) {
    PageTable table = file.table();
    boolean legal =
        switch (what) {
          case JournalLayout.PAGE_WORD -> index < table.pageCount();
          case JournalLayout.SLOT_WORD ->
              index < SlotWord.index(Math.min(table.pageCount(), Geometry.MAX_SUB_PAGES_PAGE), 0);
          case JournalLayout.ROOT -> index < SuperblockLayout.ROOTS;
          case JournalLayout.PAGE_COUNT -> value >= table.pageCount() && value <= capacity();
          default -> false;
        };
    if (!legal) {
      throw new PagerCorruptException(
          "log", "log: an entry of kind " + what + " for " + index + " says " + value);
    }
    switch (what) {
      case JournalLayout.PAGE_WORD -> table.apply(index, value);
      case JournalLayout.SLOT_WORD -> file.slots().set(index, value);
      case JournalLayout.ROOT -> file.applyRoot((int) index, value);
      default -> {
        file.extents().cover(value);
        table.applyCount(value);
      }
    }
  }

  /** Pages that the file is long enough for. */
  private long capacity() {
    Geometry geometry = file.geometry();
    long length = length(file.disk());
    int extent = 0;
    while (extent < 41 && geometry.position(extent + 1) <= length) {
      extent++;
    }
    return Math.min(Geometry.MAX_PAGES, geometry.firstPage(extent));
  }

  private static long length(Disk disk) {
    try {
      return disk.size();
    } catch (IOException e) {
      throw new PagerIoException("the file cannot be read: " + e, e);
    }
  }
}
