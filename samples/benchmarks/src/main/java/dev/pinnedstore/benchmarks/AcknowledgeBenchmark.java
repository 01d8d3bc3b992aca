package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Acknowledging 200 000 blobs of 64 bytes that were appended before, per blob. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 20)
@Measurement(iterations = 20)
public class AcknowledgeBenchmark {
  private static final int BLOBS = 200_000;

  private final Arena arena = Arena.ofShared();
  private final PinnedStore store = PinnedStore.open(StoreConfig.defaults());
  private final MemorySegment source = Sources.random(arena, 64);
  private final MemorySegment handles = arena.allocate((long) BLOBS * BlobHandle.BYTES, 64);

  /** Appends the blobs. */
  @Setup(Level.Iteration)
  public void fill() {
    for (int i = 0; i < BLOBS; i++) {
      store.append(source, handles, (long) i * BlobHandle.BYTES);
    }
  }

  /** Closes everything. */
  @TearDown
  public void close() {
    store.close();
    arena.close();
  }

  /** Acknowledges all of them, in the order of their appends. */
  @Benchmark
  @OperationsPerInvocation(BLOBS)
  public int acknowledge() {
    int count = 0;
    for (int i = 0; i < BLOBS; i++) {
      count += store.acknowledge(handles, (long) i * BlobHandle.BYTES) ? 1 : 0;
    }
    return count;
  }
}
