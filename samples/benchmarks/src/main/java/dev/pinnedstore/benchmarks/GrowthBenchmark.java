package dev.pinnedstore.benchmarks;

import dev.pinnedstore.os.Mapping;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;
import dev.pinnedstore.os.NativeTier;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreStats;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
 * <p>{@code grow} fills a new store while its lifecycle makes pages ready; {@code populate} only
 * makes as many pages of the same kind resident, on one thread, and {@code populateFile} pages of a
 * file on {@code /dev/shm}, as the shared backend has them. {@code reuse} fills a store that was as
 * full before, and whose blobs are all acknowledged. Time for all of {@code bytes}.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
public class GrowthBenchmark {
  private static final long PAGE = 2L << 20;
  private static final int BLOB = 64 << 10;

  private static final int FILE_STEP = 4096;

  /** How much is filled. */
  @State(Scope.Thread)
  public static class Amount {
    /** In bytes. */
    @Param("4294967296")
    public long bytes;
  }

  /** An empty store. */
  @State(Scope.Thread)
  public static class Growing {
    /** Where the bytes live. */
    @Param({"segmented", "virtual", "shared"})
    public String backend = "";

    private final Arena arena = Arena.ofShared();
    final MemorySegment source = Sources.random(arena, BLOB);
    PinnedStore store;

    /** Opens it. */
    @Setup(Level.Iteration)
    public void open() {
      store = PinnedStore.open(Sources.config(backend, PAGE).build());
      store.startLifecycle();
    }

    /** Gives all memory back. */
    @TearDown(Level.Iteration)
    public void giveBack() {
      StoreStats stats = store.stats();
      System.out.printf(
          "pages=%d stalls=%d stallMillis=%d ",
          stats.pagesMade(), stats.stalls(), stats.stallNanos() / 1_000_000);
      store.close();
    }

    /** Frees the source. */
    @TearDown
    public void close() {
      arena.close();
    }

    long fill(Amount amount) {
      long last = 0;
      for (long done = 0; done < amount.bytes; done += BLOB) {
        last += store.append(source).pageId();
      }
      return last;
    }
  }

  /** A store that has been filled and emptied. */
  @State(Scope.Thread)
  public static class Used extends Growing {
    /** Fills and empties it. */
    @Setup(Level.Iteration)
    public void use(Amount amount) {
      List<BlobHandle> handles = new ArrayList<>();
      for (long done = 0; done < amount.bytes; done += BLOB) {
        handles.add(store.append(source));
      }
      handles.forEach(store::acknowledge);
      store.maintain();
    }
  }

  /** Pages from the kernel. */
  @State(Scope.Thread)
  public static class Pages {
    private final List<Mapping> mappings = new ArrayList<>();

    /** Gives all memory back. */
    @TearDown(Level.Iteration)
    public void giveBack() {
      mappings.forEach(Mapping::close);
      mappings.clear();
    }
  }

  /** Fills a store from empty. */
  @Benchmark
  public long grow(Amount amount, Growing state) {
    return state.fill(amount);
  }

  /** Fills a store that has been as full before. */
  @Benchmark
  public long reuse(Amount amount, Used state) {
    return state.fill(amount);
  }

  /** What the kernel hands out: the ceiling of growth in process. */
  @Benchmark
  public int populate(Amount amount, Pages pages) throws MappingFailedException {
    MemorySource memory = MemorySource.forTier(NativeTier.current());
    for (long done = 0; done < amount.bytes; done += PAGE) {
      Mapping mapping = memory.map(PAGE, PAGE / 8, true);
      mapping.touch();
      pages.mappings.add(mapping);
    }
    return pages.mappings.size();
  }

  /** The same of a file in memory: the ceiling of growth in shared memory. */
  @Benchmark
  public long populateFile(Amount amount) throws IOException {
    Path directory = Medium.TMPFS.directory();
    try (FileChannel file =
            FileChannel.open(
                directory.resolve("pages"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment pages = file.map(FileChannel.MapMode.READ_WRITE, 0, amount.bytes, arena);
      for (long at = 0; at < amount.bytes; at += FILE_STEP) {
        pages.set(ValueLayout.JAVA_BYTE, at, (byte) 1);
      }
      return pages.byteSize();
    } finally {
      Medium.delete(directory);
    }
  }
}
