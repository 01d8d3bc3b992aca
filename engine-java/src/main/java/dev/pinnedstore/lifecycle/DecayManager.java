package dev.pinnedstore.lifecycle;

import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.StorageBackend;

/**
 * Decides when an empty page goes back to the operating system.
 *
 * <p>A page goes once it has been empty for the decay timeout, counted from its last
 * acknowledgement. Looking for such pages walks the ready ones, so a thread that polls quickly
 * looks sixteen times per timeout at most; a cycle by hand always looks. A cycle of the thread
 * gives back at most {@link #MOST_BYTES}, so that a large release is spread over cycles. Used by
 * one cycle at a time.
 */
final class DecayManager {
  /** The most that one cycle of the thread gives back, in bytes. */
  static final long MOST_BYTES = 256L << 20;

  private static final int LOOKS_PER_TIMEOUT = 16;

  private final StorageBackend backend;
  private final CoarseClock clock;
  private final long timeoutNanos;
  private long lastNanos;

  DecayManager(StorageBackend backend, CoarseClock clock, long timeoutNanos) {
    this.backend = backend;
    this.clock = clock;
    this.timeoutNanos = timeoutNanos;
    this.lastNanos = clock.nanos();
  }

  /** Whether this cycle looks for idle pages, see above. */
  boolean isDue(boolean byHand) {
    long now = clock.nanos();
    boolean due = byHand || now - lastNanos >= timeoutNanos / LOOKS_PER_TIMEOUT;
    lastNanos = due ? now : lastNanos;
    return due;
  }

  /** Takes out of use what writers left alone for the timeout. */
  void sealIdle() {
    backend.sealIdle(clock.nanos() - timeoutNanos);
  }

  /** Gives back what has been empty for the timeout and returns how many pages. */
  int giveBack(boolean byHand) {
    int atMost =
        byHand
            ? Integer.MAX_VALUE
            : (int) Math.min(Integer.MAX_VALUE, Math.max(1, MOST_BYTES / backend.pageBytes()));
    return backend.giveBack(clock.nanos() - timeoutNanos, atMost);
  }
}
