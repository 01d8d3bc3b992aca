package dev.pinnedstore.samples.courier;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Kills one of some children at an interval, in turn, until it is closed. */
final class Killer implements AutoCloseable {
  private static final ThreadFactory THREADS =
      Thread.ofPlatform().daemon().name("courier-killer-", 1).factory();

  private final List<Supplier<@Nullable Child>> victims;
  private final Runnable afterKill;
  private final AtomicLong kills = new AtomicLong();
  private final @Nullable ScheduledExecutorService thread;
  private int turn;

  /**
   * Begins.
   *
   * @param every the interval; null for never
   * @param victims tell the processes of the moment
   * @param afterKill runs after each kill
   */
  Killer(@Nullable Duration every, List<Supplier<@Nullable Child>> victims, Runnable afterKill) {
    this.victims = victims;
    this.afterKill = afterKill;
    if (every == null) {
      this.thread = null;
      return;
    }
    this.thread = Executors.newSingleThreadScheduledExecutor(THREADS);
    long nanos = every.toNanos();
    var _ = thread.scheduleWithFixedDelay(this::strike, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /** How many it has killed. */
  long kills() {
    return kills.get();
  }

  private void strike() {
    for (int i = 0; i < victims.size(); i++) {
      Child victim = victims.get(turn++ % victims.size()).get();
      if (victim != null && victim.killIfUseful()) {
        kills.incrementAndGet();
        afterKill.run();
        return;
      }
    }
  }

  @Override
  public void close() {
    if (thread != null) {
      thread.close();
    }
  }
}
