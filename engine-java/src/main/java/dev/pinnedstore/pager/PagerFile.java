package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import dev.pinnedstore.os.MappingFailedException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The persistent state of a pager, and how it survives a crash.
 *
 * <p><b>What is where.</b> The truth is in memory: the page map, the slot map, the page count, the
 * user roots. On the medium it is the newest valid superblock, which leads to both maps as of its
 * checkpoint, plus the batches in the log, which carry the same generation.
 *
 * <p><b>Commit.</b> One change or many become one batch: new values of words. It is written behind
 * the last batch and synced: <em>that sync is the commit point</em>. A crash before it leaves a
 * batch whose checksum is wrong, which ends the log: all of its changes are gone, none of the
 * earlier. Protected pages that it commits are synced before it is written. Whoever waits while a
 * batch is under way shares the next one: the first of them takes the commit lock and writes what
 * all have changed.
 *
 * <p><b>Checkpoint.</b> When the log is full, or the changes do not fit into one:
 *
 * <ol>
 *   <li>the blocks of the maps that have changed are written to the places that the last superblock
 *       does not lead to, and synced; a crash leaves the last checkpoint and its log;
 *   <li>the first superblock is written with the next generation and synced: <em>the commit
 *       point</em>. Torn, it is invalid, and the second one has the last generation still;
 *   <li>the second superblock is written as well; the sync of the first batch takes it along. The
 *       old batches are of an old generation now, and are written over.
 * </ol>
 *
 * <p><b>Recovery.</b> The newest valid superblock, then the log; if that held anything, or a
 * superblock was damaged, a checkpoint, with the same steps. A log of a later generation than the
 * superblock means that the right superblock is lost, which is refused rather than guessed.
 *
 * <p>A write or sync that fails ends all changes: what reached the medium is unknown then, and the
 * system may have forgotten it.
 *
 * <p>Locks: the commit lock is taken before the state lock. The state lock guards everything but
 * what only a commit uses; it is not held while a batch is written, and is during a checkpoint.
 */
final class PagerFile {
  private final Disk disk;
  private final Geometry geometry;
  private final Extents extents;
  private final PageTable table;
  private final WordMap slots;
  private final Journal journal;
  private final long fileId;
  private final long[] roots;
  private int reuseFloor;
  private long generation;

  /** Batches of the log that were applied; goes on in a reader only. */
  private long batchesSeen;

  private final ReentrantLock stateLock = new ReentrantLock();
  private final ReentrantLock commitLock = new ReentrantLock();
  private long changes;
  private long frozenAfter = Long.MAX_VALUE;
  private volatile long durable;
  private volatile @Nullable PagerException failure;

  private PagerFile(Disk disk, Superblock from, Extents extents) {
    this.disk = disk;
    this.geometry = from.geometry();
    this.extents = extents;
    this.fileId = from.fileId();
    this.roots = from.roots().clone();
    this.reuseFloor = from.reuseFloor();
    this.generation = from.generation();
    this.journal = new Journal(disk, extents.header(), geometry, fileId);
    this.table = new PageTable(from, extents, journal);
    this.slots =
        new WordMap(Geometry.SLOT_MAP, fileId, extents, from.slotMap(), (leaf, words) -> 0);
    journal.restart(generation);
  }

  /** Makes an empty file: no page yet. */
  static PagerFile create(Disk disk, Geometry geometry, long fileId) {
    Superblock empty =
        new Superblock(
            geometry,
            0,
            fileId,
            0,
            0,
            1,
            new long[2],
            new long[2],
            new long[SuperblockLayout.ROOTS]);
    Extents extents = new Extents(disk, geometry);
    extents.allocateHeader();
    extents.cover(0);
    PagerFile file = new PagerFile(disk, empty, extents);
    file.checkpoint();
    return file;
  }

  /** Opens a file, and finishes what a crash left unfinished. */
  static PagerFile open(Disk disk, long pageSize) {
    return open(disk, pageSize, true);
  }

  /** Opens a file without changing it. */
  static PagerFile openReadOnly(Disk disk, long pageSize) {
    return open(disk, pageSize, false);
  }

  private static PagerFile open(Disk disk, long pageSize, boolean writable) {
    Found found = find(disk);
    Geometry geometry = found.superblock().geometry();
    if (geometry.pageSize() != pageSize) {
      throw new IllegalArgumentException(
          "pageSize=" + pageSize + ": the file has pages of " + geometry.pageSize() + " bytes");
    }
    PagerFile file = load(disk, found.superblock(), null);
    boolean done = false;
    try {
      file.batchesSeen = file.replay(0);
      if (writable && (file.batchesSeen > 0 || found.repair())) {
        file.checkpoint();
      }
      done = true;
      return file;
    } finally {
      if (!done) {
        file.extents.close();
      }
    }
  }

  /**
   * Returns the file as the writer has committed it by now: this object, which has learned what is
   * new in the log, or after a checkpoint another one on the same mappings. Of a reader only.
   *
   * @throws PagerCorruptException also when the writer was faster: try again
   */
  PagerFile refreshed() {
    Superblock newest = find(extents.header()).superblock();
    PagerFile file = newest.generation() == generation ? this : load(disk, newest, extents);
    file.batchesSeen = file.replay(file.batchesSeen);
    return file;
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
    long length;
    try {
      length = disk.size();
    } catch (IOException e) {
      throw new PagerIoException("the file cannot be read: " + e, e);
    }
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

  private long replay(long fromSequence) {
    return journal.replay(generation, fromSequence, this::apply);
  }

  private void apply(int what, long index, long value) {
    boolean legal =
        switch (what) {
          case JournalLayout.PAGE_WORD -> index < table.pageCount();
          case JournalLayout.SLOT_WORD -> index < table.pageCount() << SlotWord.WORDS_SHIFT;
          case JournalLayout.ROOT -> index < SuperblockLayout.ROOTS;
          case JournalLayout.PAGE_COUNT -> value >= table.pageCount() && value <= fileCapacity();
          default -> false;
        };
    if (!legal) {
      throw new PagerCorruptException(
          "log", "log: an entry of kind " + what + " for " + index + " says " + value);
    }
    switch (what) {
      case JournalLayout.PAGE_WORD -> table.apply(index, value);
      case JournalLayout.SLOT_WORD -> slots.set(index, value);
      case JournalLayout.ROOT -> roots[(int) index] = value;
      default -> {
        extents.cover(value);
        table.applyCount(value);
      }
    }
  }

  /** Pages that the file is long enough for. */
  private long fileCapacity() {
    try {
      long length = disk.size();
      int extent = 0;
      while (extent < 41 && geometry.position(extent + 1) <= length) {
        extent++;
      }
      return Math.min(Geometry.MAX_PAGES, geometry.firstPage(extent));
    } catch (IOException e) {
      throw new PagerIoException("the file cannot be read: " + e, e);
    }
  }

  /** Takes over the maps, roots and counts of another file, into this one that is empty. */
  void copyState(PagerFile from, boolean sparse) {
    long pages = from.table.pageCount();
    extents.cover(pages);
    if (!sparse && pages > 0) {
      extents.allocate(0, pages);
    }
    table.extend(pages);
    for (long page = 0; page < pages; page++) {
      if (!from.table.words().isPresent(page >>> WordMap.LEAF_SHIFT)) {
        page |= WordMap.LEAF_WORDS - 1;
      } else if (from.table.get(page) != 0) {
        table.apply(page, from.table.get(page));
      }
    }
    long words = SlotWord.index(slotPages(pages), 0);
    for (long word = 0; word < words; word++) {
      if (!from.slots.isPresent(word >>> WordMap.LEAF_SHIFT)) {
        word |= WordMap.LEAF_WORDS - 1;
      } else if (from.slots.get(word) != 0) {
        if (!sparse) {
          slots.allocate(word);
        }
        slots.set(word, from.slots.get(word));
      }
    }
    System.arraycopy(from.roots, 0, roots, 0, roots.length);
    reuseFloor = from.reuseFloor;
  }

  // ---- state; all of it under the state lock, but for peeks

  void lock() {
    stateLock.lock();
  }

  void unlock() {
    stateLock.unlock();
  }

  Geometry geometry() {
    return geometry;
  }

  Extents extents() {
    return extents;
  }

  PageTable table() {
    return table;
  }

  WordMap slots() {
    return slots;
  }

  void setSlot(long index, long word) {
    slots.set(index, word);
    journal.add(JournalLayout.SLOT_WORD, index, word);
  }

  long root(int index) {
    return roots[index];
  }

  void setRoot(int index, long value) {
    roots[index] = value;
    journal.add(JournalLayout.ROOT, index, value);
  }

  /** The least reuse count of pages and slots that were never used. */
  int reuseFloor() {
    return reuseFloor;
  }

  /**
   * Ends a change and returns its number, for {@link #await}. What was changed since the lock was
   * taken commits together, or not at all.
   */
  long changed() {
    return ++changes;
  }

  /** The last change that is durable, and with it all before. */
  long durable() {
    return durable;
  }

  /** The last change whose freed pages may be used again. */
  long releasable() {
    return Math.min(durable, frozenAfter);
  }

  boolean isFrozen() {
    return frozenAfter != Long.MAX_VALUE;
  }

  /** Keeps what is freed from now on from being used again, so that it can be copied. */
  void freeze() {
    frozenAfter = changes;
  }

  void thaw() {
    frozenAfter = Long.MAX_VALUE;
  }

  /** The number that {@link #changed} will give to the change under way. */
  long currentChange() {
    return changes + 1;
  }

  /** Has the bytes of a page synced before the change under way commits. */
  void syncFirst(long page) {
    extents.markDirty(page);
  }

  /** Refuses what cannot be done any more. */
  void checkUsable() {
    PagerException e = failure;
    if (e != null) {
      throw new PagerIoException("the pager stopped after a failed write: " + e.getMessage(), e);
    }
  }

  // ---- commit

  /** Waits until a change is durable, and writes it if nobody else is at it. */
  void await(long change) {
    while (durable < change) {
      commitLock.lock();
      try {
        if (durable < change) {
          commit();
        }
      } finally {
        commitLock.unlock();
      }
    }
  }

  /** Makes all changes so far durable. */
  void commitAll() {
    long change;
    stateLock.lock();
    try {
      change = changes;
    } finally {
      stateLock.unlock();
    }
    await(change);
  }

  private void commit() {
    long upTo;
    stateLock.lock();
    try {
      checkUsable();
      upTo = changes;
      if (journal.isEmpty()) {
        durable = upTo;
        return;
      }
      if (!journal.fits()) {
        checkpoint();
        durable = upTo;
        return;
      }
      journal.seal();
      extents.sealDirty();
    } finally {
      stateLock.unlock();
    }
    try {
      extents.syncSealed();
      journal.write();
    } catch (IOException | RuntimeException | Error e) {
      throw fail(e);
    }
    durable = upTo;
  }

  /** Does something while nothing changes and all changes so far are durable. */
  void quietly(Runnable action) {
    commitLock.lock();
    try {
      stateLock.lock();
      try {
        checkUsable();
        if (!journal.isClean()) {
          checkpoint();
        }
        durable = changes;
        action.run();
      } finally {
        stateLock.unlock();
      }
    } finally {
      commitLock.unlock();
    }
  }

  /**
   * Takes pages off the end, which are all free, and cuts the file: the superblock without them is
   * durable before. Within {@link #quietly}.
   */
  void cut(long pages) {
    long before = table.pageCount();
    reuseFloor = Math.max(reuseFloor, highestReuse(pages, before));
    table.cut(pages);
    table.words().clear(pages, before);
    slots.clear(SlotWord.index(pages, 0), SlotWord.index(slotPages(before), 0));
    int keep = extents.needed(pages);
    for (int level = 0; level <= WordMap.ROOT_LEVEL; level++) {
      dropBlocks(table.words(), Geometry.PAGE_MAP, level, keep);
      dropBlocks(slots, Geometry.SLOT_MAP, level, keep);
    }
    checkpoint();
    try {
      extents.cut(pages);
    } catch (IOException | IllegalStateException e) {
      throw fail(e);
    }
  }

  private void dropBlocks(WordMap words, int map, int level, int keep) {
    for (int e = keep; e < extents.count(); e++) {
      long first = geometry.firstBlock(map, level, e);
      words.dropBlocks(level, first, first + geometry.blocks(map, level, e));
    }
  }

  /** The highest reuse count that pages or their slots would have next. */
  int highestReuse(long from, long to) {
    int highest = 0;
    for (long page = from; page < to; page++) {
      if (table.words().isPresent(page >>> WordMap.LEAF_SHIFT)) {
        highest = Math.max(highest, PageWord.reuse(table.get(page)));
      }
      long slot = SlotWord.index(page, 0);
      if (page < slotPages(to) && slots.isPresent(slot >>> WordMap.LEAF_SHIFT)) {
        for (int i = 0; i < SlotWord.MAX_SLOTS; i++) {
          int half = SlotWord.half(slots.get(SlotWord.index(page, i)), i);
          highest = Math.max(highest, SlotWord.reuse(half));
        }
      }
    }
    return highest;
  }

  private static long slotPages(long pages) {
    return Math.min(pages, Geometry.MAX_SUB_PAGES_PAGE);
  }

  private void checkpoint() {
    try {
      long next = generation + 1;
      table.words().write(next);
      slots.write(next);
      extents.sealDirty();
      extents.syncSealed();
      byte[] superblock = SuperblockLayout.encode(superblock(next));
      disk.write(extents.header(), 0, superblock, superblock.length);
      disk.sync(extents.header(), 0, superblock.length);
      disk.write(extents.header(), Geometry.BLOCK_BYTES, superblock, superblock.length);
      generation = next;
      journal.restart(next);
    } catch (IOException | RuntimeException | Error e) {
      throw fail(e);
    }
  }

  private Superblock superblock(long ofGeneration) {
    return new Superblock(
        geometry,
        ofGeneration,
        fileId,
        table.pageCount(),
        table.usedCount(),
        reuseFloor,
        table.words().rootEntry(),
        slots.rootEntry(),
        roots);
  }

  PagerException fail(Throwable cause) {
    PagerException e =
        cause instanceof PagerException already
            ? already
            : new PagerIoException("the file cannot be written: " + cause, cause);
    failure = failure == null ? e : failure;
    return e;
  }

  /** Makes everything durable at the end, with a checkpoint unless the last one says it all. */
  void finish() {
    if (failure == null) {
      quietly(() -> {});
    }
  }

  /** Unmaps and closes. Nobody finds a page any more. */
  void close() {
    table.words().detach();
    slots.detach();
    try {
      extents.close();
    } finally {
      closeDisk();
    }
  }

  private void closeDisk() {
    try {
      disk.close();
    } catch (IOException e) {
      throw fail(e);
    }
  }
}
