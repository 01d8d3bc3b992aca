package dev.pinnedstore.pool;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes dirty pages back, one batch at a time: takes copies of pages under a shared pin, so that
 * nobody waits for the device; waits for the log; writes the batch to the double-write area and
 * makes it durable, if there is one; writes the pages to their places, those side by side in one
 * piece; and makes them durable.
 *
 * <p>A page that is taken is clean and flushing from before it is copied, so a change that comes
 * later makes it dirty again, and stays. Until its write has ended it cannot leave its frame, where
 * alone its bytes are. A write that fails makes it dirty again.
 */
final class PageWriter implements AutoCloseable {
  private final PoolParts parts;
  private final PageLatches latches;
  private final WriteBatch batch;
  private final ReentrantLock lock = new ReentrantLock();

  /** Pages that the last round left, since somebody else alone may use them; under the lock. */
  private long[] held = new long[8];

  private int heldCount;

  PageWriter(PoolParts parts, PageLatches latches) {
    this.parts = parts;
    this.latches = latches;
    this.batch = new WriteBatch(parts);
  }

  /** Goes on while it says so. */
  @FunctionalInterface
  interface Until {
    boolean isEnough();
  }

  /** Writes one page if it is dirty, and makes its file durable. */
  void flush(long id) {
    writeAndWait(new long[] {id}, true);
    sync(parts.file(id));
  }

  /** Writes all pages that are dirty now and makes all files durable. */
  void flushAll() {
    BufferPoolException failure = null;
    try {
      writeAndWait(dirty(), true);
    } catch (BufferPoolException e) {
      failure = e;
    }
    failure = syncAll(failure);
    if (failure != null) {
      throw failure;
    }
  }

  /** The same when nobody begins anything any more; waits for evictions, but for no guard. */
  void flushFinally() {
    BufferPoolException failure = null;
    try {
      writeAndWait(dirty(), false);
    } catch (BufferPoolException e) {
      failure = e;
    }
    failure = syncAll(failure);
    if (failure != null) {
      throw failure;
    }
  }

  /** Returns pages that are held exclusively now, or dirty. */
  long[] unwritten() {
    return pages(
        (id, frame) -> {
          long[] words = parts.table.get(id);
          long word = PageWordLayout.get(words, PageTable.slot(id));
          return PageWordLayout.latch(word) == PageWordLayout.EXCLUSIVE || isDirty(frame);
        });
  }

  /**
   * Writes all pages that are dirty now and that nobody holds exclusively, sorted by id, until it
   * is enough; does not sync but for the double-write area.
   *
   * @return batches written
   */
  int writeDirty(Until until) {
    lock.lock();
    try {
      return write(dirty(), false, until);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes pages that an eviction claimed; those that are dirty afterwards could not be written.
   */
  void writeClaimed(long[] ids) {
    lock.lock();
    try {
      Arrays.sort(ids);
      var _ = write(ids, true, () -> false);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes durable what was written so far, and returns the smallest recovery LSN of what was not.
   *
   * @return an LSN, or {@link FrameTable#NO_LSN}
   */
  long syncAndFindOldest() {
    lock.lock();
    try {
      BufferPoolException failure = syncAll(null);
      if (failure != null) {
        throw failure;
      }
      return oldestRecoveryLsn();
    } finally {
      lock.unlock();
    }
  }

  /** Returns the smallest recovery LSN of all frames, but for those being written. */
  long oldestRecoveryLsn() {
    long oldest = FrameTable.NO_LSN;
    for (int frame = 0; frame < parts.frames.count; frame++) {
      oldest = Math.min(oldest, parts.frames.recoveryLsn(frame));
    }
    return oldest;
  }

  /**
   * Writes pages, and waits for those that an eviction has, or somebody else if asked to; not under
   * the lock, since whoever holds one may wait for a frame, and that for the lock.
   */
  private void writeAndWait(long[] ids, boolean forGuards) {
    long deadline = System.nanoTime() + parts.config.latchTimeout().toNanos();
    for (long[] left = ids; left.length > 0; ) {
      lock.lock();
      try {
        var _ = write(left, false, () -> false);
        left = held(forGuards);
      } finally {
        lock.unlock();
      }
      for (long id : left) {
        latches.awaitSettled(id, deadline);
        if (forGuards) {
          latches.awaitNotExclusive(id, deadline);
        }
      }
    }
  }

  /** Returns the pages that the last round left. */
  private long[] held(boolean byGuards) {
    return Arrays.stream(held, 0, heldCount)
        .filter(id -> byGuards || !latches.isExclusive(id))
        .toArray();
  }

  /** Writes a round of pages; returns how many batches. */
  private int write(long[] ids, boolean claimed, Until until) {
    int batches = 0;
    heldCount = 0;
    BufferPoolException failure = null;
    for (int next = 0; next < ids.length && !until.isEnough(); ) {
      int end = next;
      try {
        batch.begin(parts.file(ids[next]));
        while (end < ids.length && !batch.isFull() && batch.isOf(ids[end])) {
          take(ids[end++], claimed);
        }
        batches += batch.isEmpty() ? 0 : 1;
        batch.write();
      } catch (BufferPoolException e) {
        // What cannot be written stops nothing else.
        failure = first(failure, e);
      } finally {
        batch.end();
      }
      next = end;
    }
    if (failure != null) {
      throw failure;
    }
    return batches;
  }

  private void take(long id, boolean claimed) {
    long[] words = parts.table.find(id);
    if (words == null) {
      return;
    }
    int slot = PageTable.slot(id);
    long word = latches.pinIfResident(words, slot);
    int frame = PageWordLayout.frame(word);
    switch (PageWordLayout.latch(word)) {
      case PageWordLayout.ABSENT -> {}
      case PageWordLayout.EXCLUSIVE -> hold(id);
      case PageWordLayout.BUSY -> {
        // Only whoever claimed it: any other may free the frame at any moment.
        if (claimed) {
          batch.add(id, frame);
        } else {
          hold(id);
        }
      }
      default -> {
        try {
          batch.add(id, frame);
        } finally {
          latches.unpin(id, words, slot);
        }
      }
    }
  }

  private void hold(long id) {
    if (heldCount == held.length) {
      held = Arrays.copyOf(held, 2 * heldCount);
    }
    held[heldCount++] = id;
  }

  private @Nullable BufferPoolException syncAll(@Nullable BufferPoolException before) {
    BufferPoolException failure = before;
    for (PoolFile file : parts.files) {
      try {
        sync(file);
      } catch (PageIoException e) {
        failure = first(failure, e);
      }
    }
    return failure;
  }

  private void sync(PoolFile file) {
    try {
      file.sync(file.storage);
    } catch (IOException | RuntimeException e) {
      throw new PageIoException("cannot make " + file.storage + " durable: " + e.getMessage(), e);
    }
  }

  private long[] dirty() {
    return pages((id, frame) -> isDirty(frame));
  }

  private boolean isDirty(int frame) {
    return (parts.frames.flags(frame) & FrameTable.DIRTY) != 0;
  }

  /** A choice of pages. */
  @FunctionalInterface
  private interface Choice {
    boolean takes(long id, int frame);
  }

  /** Returns some of the pages that are in frames, sorted. */
  private long[] pages(Choice choice) {
    long[] ids = new long[16];
    int count = 0;
    for (int frame = 0; frame < parts.frames.count; frame++) {
      long id = parts.frames.pageId(frame);
      if (id != EvictionPolicy.NO_PAGE && choice.takes(id, frame)) {
        if (count == ids.length) {
          ids = Arrays.copyOf(ids, 2 * count);
        }
        ids[count++] = id;
      }
    }
    ids = Arrays.copyOf(ids, count);
    Arrays.sort(ids);
    return ids;
  }

  private static BufferPoolException first(
      @Nullable BufferPoolException failure, BufferPoolException next) {
    if (failure == null) {
      return next;
    }
    failure.addSuppressed(next);
    return failure;
  }

  @Override
  public void close() {
    lock.lock();
    try {
      batch.close();
    } finally {
      lock.unlock();
    }
  }
}
