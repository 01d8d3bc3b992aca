package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
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

/**
 * The append that allocates nothing, in steady state, beside a plain copy into a warm ring.
 *
 * <p>{@code append}: another thread acknowledges, in batches, as a service would. {@code
 * copyAndHandOver} is the same loop with the same ring of handles, but a plain copy in place of the
 * store: what the hand-over between two processors costs by itself. {@code appendAcknowledge}: the
 * appending thread acknowledges what it appended a while ago, so one figure holds both. A lifecycle
 * runs beside all appends. {@code copyIntoWarmRing} is what the memory bus allows.
 *
 * <p>{@code appendAcknowledge} and {@code copyIntoWarmRing} also run with two threads, on one store
 * and on two rings.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class AppendBenchmark {

  /** A thread that acknowledges. */
  @State(Scope.Benchmark)
  public static class Acknowledger {
    HandleRing ring = new HandleRing(1);
    private Consumer consumer = new Consumer(ring, (_, _) -> {});

    /** Starts the thread. */
    @Setup
    public void start(Blob blob, SteadyStore state) {
      PinnedStore store = state.store;
      ring = new HandleRing(Sources.inFlight(blob.size));
      consumer = new Consumer(ring, store::acknowledge).start();
      state.closeAfter(this::stop);
    }

    private void stop() {
      consumer.close();
      ring.close();
    }
  }

  /** A thread that only reads handles. */
  @State(Scope.Benchmark)
  public static class Reader {
    HandleRing ring = new HandleRing(1);
    private Consumer consumer = new Consumer(ring, (_, _) -> {});
    private long sum;

    /** Starts the thread. */
    @Setup
    public void start(Blob blob) {
      ring = new HandleRing(Sources.inFlight(blob.size));
      consumer =
          new Consumer(
                  ring,
                  (slots, offset) -> sum += slots.get(ValueLayout.JAVA_LONG_UNALIGNED, offset))
              .start();
    }

    /** Ends the thread. */
    @TearDown
    public void stop() {
      consumer.close();
      ring.close();
    }
  }

  /** Handles that the appending thread acknowledges itself. */
  @State(Scope.Thread)
  public static class Own {
    private HandleRing ring = new HandleRing(1);
    private long appended;
    private int inFlight;

    /** Sizes the ring. */
    @Setup
    public void size(Blob blob) {
      inFlight = Sources.inFlight(blob.size);
      ring = new HandleRing(inFlight);
    }

    /** Frees the ring. */
    @TearDown
    public void close() {
      ring.close();
    }
  }

  /** Append beside a thread that acknowledges. */
  @Benchmark
  public void append(Blob blob, SteadyStore state, Acknowledger acknowledger) {
    HandleRing ring = acknowledger.ring;
    long slot = ring.claim();
    state.store.append(blob.source, ring.slots(), slot);
    ring.publish();
  }

  /** The same without a store: a copy, and 24 bytes handed over. */
  @Benchmark
  public void copyAndHandOver(Blob blob, WarmRing memory, Reader reader) {
    HandleRing ring = reader.ring;
    long slot = ring.claim();
    long at = memory.copy(blob.source);
    MemorySegment slots = ring.slots();
    slots.set(ValueLayout.JAVA_LONG_UNALIGNED, slot, at);
    slots.set(ValueLayout.JAVA_LONG_UNALIGNED, slot + 8, blob.size);
    slots.set(ValueLayout.JAVA_LONG_UNALIGNED, slot + BlobHandle.BYTES - 8, at);
    ring.publish();
  }

  /** Append, and acknowledge an older blob. */
  @Benchmark
  public void appendAcknowledge(Blob blob, SteadyStore state, Own own) {
    MemorySegment slots = own.ring.slots();
    long slot = own.ring.offset(own.appended);
    if (own.appended >= own.inFlight) {
      state.store.acknowledge(slots, slot);
    }
    state.store.append(blob.source, slots, slot);
    own.appended++;
  }

  /** The ceiling. */
  @Benchmark
  public long copyIntoWarmRing(Blob blob, WarmRing ring) {
    return ring.copy(blob.source);
  }
}
