package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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
 * The append that allocates nothing, in steady state, beside a plain copy into a warm ring.
 *
 * <p>{@code append}: another thread acknowledges, in batches, as a service would. {@code
 * appendAcknowledge}: the appending thread acknowledges what it appended a while ago, so one figure
 * holds both. A lifecycle runs beside both. {@code copyIntoWarmRing} is what the memory bus allows.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class AppendBenchmark {

  /** How often the consumer looks, in nanoseconds: it takes what has come in a batch. */
  private static final long POLL_NANOS = 20_000;

  /** A store with a running lifecycle, and bytes to append. */
  @State(Scope.Benchmark)
  public static class Store {
    /** Where the bytes live. */
    @Param({"segmented", "virtual", "shared"})
    public String backend = "";

    /** Bytes of a blob. */
    @Param({"64", "4096", "65536", "1048576"})
    public int size;

    private final Arena arena = Arena.ofShared();
    MemorySegment source = MemorySegment.NULL;
    PinnedStore store = PinnedStore.open(StoreConfig.defaults());

    /** Opens the store and fills the source. */
    @Setup
    public void fill() {
      store.close();
      store = PinnedStore.open(Sources.config(backend).build());
      store.startLifecycle();
      source = Sources.random(arena, size);
    }

    /** Closes everything. */
    @TearDown
    public void close() {
      store.close();
      arena.close();
    }
  }

  /** A thread that acknowledges. */
  @State(Scope.Benchmark)
  public static class Consumer {
    HandleRing ring = new HandleRing(1);
    private volatile boolean stopped;
    private Thread thread = new Thread();

    /** Starts the thread. */
    @Setup
    public void start(Store state) {
      ring = new HandleRing(Sources.inFlight(state.size));
      thread = Thread.ofPlatform().daemon().start(() -> consume(state.store));
    }

    /** Ends the thread. */
    @TearDown
    public void stop() throws InterruptedException {
      stopped = true;
      thread.join();
      ring.close();
    }

    private void consume(PinnedStore store) {
      long position = 0;
      while (!stopped) {
        long head = ring.head();
        for (; position < head; position++) {
          store.acknowledge(ring.slots(), ring.offset(position));
        }
        ring.free(position);
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
  }

  /** Handles that the appending thread acknowledges itself. */
  @State(Scope.Thread)
  public static class Own {
    HandleRing ring = new HandleRing(1);
    long acknowledged;
    long appended;
    int inFlight;

    /** Sizes the ring. */
    @Setup
    public void size(Store state) {
      inFlight = Sources.inFlight(state.size);
      ring = new HandleRing(inFlight);
    }

    /** Frees the ring. */
    @TearDown(Level.Trial)
    public void close() {
      ring.close();
    }
  }

  /** A ring of resident memory. */
  @State(Scope.Thread)
  public static class Ring {
    private final Arena arena = Arena.ofShared();
    final MemorySegment memory = Sources.warmRing(arena);
    long position;

    /** Frees the ring. */
    @TearDown
    public void close() {
      arena.close();
    }
  }

  /** Append beside a thread that acknowledges. */
  @Benchmark
  public void append(Store state, Consumer consumer) {
    HandleRing ring = consumer.ring;
    long slot = ring.claim();
    state.store.append(state.source, ring.slots(), slot);
    ring.publish();
  }

  /** Append, and acknowledge an older blob. */
  @Benchmark
  public void appendAcknowledge(Store state, Own own) {
    HandleRing ring = own.ring;
    long slot = ring.offset(own.appended);
    if (own.appended - own.acknowledged == own.inFlight) {
      state.store.acknowledge(ring.slots(), slot);
      own.acknowledged++;
    }
    state.store.append(state.source, ring.slots(), slot);
    own.appended++;
  }

  /** The baseline. */
  @Benchmark
  public void copyIntoWarmRing(Store state, Ring ring) {
    long size = state.size;
    MemorySegment.copy(state.source, 0, ring.memory, ring.position, size);
    ring.position = ring.position + 2 * size > Sources.RING_BYTES ? 0 : ring.position + size;
  }
}
