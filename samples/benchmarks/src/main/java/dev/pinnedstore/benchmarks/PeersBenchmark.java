package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.Lifecycle;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
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
 * One blob in, an older one read and dropped: the store beside other ways to keep blobs for a
 * while. One thread; the same number of blobs is in flight everywhere; of each dropped blob one
 * byte is read.
 *
 * <p>A ring buffer keeps its blobs in order and cannot keep one of them longer than the others; the
 * heap and the store can.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PeersBenchmark {
  /** Bytes of a blob. */
  @Param({"64", "4096"})
  public int size;

  private final Arena arena = Arena.ofShared();
  private MemorySegment source = MemorySegment.NULL;
  private byte[] heapSource = {};
  private UnsafeBuffer agronaSource = new UnsafeBuffer(heapSource);
  private int inFlight;

  private final PinnedStore store = PinnedStore.open(StoreConfig.defaults());
  private final Lifecycle lifecycle = store.startLifecycle();
  private MemorySegment handles = MemorySegment.NULL;
  private long position;

  private final Queue<byte[]> arrays = new ArrayDeque<>();
  private final Queue<Owned> segments = new ArrayDeque<>();
  private final ManyToOneRingBuffer ring =
      new ManyToOneRingBuffer(
          new UnsafeBuffer(
              ByteBuffer.allocateDirect((16 << 20) + RingBufferDescriptor.TRAILER_LENGTH)));
  private long ringSum;

  private record Owned(Arena arena, MemorySegment segment) {}

  /** Makes the bytes. */
  @Setup
  public void fill() {
    source = Sources.random(arena, size);
    heapSource = source.toArray(ValueLayout.JAVA_BYTE);
    agronaSource = new UnsafeBuffer(heapSource);
    inFlight = Math.min(1024, Sources.inFlight(size));
    handles = arena.allocate((long) inFlight * BlobHandle.BYTES, 64);
  }

  /** Closes everything. */
  @TearDown
  public void close() {
    lifecycle.close();
    store.close();
    segments.forEach(owned -> owned.arena.close());
    arena.close();
  }

  /** The store: append, view, acknowledge. */
  @Benchmark
  public long pinnedStore() {
    long slot = position % inFlight * BlobHandle.BYTES;
    long read = 0;
    if (position >= inFlight) {
      read = store.view(handles, slot).get(ValueLayout.JAVA_BYTE, 0);
      store.acknowledge(handles, slot);
    }
    store.append(source, handles, slot);
    position++;
    return read;
  }

  /** Copies on the heap, left to the garbage collector. */
  @Benchmark
  public long heapArrays() {
    long read = 0;
    if (arrays.size() >= inFlight) {
      read = arrays.remove()[0];
    }
    arrays.add(heapSource.clone());
    return read;
  }

  /** An Arena of its own for each blob, closed by the thread that opened it. */
  @Benchmark
  public long confinedArenas() {
    long read = 0;
    if (segments.size() >= inFlight) {
      Owned oldest = segments.remove();
      read = oldest.segment.get(ValueLayout.JAVA_BYTE, 0);
      oldest.arena.close();
    }
    Arena own = Arena.ofConfined();
    segments.add(new Owned(own, own.allocate(size, 64).copyFrom(source)));
    return read;
  }

  /** Agrona's ring buffer, read in batches. */
  @Benchmark
  public long agronaRingBuffer() {
    while (!ring.write(1, agronaSource, 0, size)) {
      ring.read((_, buffer, index, _) -> ringSum += buffer.getByte(index));
    }
    if (++position % inFlight == 0) {
      ring.read((_, buffer, index, _) -> ringSum += buffer.getByte(index));
    }
    return ringSum;
  }
}
