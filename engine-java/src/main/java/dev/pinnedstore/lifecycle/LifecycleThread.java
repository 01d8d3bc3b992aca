package dev.pinnedstore.lifecycle;

import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.StorageBackend;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * The daemon thread on which cycles run.
 *
 * <p>Writers wake nobody, so it polls: every {@value #FASTEST_NANOS} ns while pages fill quickly,
 * less often as they fill more slowly, and at its interval when nothing is written. An exception in
 * a cycle is handed to the hooks and the next cycle runs.
 */
public final class LifecycleThread implements AutoCloseable {
  /** The shortest pause between cycles, in nanoseconds. */
  static final long FASTEST_NANOS = 50_000;

  /** The longest pause after which the time of the last cycle is still good enough. */
  private static final long COARSEST_NANOS = 100_000_000;

  /** What else happens on the thread. */
  public interface Hooks {
    /** Called after each cycle. */
    void afterCycle();

    /**
     * Called when a cycle or a hook failed.
     *
     * @param cause what was thrown
     */
    void failed(Throwable cause);
  }

  private final LifecycleManager manager;
  private final StorageBackend backend;
  private final CoarseClock clock;
  private final long intervalNanos;
  private final Hooks hooks;
  private final Thread thread;
  private volatile boolean stopped;

  LifecycleThread(
      LifecycleManager manager,
      StorageBackend backend,
      CoarseClock clock,
      String name,
      long intervalNanos,
      Hooks hooks) {
    this.manager = manager;
    this.backend = backend;
    this.clock = clock;
    this.intervalNanos = intervalNanos;
    this.hooks = hooks;
    this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    thread.start();
  }

  /**
   * Says whether cycles still run.
   *
   * @return false once the thread has ended
   */
  public boolean isRunning() {
    return thread.isAlive();
  }

  /**
   * Returns the pause between cycles of a quiet store.
   *
   * @return the interval
   */
  public Duration interval() {
    return Duration.ofNanos(intervalNanos);
  }

  /** Ends the thread and waits for it, unless called on it; may be called again. */
  @Override
  public void close() {
    stopped = true;
    if (Thread.currentThread().equals(thread)) {
      return;
    }
    LockSupport.unpark(thread);
    try {
      thread.join(Duration.ofNanos(intervalNanos).plusSeconds(1));
    } catch (InterruptedException e) {
      // The thread ends by itself; the caller keeps its interrupt.
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    backend.setPolled(true);
    clock.setTicking(intervalNanos <= COARSEST_NANOS);
    try {
      long pause = FASTEST_NANOS;
      while (!stopped) {
        cycle();
        double wanted = manager.wantedPauseNanos();
        pause = Math.clamp((long) Math.min(wanted, 2.0 * pause), FASTEST_NANOS, intervalNanos);
        // A listener may have left an interrupt behind, and then no park would wait.
        var _ = Thread.interrupted();
        LockSupport.parkNanos(pause);
      }
    } finally {
      clock.setTicking(false);
      backend.setPolled(false);
    }
  }

  private void cycle() {
    try {
      manager.cycle(false);
      hooks.afterCycle();
    } catch (RuntimeException | Error e) {
      hooks.failed(e);
    }
  }
}
