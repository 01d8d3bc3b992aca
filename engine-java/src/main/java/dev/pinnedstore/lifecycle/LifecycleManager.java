package dev.pinnedstore.lifecycle;

import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.StorageBackend;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs the cycle in which memory comes and goes, by hand or for {@link LifecycleThread}.
 *
 * <p>A cycle: the clock ticks; blobs past their TTL are acknowledged; still pages are sealed;
 * emptied pages are recycled; missing pages are made; idle pages are given back. In this order, so
 * that what one step frees the next can use. Safe for threads; cycles run one at a time.
 */
public final class LifecycleManager {
  /** What is taken for the rest of a page when the threshold leaves next to none. */
  private static final double SMALLEST_REST = 0.01;

  private final StorageBackend backend;
  private final CoarseClock clock;
  private final double threshold;
  private final GrowthController growth;
  private final DecayManager decay;
  private final ReentrantLock lock = new ReentrantLock();

  /**
   * Creates a manager.
   *
   * @param backend whose memory it manages
   * @param clock the store's clock, which it ticks
   * @param prefetchThreshold how full a page is when the next one has to be ready, 0.0 to 1.0
   * @param decayNanos how long a page stays empty before it is given back, in nanoseconds
   * @param ttlNanos how long blobs live, in nanoseconds; zero when they do not expire
   */
  public LifecycleManager(
      StorageBackend backend,
      CoarseClock clock,
      double prefetchThreshold,
      long decayNanos,
      long ttlNanos) {
    this.backend = backend;
    this.clock = clock;
    this.threshold = prefetchThreshold;
    this.growth = new GrowthController(backend, clock, prefetchThreshold);
    this.decay = new DecayManager(backend, clock, decayNanos, ttlNanos);
  }

  /**
   * Runs one cycle.
   *
   * @param byHand true for a cycle that a caller asked for: it does all there is to do at once,
   *     while one of many in a row may leave a rest to the next
   * @return what was done
   */
  public CycleReport cycle(boolean byHand) {
    lock.lock();
    try {
      clock.tick();
      boolean due = decay.isDue(byHand);
      int expired = due ? backend.expire() : 0;
      if (due) {
        decay.sealIdle();
      }
      long recycled = backend.recycle(byHand);
      int made = growth.cycle();
      int givenBack = due ? decay.giveBack(byHand) : 0;
      return new CycleReport(made, (int) recycled, givenBack, expired, (int) (recycled >>> 32));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Starts a daemon thread that runs cycles.
   *
   * @param name the thread's name
   * @param intervalNanos the pause between cycles while nothing is written, in nanoseconds
   * @param hooks what else happens in each cycle
   * @return the thread, running
   */
  public LifecycleThread start(String name, long intervalNanos, LifecycleThread.Hooks hooks) {
    return new LifecycleThread(this, backend, clock, name, intervalNanos, hooks);
  }

  /**
   * Says when the next cycle should run: often enough to see a page pass the threshold before it is
   * full, half the time in which its rest is filled.
   *
   * @return nanoseconds, infinite when nothing is written
   */
  double wantedPauseNanos() {
    lock.lock();
    try {
      double untilFull = growth.fillNanos() * Math.max(1 - threshold, SMALLEST_REST) / 2;
      return Math.min(untilFull, decay.wantedPauseNanos());
    } finally {
      lock.unlock();
    }
  }
}
