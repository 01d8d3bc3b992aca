package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.Registration;
import dev.pinnedstore.store.StoreEvent;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Fills a timeline while it is open: looks at the store every few milliseconds on a thread of its
 * own, and listens to its events. Close it before the store, after a cycle that delivers the last
 * events.
 */
final class Recorder implements AutoCloseable {
  private static final ThreadFactory THREADS =
      Thread.ofPlatform().daemon().name("courier-recorder").factory();

  private final PinnedStore store;
  private final LongSupplier liveBytes;
  private final Timeline timeline;
  private final long startNanos = System.nanoTime();
  private final long startMillis = System.currentTimeMillis();
  private final Registration events;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(THREADS);

  /**
   * Begins.
   *
   * @param store what to watch
   * @param liveBytes how many bytes are appended and not acknowledged
   * @param timeline where to note it; its time begins now
   */
  Recorder(PinnedStore store, LongSupplier liveBytes, Timeline timeline) {
    this.store = store;
    this.liveBytes = liveBytes;
    this.timeline = timeline;
    this.events = store.listen(this::note);
    var _ =
        thread.scheduleWithFixedDelay(
            this::sample, 0, Timeline.FIRST_SPAN_NANOS, TimeUnit.NANOSECONDS);
  }

  /** Takes a last sample and returns when the thread has ended. */
  @Override
  public void close() {
    events.close();
    thread.close();
    sample();
  }

  private void sample() {
    timeline.sample(
        System.nanoTime() - startNanos, liveBytes.getAsLong(), store.stats().committedBytes());
  }

  /** An event has the time of the cycle before it, in ms of the store's clock. */
  private void note(StoreEvent event) {
    long nanos = TimeUnit.MILLISECONDS.toNanos(event.timestampMillis() - startMillis);
    timeline.event(
        event.kind(), Math.clamp(nanos, 0, System.nanoTime() - startNanos), event.durationNanos());
  }
}
