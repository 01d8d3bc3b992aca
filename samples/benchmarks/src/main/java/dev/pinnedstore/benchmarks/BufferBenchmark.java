package dev.pinnedstore.benchmarks;

import dev.pinnedstore.buffer.AlignedBuffer;
import dev.pinnedstore.buffer.IoSlice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Aligned buffers that come and go, frames, and copies, beside what the JDK has for it: an arena
 * that allocates, and {@code MemorySegment.copy}.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class BufferBenchmark {
  private static final int FRAMES = 16_384;

  /** A buffer of frames. */
  @State(Scope.Benchmark)
  public static class Frames {
    final AlignedBuffer buffer = AlignedBuffer.shared((long) FRAMES * AlignedBuffer.PAGE_SIZE);

    /** Frees it. */
    @TearDown
    public void close() {
      buffer.close();
    }
  }

  /** Two buffers of a size. */
  @State(Scope.Thread)
  public static class Pair {
    /** Bytes of each. */
    @Param({"4096", "65536", "1048576"})
    public int size;

    private AlignedBuffer source = AlignedBuffer.page();
    private AlignedBuffer target = AlignedBuffer.page();
    MemorySegment from = MemorySegment.NULL;
    MemorySegment to = MemorySegment.NULL;

    /** Sizes them. */
    @Setup
    public void size() {
      close();
      source = AlignedBuffer.zeroed(size);
      target = AlignedBuffer.zeroed(size);
      from = source.segment().fill((byte) 1);
      to = target.segment().fill((byte) 2);
    }

    /** Frees them. */
    @TearDown
    public void close() {
      source.close();
      target.close();
    }
  }

  /** A page of zeros, confined. */
  @Benchmark
  public long page() {
    try (AlignedBuffer page = AlignedBuffer.page()) {
      return page.capacity();
    }
  }

  /** A page that is not zeroed, confined. */
  @Benchmark
  public long pageNotZeroed() {
    try (AlignedBuffer page = AlignedBuffer.withCapacity(AlignedBuffer.PAGE_SIZE)) {
      return page.capacity();
    }
  }

  /** A page of zeros for all threads. */
  @Benchmark
  public long sharedPage() {
    try (AlignedBuffer page = AlignedBuffer.shared(AlignedBuffer.PAGE_SIZE)) {
      return page.capacity();
    }
  }

  /** What the JDK has for {@link #page()}. */
  @Benchmark
  public long arenaPage() {
    try (Arena arena = Arena.ofConfined()) {
      return arena.allocate(AlignedBuffer.PAGE_SIZE, AlignedBuffer.ALIGNMENT).byteSize();
    }
  }

  /** A MiB of zeros, confined. */
  @Benchmark
  public long mebibyte() {
    try (AlignedBuffer buffer = AlignedBuffer.zeroed(1 << 20)) {
      return buffer.capacity();
    }
  }

  /** Cutting into frames, and looking at each. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long slices(Frames frames) {
    long sum = 0;
    for (IoSlice frame : frames.buffer.slices(AlignedBuffer.PAGE_SIZE)) {
      sum += frame.length();
    }
    return sum;
  }

  /** A copy in memory of its own, and closing it. */
  @Benchmark
  public long copy(Pair pair) {
    try (AlignedBuffer copy = pair.source.copy()) {
      return copy.capacity();
    }
  }

  /** The baseline of {@link #copy}. */
  @Benchmark
  public MemorySegment memcpy(Pair pair) {
    MemorySegment.copy(pair.from, 0, pair.to, 0, pair.size);
    return pair.to;
  }
}
