package dev.pinnedstore.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Hit ratios of the named policies on generated traces, in percent of all references. CLOCK, LRU
 * and 2Q must be those that two other implementations gave; LIRS is known to 0.2 points; LRU-1 and
 * LRU-2 those of the tables of the paper on LRU-K, made again with longer runs.
 */
class PolicyOracleTest {
  private static final int MILLION = 1_000_000;

  /** Of the traces for LRU-K; the first third does not count. */
  private static final int REFERENCES = 600_000;

  private static final Map<String, Supplier<int[]>> TRACES =
      Map.of(
          "Z80", () -> Traces.zipf(100_000, 0.8, MILLION, 42, 815306296),
          "Z99", () -> Traces.zipf(100_000, 0.99, MILLION, 42, 1220821160),
          "ZSCAN", () -> Traces.zipfAndScans(986225586),
          "LOOP", () -> Traces.loop(1200, 120_000, -1162235295),
          "TWOPOOL", () -> Traces.checked(Traces.twoPools(500_000), -2124168354));

  private static final Map<String, int[]> MADE = new ConcurrentHashMap<>();

  @ParameterizedTest
  @CsvSource({
    "Z80, 1000, 20.37, 21.34, 29.76, 29.42",
    "Z80, 5000, 36.87, 38.07, 44.42, 44.03",
    "Z80, 10000, 46.70, 47.88, 52.57, 52.57",
    "Z80, 20000, 58.74, 59.77, 61.97, 62.81",
    "Z99, 1000, 48.90, 50.07, 56.65, 56.59",
    "Z99, 5000, 64.90, 65.91, 69.82, 70.15",
    "Z99, 10000, 72.23, 73.07, 75.38, 76.03",
    "Z99, 20000, 79.66, 80.26, 80.88, 81.92",
    "ZSCAN, 500, 45.49, 46.40, 51.02, 51.17",
    "ZSCAN, 1000, 52.15, 52.86, 56.88, 57.22",
    "ZSCAN, 2000, 58.33, 58.70, 62.87, 63.51",
    "ZSCAN, 4000, 62.26, 62.89, 67.40, 69.83",
    "LOOP, 300, 0.00, 0.00, 0.00, 24.50",
    "LOOP, 600, 0.00, 0.00, 0.00, 49.01",
    "LOOP, 900, 0.00, 0.00, 58.81, 73.51",
    "LOOP, 1100, 0.00, 0.00, 83.00, 89.84",
    "LOOP, 1200, 99.00, 99.00, 99.00, 99.00",
    "TWOPOOL, 60, 13.87, 14.73, 24.20, 28.32",
    "TWOPOOL, 100, 21.85, 23.76, 38.38, 45.02",
    "TWOPOOL, 200, 36.83, 40.61, 50.46, 50.46",
    "TWOPOOL, 450, 50.39, 51.32, 51.72, 51.71",
  })
  void hitRatiosAreThoseOfOtherImplementations(
      String name, int capacity, double lru, double clock, double twoQ, double lirs) {
    int[] trace = MADE.computeIfAbsent(name, made -> TRACES.get(made).get());
    assertThat(percent(EvictionPolicy.lru(), capacity, trace)).as("LRU").isCloseTo(lru, at(.02));
    assertThat(percent(EvictionPolicy.clock(), capacity, trace))
        .as("CLOCK")
        .isCloseTo(clock, at(.02));
    assertThat(percent(EvictionPolicy.twoQ(), capacity, trace)).as("2Q").isCloseTo(twoQ, at(.02));
    assertThat(percent(EvictionPolicy.lirs(), capacity, trace)).as("LIRS").isCloseTo(lirs, at(.2));
  }

  @ParameterizedTest
  @CsvSource({
    "60, .139, .286", "80, .181, .377", "100, .219, .456", "120, .255, .495", "140, .287, .501",
    "160, .317, .503", "180, .344, .504", "200, .368, .505", "250, .417, .507", "300, .452, .510",
    "350, .476, .513", "400, .493, .515", "450, .504, .518",
  })
  void lruKHitsTwoPoolsAsThePaperSays(int capacity, double lru1, double lru2) {
    int[] trace = MADE.computeIfAbsent("two pools", made -> Traces.twoPools(REFERENCES));
    assertThat(afterWarmUp(1, capacity, trace)).as("LRU-1").isCloseTo(lru1, at(.01));
    assertThat(afterWarmUp(2, capacity, trace)).as("LRU-2").isCloseTo(lru2, at(.01));
  }

  @ParameterizedTest
  @CsvSource({
    "40, .536, .597", "60, .577, .633", "80, .609, .661", "100, .635, .684", "120, .658, .703",
    "140, .677, .719", "160, .695, .734", "180, .711, .748", "200, .725, .760", "300, .786, .811",
    "500, .871, .884",
  })
  void lruKHitsEightyTwentyAsThePaperSays(int capacity, double lru1, double lru2) {
    int[] trace = MADE.computeIfAbsent("80-20", made -> Traces.eightyTwenty(1000, REFERENCES));
    assertThat(afterWarmUp(1, capacity, trace)).as("LRU-1").isCloseTo(lru1, at(.01));
    assertThat(afterWarmUp(2, capacity, trace)).as("LRU-2").isCloseTo(lru2, at(.01));
  }

  private static double percent(EvictionPolicy policy, int capacity, int[] trace) {
    return 100.0 * replay(policy, capacity, trace, 0) / trace.length;
  }

  private static double afterWarmUp(int k, int capacity, int[] trace) {
    int warmUp = trace.length / 3;
    double counted = trace.length - warmUp;
    return replay(EvictionPolicy.lruK(k), capacity, trace, warmUp) / counted;
  }

  /** As {@link PolicySnippets#replay}, for pages with small numbers. */
  private static long replay(EvictionPolicy policy, int capacity, int[] trace, int warmUp) {
    policy.capacity(capacity);
    BitSet resident = new BitSet();
    int pages = 0;
    long hits = 0;
    for (int i = 0; i < trace.length; i++) {
      int page = trace[i];
      if (resident.get(page)) {
        policy.hit(page);
        hits += i < warmUp ? 0 : 1;
        continue;
      }
      if (pages == capacity) {
        resident.clear((int) policy.evict(candidate -> true));
        pages--;
      }
      policy.load(page);
      resident.set(page);
      pages++;
    }
    return hits;
  }

  private static Offset<Double> at(double tolerance) {
    return within(tolerance);
  }
}
