package dev.pinnedstore.pool;

import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;

/**
 * How long operations took, in buckets of powers of two microseconds.
 *
 * @param counts of each bucket: below 1 us, below 2 us, below 4 us, and so on; the last one has all
 *     that took longer
 */
public record LatencyHistogram(List<Long> counts) {
  private static final int BUCKETS = 28;

  /** Copies the counts. */
  public LatencyHistogram {
    counts = List.copyOf(counts);
  }

  /**
   * Returns a bound that a part of all operations did not exceed.
   *
   * @param part 0 to 1, 0.99 for one
   * @return the upper end of the bucket, in microseconds; 0 without operations
   * @throws IllegalArgumentException if the part is out of its range
   */
  public long percentileMicros(double part) {
    if (!(part >= 0 && part <= 1)) {
      throw new IllegalArgumentException("part=" + part + ": must be between 0 and 1");
    }
    long total = total();
    long seen = 0;
    for (int i = 0; i < counts.size() && total > 0; i++) {
      seen += counts.get(i);
      if (seen >= part * total) {
        return 1L << i;
      }
    }
    return 0;
  }

  /**
   * Returns how many operations there were.
   *
   * @return operations
   */
  public long total() {
    long total = 0;
    for (long count : counts) {
      total += count;
    }
    return total;
  }

  @Override
  public String toString() {
    return "LatencyHistogram[total="
        + total()
        + ", p50="
        + percentileMicros(0.5)
        + " us, p99="
        + percentileMicros(0.99)
        + " us]";
  }

  /** Takes operations in. Safe for threads. */
  static final class Recorder {
    private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);

    void add(long nanos) {
      int bucket = Long.SIZE - Long.numberOfLeadingZeros(Math.max(nanos, 0) / 1000);
      counts.incrementAndGet(Math.min(bucket, BUCKETS - 1));
    }

    LatencyHistogram snapshot() {
      return new LatencyHistogram(IntStream.range(0, BUCKETS).mapToObj(counts::get).toList());
    }
  }
}
