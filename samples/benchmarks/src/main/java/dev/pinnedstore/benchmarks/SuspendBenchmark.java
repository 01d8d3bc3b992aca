package dev.pinnedstore.benchmarks;

import dev.pinnedstore.kotlin.PinnedStoresKt;
import dev.pinnedstore.kotlin.SuspendingStore;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.StoreConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import kotlin.Unit;
import kotlin.coroutines.Continuation;
import kotlin.coroutines.CoroutineContext;
import kotlin.coroutines.EmptyCoroutineContext;
import kotlinx.coroutines.GlobalScope;
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
 * The append that a coroutine calls, beside the one of Java, while there is room: both give a new
 * handle, and acknowledge the blob of some calls ago. The suspending one is called as compiled
 * coroutines call it, with a continuation that it never needs.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Thread)
public class SuspendBenchmark {
  private static final int IN_FLIGHT = 1024;

  /** Bytes of a blob. */
  @Param({"64", "4096"})
  public int size;

  private final Arena arena = Arena.ofShared();
  private final BlobHandle[] handles = new BlobHandle[IN_FLIGHT];
  private MemorySegment source = MemorySegment.NULL;
  private final SuspendingStore store = open();
  private int turn;

  private static SuspendingStore open() {
    return PinnedStoresKt.pinnedStore(StoreConfig.defaults(), _ -> Unit.INSTANCE)
        .openIn(GlobalScope.INSTANCE);
  }

  /** What a caller would go on with. */
  private static final class Unused implements Continuation<BlobHandle> {
    static final Unused INSTANCE = new Unused();

    @Override
    public CoroutineContext getContext() {
      return EmptyCoroutineContext.INSTANCE;
    }

    @Override
    public void resumeWith(Object result) {
      throw new IllegalStateException("an append suspended although there is room: " + result);
    }
  }

  /** Fills the source, and as many handles as are in flight. */
  @Setup
  public void fill() {
    source = Sources.random(arena, size);
    for (int i = 0; i < IN_FLIGHT; i++) {
      handles[i] = store.getEngine().append(source);
    }
  }

  /** Closes everything. */
  @TearDown
  public void close() {
    store.getEngine().close();
    arena.close();
  }

  /** The baseline. */
  @Benchmark
  public boolean java() {
    return exchange(store.getEngine().append(source));
  }

  /** As a coroutine appends. */
  @Benchmark
  public boolean suspending() {
    return exchange((BlobHandle) store.append(source, Unused.INSTANCE));
  }

  private boolean exchange(BlobHandle handle) {
    int slot = turn++ & (IN_FLIGHT - 1);
    BlobHandle oldest = handles[slot];
    handles[slot] = handle;
    return store.acknowledge(oldest);
  }
}
