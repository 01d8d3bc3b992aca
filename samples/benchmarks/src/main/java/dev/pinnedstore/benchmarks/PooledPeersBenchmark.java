package dev.pinnedstore.benchmarks;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
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
 * The loop of {@link PeersBenchmark} with allocators that pool: allocate, write, and later read a
 * byte and release, on the thread that allocated.
 *
 * <p>Netty's allocators cache for the threads of its event loops; here they are told to cache for
 * every thread, so that this one has a cache as well.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PooledPeersBenchmark {

  /** Buffers of Netty. */
  @State(Scope.Thread)
  public static class Netty {
    private final ByteBufAllocator pooled =
        new PooledByteBufAllocator(
            true,
            PooledByteBufAllocator.defaultNumHeapArena(),
            PooledByteBufAllocator.defaultNumDirectArena(),
            PooledByteBufAllocator.defaultPageSize(),
            PooledByteBufAllocator.defaultMaxOrder(),
            PooledByteBufAllocator.defaultSmallCacheSize(),
            PooledByteBufAllocator.defaultNormalCacheSize(),
            true);
    private final ByteBufAllocator adaptive = new AdaptiveByteBufAllocator(true, true);
    private ByteBuf source = Unpooled.EMPTY_BUFFER;
    private ByteBuf[] kept = {};

    /** Makes the source. */
    @Setup
    public void fill(Blob blob, InFlight turn) {
      source = Unpooled.wrappedBuffer(direct(blob));
      kept = new ByteBuf[turn.count];
    }

    /** Releases what is left. */
    @TearDown
    public void close() {
      for (ByteBuf buffer : kept) {
        if (buffer != null) {
          buffer.release();
        }
      }
    }

    private byte replace(int slot, ByteBufAllocator allocator) {
      ByteBuf oldest = kept[slot];
      byte read = 0;
      if (oldest != null) {
        read = oldest.getByte(0);
        oldest.release();
      }
      int size = source.capacity();
      kept[slot] = allocator.directBuffer(size, size).writeBytes(source, 0, size);
      return read;
    }
  }

  /** Buffers of Arrow. */
  @State(Scope.Thread)
  public static class Arrow {
    private final BufferAllocator root = new RootAllocator(Long.MAX_VALUE);
    private ByteBuffer source = ByteBuffer.allocate(0);
    private ArrowBuf[] kept = {};

    /** Makes the source. */
    @Setup
    public void fill(Blob blob, InFlight turn) {
      source = direct(blob);
      kept = new ArrowBuf[turn.count];
    }

    /** Releases what is left, and checks that nothing leaks. */
    @TearDown
    public void close() {
      for (ArrowBuf buffer : kept) {
        if (buffer != null) {
          buffer.close();
        }
      }
      root.close();
    }
  }

  private static ByteBuffer direct(Blob blob) {
    return ByteBuffer.allocateDirect(blob.size).put(blob.source.asByteBuffer()).flip();
  }

  /** Netty's allocator after jemalloc, the default of Netty 4.1. */
  @Benchmark
  public byte nettyPooled(InFlight turn, Netty netty) {
    return netty.replace(turn.next(), netty.pooled);
  }

  /** Netty's adaptive allocator, the default of Netty 4.2. */
  @Benchmark
  public byte nettyAdaptive(InFlight turn, Netty netty) {
    return netty.replace(turn.next(), netty.adaptive);
  }

  /** Arrow's allocator over Netty's, its default. */
  @Benchmark
  public byte arrow(InFlight turn, Arrow arrow) {
    int slot = turn.next();
    ArrowBuf oldest = arrow.kept[slot];
    byte read = 0;
    if (oldest != null) {
      read = oldest.getByte(0);
      oldest.close();
    }
    int size = arrow.source.capacity();
    ArrowBuf buffer = arrow.root.buffer(size);
    buffer.setBytes(0, arrow.source, 0, size);
    arrow.kept[slot] = buffer;
    return read;
  }
}
