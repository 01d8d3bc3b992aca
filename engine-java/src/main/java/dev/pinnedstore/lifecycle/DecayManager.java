package dev.pinnedstore.lifecycle;

import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.StorageBackend;

/**
 * Decides when an empty page goes back to the operating system.
 *
 * <p>A page goes once it has been empty for the decay timeout, counted from its last
 * acknowledgement. Looking for such pages walks the ready ones, so a thread that polls quickly
 * looks sixteen times per timeout at most, that of decay or of expiry, whichever is shorter; a
 * cycle by hand always looks. A cycle of the thread gives back at most {@link #MOST_BYTES}, so that
 * a large release is spread over cycles, {@link #PAUSE_NANOS} apart until it is done. Used by one
 * cycle at a time.
 */
final class DecayManager {
  /** The most that one cycle of the thread gives back, in bytes. */
  static final long MOST_BYTES = 256L << 20;

  /** Between two cycles that give back a part each, in nanoseconds. */
  static final long PAUSE_NANOS = 20_000_000;

  private static final int LOOKS_PER_TIMEOUT = 16;

  private final StorageBackend backend;
  private final CoarseClock clock;
  private final long timeoutNanos;
  private final long lookNanos;
  private long lastNanos;
  private boolean hasMore;

  /**
   * Creates a manager.
   *
   * @param timeoutNanos how long a page stays empty
   * @param ttlNanos how long blobs live; zero when they do not expire
   */
  DecayManager(StorageBackend backend, CoarseClock clock, long timeoutNanos, long ttlNanos) {
    this.backend = backend;
    this.clock = clock;
    this.timeoutNanos = timeoutNanos;
    long shorter = ttlNanos > 0 ? Math.min(timeoutNanos, ttlNanos) : timeoutNanos;
    this.lookNanos = shorter / LOOKS_PER_TIMEOUT;
    this.lastNanos = clock.nanos();
  }

  /** Whether this cycle looks for idle pages, see above. */
  boolean isDue(boolean byHand) {
    long now = clock.nanos();
    boolean due = byHand || hasMore || now - lastNanos >= lookNanos;
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
    int count = backend.giveBack(clock.nanos() - timeoutNanos, atMost);
    hasMore = count == atMost;
    return count;
  }

  /** When the next cycle should run at the latest, in nanoseconds from now. */
  double wantedPauseNanos() {
    return hasMore ? PAUSE_NANOS : Double.POSITIVE_INFINITY;
  }
}
