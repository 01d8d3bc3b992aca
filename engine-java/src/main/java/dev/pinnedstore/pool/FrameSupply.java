package dev.pinnedstore.pool;

import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Finds a frame for a page: a free one, or that of a page that leaves. Clean victims leave at once,
 * dirty ones once they are written; one that cannot be written stays, and a clean one leaves
 * instead.
 */
final class FrameSupply {
  /** Pages that the pool's thread makes leave at once. */
  private static final int GROUP = 64;

  /** Pages that others make leave at once, in a large pool. */
  private static final int SMALL_GROUP = 16;

  /** Searches that may give only pages that cannot be written. */
  private static final int ATTEMPTS = 8;

  private static final long LONGEST_PAUSE_NANOS = 1_000_000;

  private final PoolParts parts;
  private final Replacement replacement;
  private final PageWriter writer;

  /** Free frames that the pool's thread sees to; 0 for none, in a small pool. */
  private final int reserve;

  /** Pages that whoever finds no free frame makes leave; 1 in a small pool. */
  private final int group;

  private volatile Runnable alarm = () -> {};

  FrameSupply(PoolParts parts, Replacement replacement, PageWriter writer) {
    this.parts = parts;
    this.replacement = replacement;
    this.writer = writer;
    int frames = parts.config.frames();
    this.reserve = parts.config.backgroundFlush() ? Math.min(frames / 128, 1024) : 0;
    this.group = Math.clamp(frames / 64, 1, SMALL_GROUP);
  }

  /** Sets who is told when the reserve runs low. */
  void onLow(Runnable listener) {
    alarm = listener;
  }

  /**
   * Takes a frame, clear, and waits for one if need be.
   *
   * @throws PoolExhaustedException if there is none in time
   * @throws BufferPoolException what writing the only victims gave
   */
  int take() {
    int frame = takeNow(false);
    return frame == FreeFrames.NONE ? await() : frame;
  }

  private int await() {
    long start = System.nanoTime();
    boolean interrupted = false;
    try {
      for (long pause = 1000; ; pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS)) {
        if (parts.closed || isTooLate(System.nanoTime() - start)) {
          throw refusal();
        }
        // Whoever unpins wakes nobody: the last pin of some page is no news on the hit path.
        LockSupport.parkNanos(pause);
        // A pending interrupt would end each pause at once.
        interrupted |= Thread.interrupted();
        int frame = takeNow(false);
        if (frame != FreeFrames.NONE) {
          return frame;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Pins are waited for shortly, pages on their way from or to storage as long as for a latch. */
  private boolean isTooLate(long waited) {
    return waited >= parts.config.pinTimeout().toNanos()
        && (waited >= parts.config.latchTimeout().toNanos() || pinned() == parts.frames.count);
  }

  private RuntimeException refusal() {
    if (parts.closed) {
      return new BufferPoolClosedException();
    }
    PoolEvents.PoolExhausted event = new PoolEvents.PoolExhausted();
    event.end(EvictionPolicy.NO_PAGE, parts.frames.count, parts.config.pageSize());
    parts.counters.exhaustions.increment();
    return new PoolExhaustedException(
        parts.frames.count, pinned(), parts.config.pinTimeout().toMillis(), parts.openGuards());
  }

  /** Takes a frame if one is free or can be made so at once. */
  int takeNow(boolean cleanOnly) {
    int frame = parts.free.take();
    if (reserve > 0 && parts.free.count() < reserve / 2) {
      alarm.run();
    }
    while (frame == FreeFrames.NONE) {
      int evicted = evict(group, cleanOnly, 0);
      frame = parts.free.take();
      if (evicted == 0) {
        // None can leave, or another thread was faster.
        return frame;
      }
    }
    return frame;
  }

  /** Makes pages leave until there are as many free frames as wanted; for the pool's thread. */
  void refill() {
    while (parts.free.count() < reserve && !parts.closed) {
      int evicted;
      try {
        int most = Math.clamp(reserve - parts.free.count(), 1, GROUP);
        evicted = evict(most, false, reserve);
      } catch (BufferPoolException e) {
        // Whoever needs the frame meets it again, and is told.
        return;
      }
      if (evicted == 0) {
        return;
      }
    }
  }

  boolean isLow() {
    return parts.free.count() < reserve / 2;
  }

  /**
   * Makes pages leave. Where those that should go first cannot be written, others do: a few tries
   * with what comes next, and then clean ones only.
   */
  private int evict(int most, boolean cleanOnly, int freeBefore) {
    @Nullable BufferPoolException failure = null;
    for (int attempt = 0; attempt <= ATTEMPTS; attempt++) {
      try {
        int evicted = evictOnce(most, cleanOnly || attempt == ATTEMPTS, freeBefore);
        if (evicted > 0 || failure == null) {
          return evicted;
        }
        break;
      } catch (BufferPoolException e) {
        failure = failure == null ? e : failure;
      }
    }
    throw Objects.requireNonNull(failure);
  }

  private int evictOnce(int most, boolean cleanOnly, int freeBefore) {
    long[] victims = new long[most];
    int claimed = replacement.claim(victims, most, cleanOnly, freeBefore);
    if (claimed == 0) {
      return 0;
    }
    // Clean ones wait for no write.
    int dirty = free(victims, claimed);
    int evicted = claimed - dirty;
    if (dirty == 0) {
      return evicted;
    }
    long[] written = Arrays.copyOf(victims, dirty);
    BufferPoolException failure = null;
    try {
      writer.writeClaimed(written);
    } catch (BufferPoolException e) {
      failure = e;
    } finally {
      int left = free(written, dirty);
      replacement.putBack(written, left);
      evicted += dirty - left;
    }
    if (evicted == 0 && failure != null) {
      throw failure;
    }
    return evicted;
  }

  private boolean isDirty(int frame) {
    return (parts.frames.flags(frame) & FrameTable.DIRTY) != 0;
  }

  private int frame(long id) {
    return PageWordLayout.frame(PageWordLayout.get(parts.table.get(id), PageTable.slot(id)));
  }

  /** Frees the frames of claimed pages that are clean; leaves the others, and returns how many. */
  private int free(long[] victims, int claimed) {
    int left = 0;
    for (int i = 0; i < claimed; i++) {
      long id = victims[i];
      int frame = frame(id);
      if (isDirty(frame)) {
        victims[left++] = id;
      } else {
        noteUnread(id, frame);
        parts.frames.clear(frame);
        parts.publish(parts.table.get(id), PageTable.slot(id), id, PageWordLayout::absent);
        parts.free.give(frame);
        parts.counters.evictions.increment();
      }
    }
    return left;
  }

  private void noteUnread(long id, int frame) {
    if ((parts.frames.flags(frame) & FrameTable.AHEAD) != 0) {
      parts.counters.aheadUnused.increment();
      parts.file(id).streams.wasted();
    }
  }

  /** Gives a frame back that was taken. */
  void give(int frame) {
    if (isDirty(frame)) {
      // Restored, and not let in.
      parts.counters.dirtyFrames.decrementAndGet();
    }
    parts.frames.clear(frame);
    parts.free.give(frame);
  }

  int pinned() {
    int pinned = 0;
    for (int frame = 0; frame < parts.frames.count; frame++) {
      long id = parts.frames.pageId(frame);
      long[] words = id == EvictionPolicy.NO_PAGE ? null : parts.table.find(id);
      if (words != null) {
        int latch = PageWordLayout.latch(PageWordLayout.get(words, PageTable.slot(id)));
        pinned += latch > PageWordLayout.RESIDENT && latch != PageWordLayout.BUSY ? 1 : 0;
      }
    }
    return pinned;
  }
}
