package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
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

/**
 * Acknowledging blobs in the order of their appends, per blob.
 *
 * <p>{@code acknowledge}: 64 blobs of any size, just appended. The two clock reads around them are
 * in the figure: less than 1 ns per blob. {@code acknowledgeMany}: 200 000 blobs of 64 bytes, which
 * no cache near the processor holds.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class AcknowledgeBenchmark {
  private static final int FEW = 64;
  private static final int WARM_UPS = 5000;
  private static final int MANY = 200_000;

  /** Blobs to acknowledge, appended anew for each invocation. */
  @State(Scope.Thread)
  public static class Few {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment handles = arena.allocate((long) FEW * BlobHandle.BYTES, 64);

    /** Has the loop compiled, which large blobs would leave no time for. */
    @Setup
    public void warmUp(SteadyStore state) {
      MemorySegment small = arena.allocate(64);
      for (int i = 0; i < WARM_UPS; i++) {
        append(small, state.store);
        var _ = AcknowledgeBenchmark.acknowledge(state.store, handles, FEW);
      }
    }

    /** Appends them. */
    @Setup(Level.Invocation)
    public void append(Blob blob, SteadyStore state) {
      append(blob.source, state.store);
    }

    private void append(MemorySegment source, PinnedStore store) {
      for (int i = 0; i < FEW; i++) {
        store.append(source, handles, (long) i * BlobHandle.BYTES);
      }
    }

    /** Frees the handles. */
    @TearDown
    public void close() {
      arena.close();
    }
  }

  /** Many small blobs. */
  @State(Scope.Thread)
  public static class Many {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment source = Sources.random(arena, 64);
    private final MemorySegment handles = arena.allocate((long) MANY * BlobHandle.BYTES, 64);

    /** Appends them. */
    @Setup(Level.Invocation)
    public void append(SteadyStore state) {
      for (int i = 0; i < MANY; i++) {
        state.store.append(source, handles, (long) i * BlobHandle.BYTES);
      }
    }

    /** Frees the handles. */
    @TearDown
    public void close() {
      arena.close();
    }
  }

  /** Few blobs of any size. */
  @Benchmark
  @OperationsPerInvocation(FEW)
  public int acknowledge(SteadyStore state, Few few) {
    return acknowledge(state.store, few.handles, FEW);
  }

  /** Many small blobs. */
  @Benchmark
  @OperationsPerInvocation(MANY)
  public int acknowledgeMany(SteadyStore state, Many many) {
    return acknowledge(state.store, many.handles, MANY);
  }

  private static int acknowledge(PinnedStore store, MemorySegment handles, int blobs) {
    int count = 0;
    for (int i = 0; i < blobs; i++) {
      count += store.acknowledge(handles, (long) i * BlobHandle.BYTES) ? 1 : 0;
    }
    return count;
  }
}
