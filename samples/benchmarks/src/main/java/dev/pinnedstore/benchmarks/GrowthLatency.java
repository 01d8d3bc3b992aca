package dev.pinnedstore.benchmarks;

import dev.pinnedstore.os.Mapping;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;
import dev.pinnedstore.os.NativeTier;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreStats;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * Latency of appends to a store that grows, at a fixed rate: 0.7 of what the kernel hands out,
 * measured at the start of each round.
 *
 * <p>Each append has a time at which it is due, and its latency counts from there, so that a stall
 * is charged to every append that it delays. The first round warms up.
 */
public final class GrowthLatency {
  private static final long PAGE = 2L << 20;
  private static final int BLOB = 4096;
  private static final double SHARE = 0.7;

  private GrowthLatency() {}

  /**
   * Runs the measurement.
   *
   * @param args the backend, the bytes to grow to, rounds, the file for the result as JSON
   * @throws MappingFailedException when there is not so much memory
   * @throws IOException when the file cannot be written
   */
  public static void main(String... args) throws MappingFailedException, IOException {
    String backend = args[0];
    long bytes = Long.parseLong(args[1]);
    int rounds = Integer.parseInt(args[2]);
    List<Map<String, Object>> results = new ArrayList<>();
    for (int round = 0; round <= rounds; round++) {
      double supply = bytesPerNano(bytes / 2);
      Map<String, Object> result = run(backend, bytes, supply);
      if (round > 0) {
        results.add(result);
      }
    }
    Json.write(Path.of(args[3]), results);
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

  private static Map<String, Object> run(String backend, long bytes, double supply) {
    Histogram latency = Latencies.histogram();
    double nanosPerBlob = BLOB / (supply * SHARE);
    try (Arena arena = Arena.ofConfined();
        PinnedStore store = PinnedStore.open(Sources.config(backend, PAGE).build())) {
      store.startLifecycle();
      MemorySegment source = Sources.random(arena, BLOB);
      MemorySegment slot = arena.allocate(24, 8);
      long start = System.nanoTime();
      Latencies.atRate(latency, bytes / BLOB, nanosPerBlob, () -> store.append(source, slot, 0));
      double rate = (double) bytes / (System.nanoTime() - start);
      StoreStats stats = store.stats();
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("subject", backend);
      result.put("supplyBytesPerNano", supply);
      result.put("rateBytesPerNano", rate);
      result.put("stalls", stats.stalls());
      result.put("pagesMade", stats.pagesMade());
      result.putAll(Latencies.summary(latency));
      return result;
    }
  }
}
