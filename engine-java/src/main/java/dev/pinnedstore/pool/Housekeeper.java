package dev.pinnedstore.pool;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread of a pool: keeps a reserve of free frames, and writes dirty pages when too many frames
 * are dirty, when the interval has passed, and when the oldest change lies too far back in the log.
 * A daemon. What it cannot write stays dirty; it logs the first failure in a row, and tries again.
 */
final class Housekeeper implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger("dev.pinnedstore");

  /** How far below the threshold it writes, so that it is not called again at once. */
  private static final double ENOUGH = 0.8;

  private static final long LOG_CHECK_NANOS = 100_000_000;

  private final PoolParts parts;
  private final FrameSupply supply;
  private final PageWriter writer;
  private final AtomicBoolean called = new AtomicBoolean();
  private final Thread thread;
  private volatile boolean ended;
  private boolean hasFailed;
  private long nextFlush;

  Housekeeper(PoolParts parts, FrameSupply supply, PageWriter writer) {
    this.parts = parts;
    this.supply = supply;
    this.writer = writer;
    this.thread = Thread.ofPlatform().daemon().name("pinnedstore-pool").unstarted(this::run);
  }

  void start() {
    nextFlush = System.nanoTime() + parts.config.flushInterval().toNanos();
    supply.onLow(this::call);
    thread.start();
  }

  /** Makes it look now. Cheap when it was called already. */
  void call() {
    if (!called.get() && called.compareAndSet(false, true)) {
      LockSupport.unpark(thread);
    }
  }

  boolean isTooDirty() {
    return parts.counters.dirtyFrames.get() > parts.config.dirtyThreshold() * parts.frames.count;
  }

  private void run() {
    while (!ended) {
      if (!called.compareAndSet(true, false)) {
        LockSupport.parkNanos(this, pause());
        // Whoever interrupts it means nothing by it, and the next park would not wait.
        var _ = Thread.interrupted();
      }
      try {
        work();
        hasFailed = false;
      } catch (RuntimeException | Error e) {
        if (!hasFailed) {
          hasFailed = true;
          LOGGER.log(
              Level.WARNING, "a buffer pool could not write in the background; it goes on", e);
        }
        nextFlush = System.nanoTime() + parts.config.flushInterval().toNanos();
      }
    }
  }

  private long pause() {
    long untilFlush = Math.max(nextFlush - System.nanoTime(), 1000);
    return parts.config.maxLogAge() == Long.MAX_VALUE
        ? untilFlush
        : Math.min(untilFlush, LOG_CHECK_NANOS);
  }

  private void work() {
    supply.refill();
    if (nextFlush - System.nanoTime() <= 0) {
      flush(() -> ended);
      nextFlush = System.nanoTime() + parts.config.flushInterval().toNanos();
    } else if (isTooDirty()) {
      double enough = ENOUGH * parts.config.dirtyThreshold() * parts.frames.count;
      flush(() -> ended || supply.isLow() || parts.counters.dirtyFrames.get() <= enough);
    } else if (isLogTooOld()) {
      flush(() -> ended || !isLogTooOld());
    }
  }

  private boolean isLogTooOld() {
    if (parts.config.maxLogAge() == Long.MAX_VALUE) {
      return false;
    }
    long oldest = writer.oldestRecoveryLsn();
    return oldest != FrameTable.NO_LSN
        && parts.counters.newestLsn.get() - oldest > parts.config.maxLogAge();
  }

  private void flush(PageWriter.Until until) {
    parts.counters.backgroundFlushes.add(writer.writeDirty(until));
  }

  /** Ends the thread and waits for it. */
  @Override
  public void close() {
    ended = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
