package dev.pinnedstore.lifecycle;

import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.StorageBackend;

/**
 * Decides when the next page is made ready, and how many.
 *
 * <p>The floor: once a page is filled to the prefetch threshold, the next one is ready. Beyond it,
 * with
 *
 * <ul>
 *   <li>F, the time in which writers fill one page more than come back emptied,
 *   <li>M, the time in which a page is made ready,
 *   <li>P, the time from one cycle to the next,
 * </ul>
 *
 * <p>writers take (M + P) / F pages between the moment at which one is missing and the moment at
 * which it is there. Twice that many are kept ready, since F, M and P are averages: floor(2 (M + P)
 * / F), at most {@link #AHEAD_BYTES}. F is averaged over some {@value #AVERAGE_NANOS} ns, since
 * emptied pages come back in groups. When writers slow down, or as many pages come back as are
 * filled, F grows and the floor is left. When nothing was written since the last cycle, nothing is
 * made. Used by one cycle at a time.
 */
final class GrowthController {
  /** The most that is kept ready beyond the floor, in bytes. */
  static final long AHEAD_BYTES = 64L << 20;

  private static final long AVERAGE_NANOS = 10_000_000;

  /** A cycle makes no more pages once it has lasted so long, so that it can recycle others. */
  private static final long LONGEST_NANOS = 5_000_000;

  private final StorageBackend backend;
  private final CoarseClock clock;
  private final double threshold;
  private double lastFilled;
  private long lastReused;
  private long lastNanos;
  private double filledPerNano;
  private double netPerNano;
  private double makeNanos;

  GrowthController(StorageBackend backend, CoarseClock clock, double threshold) {
    this.backend = backend;
    this.clock = clock;
    this.threshold = threshold;
    this.lastNanos = clock.nanos();
  }

  /** Makes the pages that are missing and returns how many. */
  int cycle() {
    long start = clock.nanos();
    double fill = backend.fill();
    double filled = backend.pagesBegun() + fill;
    long reused = backend.pagesReused();
    long elapsed = start - lastNanos;
    double progress = Math.max(0, filled - lastFilled);
    boolean isStill = filled == lastFilled;
    if (elapsed > 0) {
      double weight = (double) elapsed / (elapsed + AVERAGE_NANOS);
      double net = progress - (reused - lastReused);
      netPerNano += weight * (net / elapsed - netPerNano);
      filledPerNano = isStill ? 0 : progress / elapsed;
    }
    lastFilled = filled;
    lastReused = reused;
    lastNanos = start;
    if (isStill) {
      return 0;
    }
    int wanted = (fill >= threshold ? 1 : 0) + ahead(elapsed);
    int made = 0;
    while (backend.readyPages() < wanted && clock.nanos() - start < LONGEST_NANOS && makeOne()) {
      made++;
    }
    return made;
  }

  /** The time in which writers filled a page lately, in nanoseconds; infinite when they did not. */
  double fillNanos() {
    return 1 / filledPerNano;
  }

  private int ahead(long periodNanos) {
    double pages = 2 * (makeNanos + periodNanos) * Math.max(0, netPerNano);
    return (int) Math.min(pages, (double) Math.max(1, AHEAD_BYTES / backend.pageBytes()));
  }

  private boolean makeOne() {
    long start = clock.nanos();
    boolean made = backend.makeReady();
    double nanos = clock.nanos() - start;
    if (made) {
      makeNanos = makeNanos == 0 ? nanos : (makeNanos + nanos) / 2;
    }
    return made;
  }
}
