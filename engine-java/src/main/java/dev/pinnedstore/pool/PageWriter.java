package dev.pinnedstore.pool;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;

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

  /** Held for one batch. Fair: an eviction waits for one batch of a long flush, not for all. */
  private final ReentrantLock lock = new ReentrantLock(true);

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
    Failures failures = new Failures();
    writeAndWait(new long[] {id}, true, failures);
    failures.run(() -> sync(parts.file(id)));
    failures.throwFirst();
  }

  /** Writes all pages that are dirty now and makes all files durable. */
  void flushAll() {
    flushAll(true);
  }

  /** The same when nobody begins anything any more; waits for evictions, but for no guard. */
  void flushFinally() {
    flushAll(false);
  }

  private void flushAll(boolean forGuards) {
    Failures failures = new Failures();
    // Those that another batch has now, too: they are written once it is its turn.
    writeAndWait(
        pages((id, frame) -> has(frame, FrameTable.DIRTY | FrameTable.FLUSHING)),
        forGuards,
        failures);
    syncAll(failures);
    failures.throwFirst();
  }

  /** Returns pages that are held exclusively now, or dirty. */
  long[] unwritten() {
    return pages((id, frame) -> latches.isExclusive(id) || has(frame, FrameTable.DIRTY));
  }

  /**
   * Writes all pages that are dirty now and that nobody holds exclusively, sorted by id, until it
   * is enough; does not sync but for the double-write area.
   *
   * @return batches written
   */
  int writeDirty(Until until) {
    Failures failures = new Failures();
    long[] ids = pages((id, frame) -> has(frame, FrameTable.DIRTY));
    int batches = write(ids, false, until, failures, id -> {});
    failures.throwFirst();
    return batches;
  }

  /**
   * Writes pages that an eviction claimed; those that are dirty afterwards could not be written.
   */
  void writeClaimed(long[] ids) {
    Arrays.sort(ids);
    Failures failures = new Failures();
    var _ = write(ids, true, () -> false, failures, id -> {});
    failures.throwFirst();
  }

  /**
   * Makes durable what was written so far, and returns the smallest recovery LSN of what was not.
   *
   * @return an LSN, or {@link FrameTable#NO_LSN}
   */
  long syncAndFindOldest() {
    lock.lock();
    try {
      Failures failures = new Failures();
      syncAll(failures);
      failures.throwFirst();
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
   * Writes pages, and waits for those that an eviction has, or also a guard; not under the lock,
   * since whoever holds one may wait for a frame, and that for the lock.
   */
  private void writeAndWait(long[] ids, boolean forGuards, Failures failures) {
    long deadline = System.nanoTime() + parts.config.latchTimeout().toNanos();
    for (long[] left = ids; left.length > 0; ) {
      LongStream.Builder held = LongStream.builder();
      var _ = write(left, false, () -> false, failures, held);
      left = held.build().filter(id -> await(id, deadline, forGuards, failures)).toArray();
    }
  }

  /** Waits until a page can be written; false if that is not to be awaited, or took too long. */
  private boolean await(long id, long deadline, boolean forGuards, Failures failures) {
    return failures.run(() -> latches.awaitSettled(id, deadline))
        && (forGuards
            ? failures.run(() -> latches.awaitPinnable(id, deadline))
            : latches.isPinnable(id));
  }

  /**
   * Writes pages batch by batch; what cannot be written stops nothing else.
   *
   * @param held receives pages that others have, which alone may use them
   * @return batches written
   */
  private int write(
      long[] ids, boolean claimed, Until until, Failures failures, LongConsumer held) {
    int batches = 0;
    for (int next = 0; next < ids.length && !until.isEnough(); ) {
      int end = next;
      lock.lock();
      try {
        batch.begin(parts.file(ids[next]));
        while (end < ids.length && !batch.isFull() && batch.isOf(ids[end])) {
          if (!take(ids[end], claimed)) {
            held.accept(ids[end]);
          }
          end++;
        }
        batches += batch.isEmpty() ? 0 : 1;
        failures.run(batch::write);
      } finally {
        batch.end();
        lock.unlock();
      }
      next = end;
    }
    return batches;
  }

  /** Puts a page into the batch if it is dirty; false if others have it. */
  private boolean take(long id, boolean claimed) {
    long[] words = parts.table.find(id);
    if (words == null) {
      return true;
    }
    int slot = PageTable.slot(id);
    long word = latches.tryPin(words, slot);
    int frame = PageWordLayout.frame(word);
    if (PageWordLayout.canPin(word)) {
      try {
        batch.add(id, frame);
      } finally {
        latches.unpin(id, words, slot);
      }
      return true;
    }
    if (claimed) {
      batch.add(id, frame);
      return true;
    }
    // A busy page belongs to whoever claimed it: its frame may be another page's at any moment.
    return PageWordLayout.latch(word) == PageWordLayout.ABSENT;
  }

  private void syncAll(Failures failures) {
    for (PoolFile file : parts.files) {
      failures.run(() -> sync(file));
    }
  }

  private void sync(PoolFile file) {
    try {
      file.sync(file.storage);
    } catch (IOException | RuntimeException e) {
      throw parts.failure("cannot make " + file.storage + " durable", e);
    }
  }

  private boolean has(int frame, int flags) {
    return (parts.frames.flags(frame) & flags) != 0;
  }

  /** A choice of pages. */
  @FunctionalInterface
  private interface Choice {
    boolean takes(long id, int frame);
  }

  /** Returns some of the pages that are in frames, sorted. */
  private long[] pages(Choice choice) {
    LongStream.Builder ids = LongStream.builder();
    for (int frame = 0; frame < parts.frames.count; frame++) {
      long id = parts.frames.pageId(frame);
      if (id != EvictionPolicy.NO_PAGE && choice.takes(id, frame)) {
        ids.add(id);
      }
    }
    return ids.build().sorted().toArray();
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
