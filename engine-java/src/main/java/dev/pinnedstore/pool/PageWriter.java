package dev.pinnedstore.pool;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;

/**
 * Writes dirty pages back in batches: takes copies of pages under a shared pin, so that nobody
 * waits for the device; waits for the log; writes the batch to the double-write area and makes it
 * durable, if there is one; writes the pages to their places, those side by side in one piece; and
 * makes them durable.
 *
 * <p>Two batches take turns: while one is written, the next one is filled. Where there is no
 * double-write area it is also begun to be written, so that the device never waits.
 *
 * <p>A page that is taken is clean and flushing from before it is copied, so a change that comes
 * later makes it dirty again, and stays. Until its write has ended it cannot leave its frame, where
 * alone its bytes are. A write that fails makes it dirty again.
 */
final class PageWriter implements AutoCloseable {
  private final PoolParts parts;
  private final PageLatches latches;

  /** The batch that is filled or was started last; the other one is finished, or under way. */
  private WriteBatch batch;

  private WriteBatch other;

  /**
   * Held until no batch is under way, which is after one or two if somebody waits for it. Fair: an
   * eviction waits for these, not for the whole of a long flush.
   */
  private final ReentrantLock lock = new ReentrantLock(true);

  PageWriter(PoolParts parts, PageLatches latches) {
    this.parts = parts;
    this.latches = latches;
    this.batch = new WriteBatch(parts);
    this.other = secondBatch(parts);
  }

  private WriteBatch secondBatch(PoolParts of) {
    boolean done = false;
    try {
      WriteBatch second = new WriteBatch(of);
      done = true;
      return second;
    } finally {
      if (!done) {
        batch.close();
      }
    }
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

  /**
   * Returns pages that are held exclusively now, or dirty, or were written and not made durable.
   */
  long[] unwritten() {
    return pages(
        (id, frame) ->
            latches.isExclusive(id) || has(frame, FrameTable.DIRTY) || parts.isUnsynced(id, frame));
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
      lock.lock();
      try {
        do {
          swapBatches();
          next = fill(ids, next, claimed, held);
          batches += batch.isEmpty() ? 0 : 1;
          if (batch.isAlone()) {
            failures.run(other::finish);
          }
          failures.run(batch::start);
          failures.run(other::finish);
        } while (next < ids.length && !until.isEnough() && !lock.hasQueuedThreads());
      } catch (IllegalStateException e) {
        // Its memory is gone.
        throw parts.isGone ? new BufferPoolClosedException() : e;
      } finally {
        endAndUnlock(failures);
      }
    }
    return batches;
  }

  private void swapBatches() {
    WriteBatch last = batch;
    batch = other;
    other = last;
  }

  /** Fills the batch with pages of one file; returns how many of all pages it saw by now. */
  private int fill(long[] ids, int from, boolean claimed, LongConsumer held) {
    int next = from;
    batch.begin(parts.file(ids[from]));
    while (next < ids.length && !batch.isFull() && batch.isOf(ids[next])) {
      if (!take(ids[next], claimed)) {
        held.accept(ids[next]);
      }
      next++;
    }
    return next;
  }

  /** Whatever was thrown: nobody else may use a batch that is under way. */
  private void endAndUnlock(Failures failures) {
    try {
      failures.run(other::finish);
    } finally {
      try {
        failures.run(batch::finish);
      } finally {
        lock.unlock();
      }
    }
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
      long[] lost = pages((id, frame) -> parts.file(id) == file && parts.isUnsynced(id, frame));
      throw parts.failure(
          "cannot make "
              + file.storage
              + " durable"
              + (lost.length == 0 ? "" : ", nor page(s) " + Arrays.toString(lost) + " in it"),
          e);
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
    // A page that leaves and comes back meanwhile may be seen in two frames.
    return ids.build().sorted().distinct().toArray();
  }

  @Override
  public void close() {
    lock.lock();
    try {
      batch.close();
      other.close();
    } finally {
      lock.unlock();
    }
  }
}
