package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.BlobHandle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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
 * One blob in, an older one read and dropped: the store beside what the JDK has, and beside a plain
 * copy into a warm ring. One thread; the same number of blobs is kept everywhere; of each dropped
 * blob one byte is read.
 *
 * <p>{@code heapArrays} leaves its garbage to the collector: {@code -prof gc} and {@link
 * CpuProfiler} count that work, the time of this thread does not. So does {@code directBuffers}.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PeersBenchmark {

  /** Handles of blobs in a store. */
  @State(Scope.Thread)
  public static class Handles {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment slots = arena.allocate(1024L * BlobHandle.BYTES, 64);

    /** Frees them. */
    @TearDown
    public void close() {
      arena.close();
    }
  }

  /** Places in a ring. */
  @State(Scope.Thread)
  public static class Places {
    private final long[] places = new long[1024];
  }

  /** Arrays on the heap. */
  @State(Scope.Thread)
  public static class Arrays {
    private List<byte[]> kept = new ArrayList<>();

    /** Sizes the list. */
    @Setup
    public void size(InFlight turn) {
      kept = new ArrayList<>(Collections.nCopies(turn.count, new byte[1]));
    }
  }

  /** Direct buffers, each of its own. */
  @State(Scope.Thread)
  public static class Buffers {
    private List<ByteBuffer> kept = new ArrayList<>();

    /** Sizes the list. */
    @Setup
    public void size(InFlight turn) {
      kept = new ArrayList<>(Collections.nCopies(turn.count, ByteBuffer.allocateDirect(1)));
    }
  }

  /** Arenas, each with one blob. */
  @State(Scope.Thread)
  public static class Arenas {
    private record Owned(Arena arena, MemorySegment segment) {}

    private Owned[] kept = {};

    /** Sizes the list. */
    @Setup
    public void size(InFlight turn) {
      kept = new Owned[turn.count];
    }

    /** Closes what is left. */
    @TearDown
    public void close() {
      for (Owned owned : kept) {
        if (owned != null) {
          owned.arena.close();
        }
      }
    }

    private byte replace(int slot, Arena arena, MemorySegment source) {
      Owned oldest = kept[slot];
      byte read = 0;
      if (oldest != null) {
        read = oldest.segment.get(ValueLayout.JAVA_BYTE, 0);
        oldest.arena.close();
      }
      kept[slot] = new Owned(arena, arena.allocate(source.byteSize(), 64).copyFrom(source));
      return read;
    }
  }

  /** The store: view, acknowledge, append. */
  @Benchmark
  public long pinnedStore(Blob blob, InFlight turn, SteadyStore state, Handles handles) {
    long slot = (long) turn.next() * BlobHandle.BYTES;
    long read = 0;
    if (turn.isFull()) {
      read = state.store.view(handles.slots, slot).get(ValueLayout.JAVA_BYTE, 0);
      state.store.acknowledge(handles.slots, slot);
    }
    state.store.append(blob.source, handles.slots, slot);
    return read;
  }

  /** The ceiling: a ring that keeps nothing longer than it takes to go round. */
  @Benchmark
  public byte warmRing(Blob blob, InFlight turn, WarmRing ring, Places places) {
    int slot = turn.next();
    byte read = ring.read(places.places[slot]);
    places.places[slot] = ring.copy(blob.source);
    return read;
  }

  /** Copies on the heap, left to the garbage collector. */
  @Benchmark
  public byte heapArrays(Blob blob, InFlight turn, Arrays arrays) {
    return arrays.kept.set(turn.next(), blob.source.toArray(ValueLayout.JAVA_BYTE))[0];
  }

  /** A direct buffer for each blob, left to the garbage collector. */
  @Benchmark
  public byte directBuffers(Blob blob, InFlight turn, Buffers buffers) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(blob.size);
    MemorySegment.copy(blob.source, 0, MemorySegment.ofBuffer(buffer), 0, blob.size);
    return buffers.kept.set(turn.next(), buffer).get(0);
  }

  /** An Arena of its own for each blob, closed by the thread that opened it. */
  @Benchmark
  public byte confinedArenas(Blob blob, InFlight turn, Arenas arenas) {
    return arenas.replace(turn.next(), Arena.ofConfined(), blob.source);
  }

  /** An Arena of its own for each blob, which any thread may read and close. */
  @Benchmark
  public byte sharedArenas(Blob blob, InFlight turn, Arenas arenas) {
    return arenas.replace(turn.next(), Arena.ofShared(), blob.source);
  }
}
