package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
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
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a handle costs: view, resolve and acknowledge, beside a plain copy out. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HandleBenchmark {
  private static final int BLOBS = 1024;

  /** Where the bytes live. */
  @Param({"segmented", "virtual", "shared"})
  public String backend = "";

  /** Bytes of a blob. */
  @Param({"4096"})
  public int size;

  private final Arena arena = Arena.ofShared();
  private PinnedStore store;
  private final BlobHandle[] handles = new BlobHandle[BLOBS];
  private final MemorySegment[] copies = new MemorySegment[BLOBS];
  private int next;

  /** Appends the blobs. */
  @Setup
  public void fill() {
    store = PinnedStore.open(Sources.config(backend).build());
    MemorySegment source = Sources.random(arena, size);
    for (int i = 0; i < BLOBS; i++) {
      handles[i] = store.append(source);
      copies[i] = arena.allocate(size, 64).copyFrom(source);
    }
  }

  /** Closes everything. */
  @TearDown
  public void close() {
    store.close();
    arena.close();
  }

  /** A view that does not escape, and one byte read through it. */
  @Benchmark
  public byte view() {
    return store.view(handles[index()]).get(ValueLayout.JAVA_BYTE, 0);
  }

  /** The same byte read from a segment that is at hand. */
  @Benchmark
  public byte readSegment() {
    return copies[index()].get(ValueLayout.JAVA_BYTE, 0);
  }

  /** A copy of the blob. */
  @Benchmark
  public byte[] resolve() {
    return store.resolve(handles[index()]);
  }

  /** The baseline of resolve. */
  @Benchmark
  public byte[] copyOut() {
    return copies[index()].toArray(ValueLayout.JAVA_BYTE);
  }

  private int index() {
    next = (next + 1) & (BLOBS - 1);
    return next;
  }
}
