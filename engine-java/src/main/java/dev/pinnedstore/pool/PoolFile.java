package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.AlignedBuffer;
import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One file of a pool: its storage, its double-write area, and whether a sync failed. */
final class PoolFile {
  /** Reads in a row that may be short. */
  private static final int READS = 8;

  final int number;
  final PageStorage storage;
  final @Nullable PageStorage area;
  final ReadAheadStreams streams;
  private final int pageBytes;

  /** The page number that {@code newPage} gives next. */
  private final AtomicLong nextPage;

  private volatile @Nullable IOException poison;

  /** Begins anew with each sync. */
  private volatile int epoch = 1;

  /** The last epoch of which all that was written is durable. */
  private volatile int durableEpoch;

  /**
   * Whether a batch did not come whole to its places, of which the area then has the only good
   * copies; under the writer's lock.
   */
  boolean isTorn;

  /** Opens storage. */
  @FunctionalInterface
  interface Source {
    PageStorage open() throws IOException;
  }

  PoolFile(int number, PageStorage storage, @Nullable PageStorage area, BufferPoolConfig config)
      throws IOException {
    this.number = number;
    this.storage = storage;
    this.area = area;
    this.pageBytes = config.pageSize();
    this.nextPage = new AtomicLong((storage.size() + pageBytes - 1) / pageBytes);
    int window = Math.min(config.readAhead(), config.frames() / 4);
    this.streams = new ReadAheadStreams(window);
  }

  /** Returns the number of a page behind all others. */
  long takePage() {
    long page = nextPage.getAndIncrement();
    if (page > PageIds.MAX_PAGE_NUMBER) {
      nextPage.set(PageIds.MAX_PAGE_NUMBER + 1);
      throw new PageIoException("file " + number + ": has as many pages as it may have", null);
    }
    return page;
  }

  /** Notes that a page is used, so that it is not given as a new one. */
  void touch(long page) {
    if (page >= nextPage.get()) {
      nextPage.accumulateAndGet(page + 1, Math::max);
    }
  }

  long pages() {
    return nextPage.get();
  }

  long position(long page) {
    return page * pageBytes;
  }

  /** Refuses all use once a sync has failed. */
  void checkUsable() throws IOException {
    IOException failed = poison;
    if (failed != null) {
      throw new IOException(
          "an earlier sync of " + storage + " failed: " + failed.getMessage(), failed);
    }
  }

  boolean isPoisoned() {
    return poison != null;
  }

  /** Ends the use of the file. */
  void poison(IOException reason) {
    poison = reason;
  }

  /**
   * Returns the epoch in which a write falls that has just ended. The next sync that begins makes
   * it durable.
   */
  int epoch() {
    return epoch;
  }

  /** Whether what was written in an epoch is not durable, and will not be. */
  boolean isLost(int written) {
    return isPoisoned()
        && written != FrameTable.DURABLE
        && FrameTable.isAfter(written, durableEpoch);
  }

  /**
   * Makes durable what was written; once that has failed, all use fails. One at a time: the system
   * tells of a failure once, and nobody may take the next success for his own.
   */
  synchronized void sync(PageStorage part) throws IOException {
    checkUsable();
    int covered = epoch;
    epoch = covered + 1;
    try {
      part.sync();
      if (part.equals(storage)) {
        durableEpoch = covered;
      }
    } catch (ClosedChannelException e) {
      // Nothing is known to be lost.
      throw e;
    } catch (IOException | RuntimeException | Error e) {
      poison(e instanceof IOException io ? io : new IOException(e.toString(), e));
      throw e;
    }
  }

  /**
   * Reads until memory is full or the file ends; returns the bytes read. Again where there are more
   * bytes by now: the file may have grown meanwhile, by other pages.
   */
  static long read(PageStorage from, IoSlice target, long position) throws IOException {
    long read = 0;
    for (int attempt = 0; attempt < READS; attempt++) {
      read = Math.max(0, from.read(List.of(target), position));
      if (read >= target.capacity() || position + read >= from.size()) {
        return read;
      }
    }
    throw new IOException(
        read + " bytes were read at " + position + ", of " + target.capacity() + " that there are");
  }

  /** Writes what the area has to its places, if these were not written whole. */
  void mend() throws IOException {
    if (isTorn) {
      var _ = recover(false);
      isTorn = false;
    }
  }

  /**
   * Repairs what a crash tore: pages of the last batch that are damaged in their places come from
   * the double-write area. The area stays as it is, so that a crash meanwhile loses nothing.
   *
   * @return how many pages were restored
   */
  int recover(boolean checksums) throws IOException {
    PageStorage from = area;
    if (from == null || from.size() < 2L * pageBytes) {
      return 0;
    }
    if (storage.size() == 0) {
      // No page came to its place, so none is torn; or the area is left from another file.
      clearArea();
      return 0;
    }
    int restored = 0;
    try (AlignedBuffer first = AlignedBuffer.shared(pageBytes)) {
      var _ = read(from, first.slice(), 0);
      int pages = DoubleWriteLayout.pages(first.segment(), pageBytes);
      if (pages == 0) {
        return 0;
      }
      int header = DoubleWriteLayout.headerBytes(pages, pageBytes);
      try (AlignedBuffer batch = AlignedBuffer.shared(header + (long) pages * pageBytes)) {
        long read = read(from, batch.slice(), 0);
        if (read == batch.capacity() && DoubleWriteLayout.isWhole(batch.segment(), pages)) {
          restored = restore(batch, header, pages, checksums, first.slice());
        }
      }
    }
    if (restored > 0) {
      sync(storage);
      touch((storage.size() + pageBytes - 1) / pageBytes - 1);
    }
    return restored;
  }

  private int restore(AlignedBuffer batch, int header, int pages, boolean checksums, IoSlice place)
      throws IOException {
    int restored = 0;
    for (int i = 0; i < pages; i++) {
      IoSlice page = batch.slice().slice(header + (long) i * pageBytes, pageBytes);
      long number = DoubleWriteLayout.pageNumber(batch.segment(), i);
      boolean named = number >= 0 && number <= PageIds.MAX_PAGE_NUMBER;
      if (!named || !DoubleWriteLayout.isWhole(batch.segment(), i, page.segment())) {
        // Never whole, so no page of the batch was begun in its place.
        continue;
      }
      if (!checksums || isDamaged(number, place)) {
        long written = storage.write(List.of(page), position(number));
        if (written != pageBytes) {
          throw new IOException("page " + number + " was not written whole");
        }
        restored++;
      }
    }
    return restored;
  }

  private boolean isDamaged(long number, IoSlice place) throws IOException {
    place.memory().fill((byte) 0);
    var _ = read(storage, place, position(number));
    return !PageTrailerLayout.fault(place.memory(), number).isEmpty();
  }

  /** Says that the area has nothing to tell: all of it is durable in its places. */
  void clearArea() throws IOException {
    PageStorage to = area;
    if (to != null && to.size() > 0 && !isPoisoned()) {
      try (AlignedBuffer zeros = AlignedBuffer.shared(pageBytes)) {
        to.write(List.of(zeros.slice()), 0);
        sync(to);
      }
    }
  }
}
