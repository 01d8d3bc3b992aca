package dev.pinnedstore.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

/**
 * Reference strings that anyone can make again: SplitMix64, uniform doubles of 53 bits, Zipf by the
 * inverse of its cumulative sums. The fingerprint is {@link Arrays#hashCode(int[])}.
 */
final class Traces {
  private static final long GAMMA = 0x9E3779B97F4A7C15L;
  private static final double UNIT = 0x1p-53;

  private long state;

  private Traces(long seed) {
    this.state = seed;
  }

  static int[] zipf(int pages, double exponent, int references, long seed, int fingerprint) {
    Traces random = new Traces(seed);
    double[] cumulative = cumulative(pages, exponent);
    int[] trace = new int[references];
    for (int i = 0; i < references; i++) {
      trace[i] = random.rank(cumulative);
    }
    return checked(trace, fingerprint);
  }

  /** Zipf references with a sequential scan of 5,000 pages after every 20,000. */
  static int[] zipfAndScans(int fingerprint) {
    Traces random = new Traces(7);
    double[] cumulative = cumulative(10_000, 0.99);
    int[] trace = new int[1_000_000];
    int scanned = 0;
    for (int i = 0; i < trace.length; ) {
      for (int j = 0; j < 20_000 && i < trace.length; j++) {
        trace[i++] = random.rank(cumulative);
      }
      for (int j = 0; j < 5_000 && i < trace.length; j++) {
        trace[i++] = 10_000 + scanned++ % 50_000;
      }
    }
    return checked(trace, fingerprint);
  }

  static int[] loop(int pages, int references, int fingerprint) {
    int[] trace = new int[references];
    for (int i = 0; i < references; i++) {
      trace[i] = i % pages;
    }
    return checked(trace, fingerprint);
  }

  /** Two pools of 100 and 10,000 pages in turn, uniform inside each. */
  static int[] twoPools(int references) {
    Traces random = new Traces(1);
    int[] trace = new int[references];
    for (int i = 0; i < references; i++) {
      trace[i] =
          (i & 1) == 0 ? (int) (random.uniform() * 100) : 100 + (int) (random.uniform() * 10_000);
    }
    return trace;
  }

  /** P(page <= i) = (i / pages) ^ (ln 0.8 / ln 0.2): four of five references to a fifth. */
  static int[] eightyTwenty(int pages, int references) {
    Traces random = new Traces(1);
    double power = Math.log(0.2) / Math.log(0.8);
    int[] trace = new int[references];
    for (int i = 0; i < references; i++) {
      trace[i] = (int) (pages * Math.pow(random.uniform(), power));
    }
    return trace;
  }

  static int[] checked(int[] trace, int fingerprint) {
    assertThat(Arrays.hashCode(trace)).as("fingerprint of the trace").isEqualTo(fingerprint);
    return trace;
  }

  private static double[] cumulative(int pages, double exponent) {
    double[] sums = new double[pages];
    double sum = 0;
    for (int i = 0; i < pages; i++) {
      sum += 1 / Math.pow(i + 1, exponent);
      sums[i] = sum;
    }
    for (int i = 0; i < pages; i++) {
      sums[i] /= sum;
    }
    return sums;
  }

  private int rank(double[] cumulative) {
    double u = uniform();
    int low = 0;
    int high = cumulative.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (cumulative[middle] > u) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private double uniform() {
    return (next() >>> 11) * UNIT;
  }

  private long next() {
    state += GAMMA;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
