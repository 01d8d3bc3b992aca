package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
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

/**
 * What a store of many live pages costs: each page holds one blob of 4 KiB.
 *
 * <p>{@code viewNear} asks for one of 64 blobs, so that what differs is the store's structures;
 * {@code viewAny} asks for any of them, and then the processor's caches miss as well, as they do in
 * {@code readAny}, which reads the same addresses without the store.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LivePagesBenchmark {
  private static final int PAGE = 4096;
  private static final int NEAR = 64;

  /** Where the bytes live. */
  @Param({"segmented", "virtual"})
  public String backend = "";

  /** Live pages. */
  @Param({"1", "1000", "100000"})
  public int pages;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment source = Sources.random(arena, PAGE);
  private PinnedStore store = PinnedStore.open(Sources.config("segmented").build());
  private BlobHandle[] handles = {};
  private MemorySegment[] views = {};
  private int[] order = {};
  private int next;

  /** Appends a blob for each page and views it. */
  @Setup
  public void fill() {
    store.close();
    store = PinnedStore.open(Sources.config(backend).pageSize(PAGE).build());
    store.startLifecycle();
    handles = new BlobHandle[pages];
    views = new MemorySegment[pages];
    for (int i = 0; i < pages; i++) {
      handles[i] = store.append(source);
      views[i] = store.view(handles[i]);
    }
    order = new Random(1).ints(1 << 16, 0, pages).toArray();
  }

  /** Closes everything. */
  @TearDown
  public void close() {
    store.close();
    arena.close();
  }

  /** Views one of a few blobs and reads a byte. */
  @Benchmark
  public byte viewNear() {
    next = (next + 1) & (NEAR - 1);
    return store.view(handles[next % pages]).get(ValueLayout.JAVA_BYTE, 0);
  }

  /** Views any blob and reads a byte. */
  @Benchmark
  public byte viewAny() {
    return store.view(handles[any()]).get(ValueLayout.JAVA_BYTE, 0);
  }

  /** Reads the same byte through a view that is at hand. */
  @Benchmark
  public byte readAny() {
    return views[any()].get(ValueLayout.JAVA_BYTE, 0);
  }

  /** Appends a blob of a page and acknowledges it, beside all the others. */
  @Benchmark
  public boolean appendAcknowledge() {
    return store.acknowledge(store.append(source));
  }

  private int any() {
    next = (next + 1) & (order.length - 1);
    return order[next];
  }
}
