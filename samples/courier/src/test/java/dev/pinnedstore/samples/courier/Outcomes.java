package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.Capabilities;
import dev.pinnedstore.store.StoreConfig;
import dev.pinnedstore.store.StoreStats;
import org.HdrHistogram.Histogram;

/** What deliveries might have come to. */
final class Outcomes {
  private Outcomes() {}

  static Outcome of(long bytes, long nanos, Histogram appendNanos) {
    return of(bytes, nanos, appendNanos, new Timeline());
  }

  /** One between processes, some of which were killed. */
  static Outcome between(Processes processes) {
    return of(10, 1_000_000, new Histogram(1_000, 3), new Timeline(), processes);
  }

  static Outcome of(long bytes, long nanos, Histogram appendNanos, Timeline timeline) {
    return of(bytes, nanos, appendNanos, timeline, null);
  }

  private static Outcome of(
      long bytes, long nanos, Histogram appendNanos, Timeline timeline, Processes processes) {
    StoreStats stats =
        new StoreStats(
            new Capabilities("segmented", true, false, "--flag"),
            1,
            0,
            18,
            1304,
            17,
            1 << 20,
            18 << 20,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0);
    StoreConfig config = StoreConfig.builder().maxBytes(32 << 20).build();
    return new Outcome(
        config, 193, bytes, 1374, 1374, 0, 2, nanos, appendNanos, 3, stats, timeline, processes);
  }
}
