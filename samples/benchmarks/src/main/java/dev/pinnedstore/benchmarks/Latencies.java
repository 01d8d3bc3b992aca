package dev.pinnedstore.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Latencies at a fixed rate, without coordinated omission. */
final class Latencies {
  private static final long MOST_NANOS = 60_000_000_000L;
  private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99, 100};

  /** Points of a percentile chart: this many for each halving of the distance to 100 %. */
  private static final int POINTS = 5;

  private Latencies() {}

  static Histogram histogram() {
    return new Histogram(MOST_NANOS, 3);
  }

  /**
   * Calls an operation at its due times, or as soon after them as it can, and records from the due
   * time to its end: what an operation waits for a slow one before it is its own latency as well.
   */
  static void atRate(Histogram latency, long operations, double nanosPerOp, Runnable operation) {
    long start = System.nanoTime();
    for (long i = 0; i < operations; i++) {
      long due = start + (long) (i * nanosPerOp);
      while (System.nanoTime() - due < 0) {
        Thread.onSpinWait();
      }
      operation.run();
      latency.recordValue(Math.clamp(System.nanoTime() - due, 1, MOST_NANOS));
    }
  }

  /** What goes into JSON: named percentiles, and the curve of all, in nanoseconds. */
  static Map<String, Object> summary(Histogram latency) {
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("operations", latency.getTotalCount());
    for (double percentile : PERCENTILES) {
      String name = percentile == 100 ? "max" : "p" + Double.toString(percentile).replace(".0", "");
      summary.put(name, latency.getValueAtPercentile(percentile));
    }
    List<double[]> curve = new ArrayList<>();
    latency
        .percentiles(POINTS)
        .forEach(
            it ->
                curve.add(
                    new double[] {it.getPercentileLevelIteratedTo(), it.getValueIteratedTo()}));
    summary.put("curve", curve);
    return summary;
  }
}
