package dev.pinnedstore.benchmarks;

import dev.pinnedstore.os.Mapping;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;
import dev.pinnedstore.os.NativeTier;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreStats;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Latency of appends to a store that grows, at a fixed rate: 0.7 of what the kernel hands out,
 * measured at the start of the same run.
 *
 * <p>Each append has a time at which it is due, and its latency counts from there, so that a stall
 * is charged to every append that it delays. Prints one line per round; the first warms up.
 */
public final class GrowthLatency {
  private static final long PAGE = 2L << 20;
  private static final int BLOB = 4096;
  private static final double SHARE = 0.7;
  private static final int ROUNDS = 4;

  private GrowthLatency() {}

  /**
   * Runs the measurement.
   *
   * @param args the backend, then the bytes to grow to
   * @throws MappingFailedException when there is not so much memory
   */
  public static void main(String... args) throws MappingFailedException {
    String backend = args.length > 0 ? args[0] : "virtual";
    long bytes = args.length > 1 ? Long.parseLong(args[1]) : 4L << 30;
    for (int round = 0; round < ROUNDS; round++) {
      double supply = bytesPerNano(bytes / 2);
      run(backend, bytes, supply);
    }
  }

  /** What the kernel hands out: pages made resident by one thread. */
  private static double bytesPerNano(long bytes) throws MappingFailedException {
    MemorySource memory = MemorySource.forTier(NativeTier.current());
    List<Mapping> mappings = new ArrayList<>();
    long start = System.nanoTime();
    for (long done = 0; done < bytes; done += PAGE) {
      Mapping mapping = memory.map(PAGE, PAGE / 8, true);
      mappings.add(mapping);
      mapping.touch();
    }
    double rate = (double) bytes / (System.nanoTime() - start);
    mappings.forEach(Mapping::close);
    return rate;
  }

  private static void run(String backend, long bytes, double supply) {
    Histogram latency = new Histogram(10_000_000_000L, 3);
    double nanosPerBlob = BLOB / (supply * SHARE);
    try (Arena arena = Arena.ofConfined();
        PinnedStore store = PinnedStore.open(Sources.config(backend).pageSize(PAGE).build())) {
      store.startLifecycle();
      MemorySegment source = Sources.random(arena, BLOB);
      MemorySegment slot = arena.allocate(24, 8);
      long blobs = bytes / BLOB;
      long start = System.nanoTime();
      for (long i = 0; i < blobs; i++) {
        long due = start + (long) (i * nanosPerBlob);
        while (System.nanoTime() - due < 0) {
          Thread.onSpinWait();
        }
        store.append(source, slot, 0);
        latency.recordValue(Math.max(1, System.nanoTime() - due));
      }
      double rate = (double) bytes / (System.nanoTime() - start);
      StoreStats stats = store.stats();
      System.out.printf(
          "%s supply=%.2f GB/s rate=%.2f GB/s p50=%d p99=%d p99.9=%d max=%d ns p99.9/p50=%.1f"
              + " stalls=%d of %d pages%n",
          backend,
          supply,
          rate,
          latency.getValueAtPercentile(50),
          latency.getValueAtPercentile(99),
          latency.getValueAtPercentile(99.9),
          latency.getMaxValue(),
          (double) latency.getValueAtPercentile(99.9) / latency.getValueAtPercentile(50),
          stats.stalls(),
          stats.pagesMade());
    }
  }
}
