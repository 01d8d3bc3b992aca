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
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Growth from empty as fast as it goes, with nothing to reuse, beside what the kernel hands out.
 *
 * <p>{@code append} fills a new store while its lifecycle makes pages ready; {@code populate} only
 * makes as many pages of the same kind resident, on one thread. Time for all of {@link #BYTES}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
public class GrowthBenchmark {
  /** What is filled, in bytes; less for a test that it runs. */
  static final long BYTES = Long.getLong("growth.bytes", 4L << 30);

  private static final long PAGE = 2L << 20;
  private static final int BLOB = 64 << 10;

  /** Where the bytes live. */
  @Param({"segmented", "virtual"})
  public String backend = "";

  private final Arena arena = Arena.ofShared();
  private final MemorySegment source = Sources.random(arena, BLOB);
  private final List<Mapping> mappings = new ArrayList<>();
  private PinnedStore store = PinnedStore.open(Sources.config("segmented").build());

  /** Opens an empty store. */
  @Setup(Level.Iteration)
  public void open() {
    store.close();
    store = PinnedStore.open(Sources.config(backend).pageSize(PAGE).build());
    store.startLifecycle();
  }

  /** Gives all memory back. */
  @TearDown(Level.Iteration)
  public void giveBack() {
    StoreStats stats = store.stats();
    if (stats.appendedBlobs() > 0) {
      System.out.printf(
          "pages=%d stalls=%d stallMillis=%d ",
          stats.pagesMade(), stats.stalls(), stats.stallNanos() / 1_000_000);
    }
    store.close();
    mappings.forEach(Mapping::close);
    mappings.clear();
  }

  /** Frees the source. */
  @TearDown
  public void close() {
    arena.close();
  }

  /** Fills a store. */
  @Benchmark
  public long append() {
    long last = 0;
    for (long done = 0; done < BYTES; done += BLOB) {
      last += store.append(source).pageId();
    }
    return last;
  }

  /** What the kernel hands out: the ceiling of any growth. */
  @Benchmark
  public int populate() throws MappingFailedException {
    MemorySource memory = MemorySource.forTier(NativeTier.current());
    for (long done = 0; done < BYTES; done += PAGE) {
      Mapping mapping = memory.map(PAGE, PAGE / 8, true);
      mapping.touch();
      mappings.add(mapping);
    }
    return mappings.size();
  }
}
