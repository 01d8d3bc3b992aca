package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.BlobHandle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a handle costs: view and resolve, beside a plain read and a plain copy out. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HandleBenchmark {
  private static final int MOST = 1024;

  /** As many blobs of a size as fill 4 MiB: a power of two from 8 to 1024. */
  private static int count(int size) {
    return Math.clamp((4L << 20) / size, 8, MOST);
  }

  /** Handles of blobs in a store. */
  @State(Scope.Thread)
  public static class Handles {
    private BlobHandle[] handles = {};
    private int next;

    /** Appends the blobs. */
    @Setup
    public void fill(Blob blob, SteadyStore state) {
      handles = new BlobHandle[count(blob.size)];
      for (int i = 0; i < handles.length; i++) {
        handles[i] = state.store.append(blob.source);
      }
    }

    BlobHandle next() {
      next = (next + 1) & (handles.length - 1);
      return handles[next];
    }
  }

  /** The same blobs in memory of one's own. */
  @State(Scope.Thread)
  public static class Copies {
    private final Arena arena = Arena.ofShared();
    private MemorySegment[] copies = {};
    private int next;

    /** Copies the blobs. */
    @Setup
    public void fill(Blob blob) {
      copies = new MemorySegment[count(blob.size)];
      for (int i = 0; i < copies.length; i++) {
        copies[i] = arena.allocate(blob.size, 64).copyFrom(blob.source);
      }
    }

    /** Frees the memory. */
    @TearDown
    public void close() {
      arena.close();
    }

    MemorySegment next() {
      next = (next + 1) & (copies.length - 1);
      return copies[next];
    }
  }

  /** A view that does not escape, and one byte read through it. */
  @Benchmark
  public byte view(SteadyStore state, Handles handles) {
    return state.store.view(handles.next()).get(ValueLayout.JAVA_BYTE, 0);
  }

  /** The same byte read from a segment that is at hand. */
  @Benchmark
  public byte readSegment(Copies copies) {
    return copies.next().get(ValueLayout.JAVA_BYTE, 0);
  }

  /** A copy of the blob. */
  @Benchmark
  public byte[] resolve(SteadyStore state, Handles handles) {
    return state.store.resolve(handles.next());
  }

  /** The ceiling of resolve. */
  @Benchmark
  public byte[] copyOut(Copies copies) {
    return copies.next().toArray(ValueLayout.JAVA_BYTE);
  }
}
