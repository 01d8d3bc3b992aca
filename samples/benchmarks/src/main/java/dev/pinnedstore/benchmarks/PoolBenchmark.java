package dev.pinnedstore.benchmarks;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.pinnedstore.buffer.AlignedBuffer;
import dev.pinnedstore.pool.BufferPool;
import dev.pinnedstore.pool.PageGuard;
import dev.pinnedstore.pool.PageStorage;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
 * Hits in a buffer pool: one number read from a page of 4 KiB at random, beside the same read from
 * memory without a pool (the floor), and beside maps that give no page, only find something. With
 * {@code -t 2} each thread has its own half of the pages.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PoolBenchmark {
  private static final int PAGE = 4096;
  private static final int READS = 4096;

  /** Pages, all resident. */
  @Param({"1024", "65536"})
  public int residentPages;

  private AlignedBuffer memory = AlignedBuffer.shared(PAGE);
  private MemorySegment raw = memory.segment();
  private BufferPool pool = BufferPool.builder().storage(PageStorage.memory()).build();
  private ConcurrentHashMap<Long, Long> map = new ConcurrentHashMap<>();
  private Cache<Long, Long> cache = Caffeine.newBuilder().build();
  private final AtomicInteger threads = new AtomicInteger();

  /** Makes all of them hold the same pages. */
  @Setup
  public void fill() {
    close();
    memory = AlignedBuffer.shared((long) residentPages * PAGE);
    raw = memory.segment();
    pool =
        BufferPool.builder()
            .storage(PageStorage.memory())
            .frames(residentPages + residentPages / 8 + 64)
            .backgroundFlush(false)
            .build();
    map = new ConcurrentHashMap<>();
    cache = Caffeine.newBuilder().maximumSize(2L * residentPages).build();
    for (long i = 0; i < residentPages; i++) {
      raw.set(JAVA_LONG, i * PAGE, i);
      map.put(i, i);
      cache.put(i, i);
      try (PageGuard page = pool.newPage()) {
        page.segment().set(JAVA_LONG, 0, i);
      }
    }
  }

  /** Frees them. */
  @TearDown
  public void close() {
    pool.close();
    memory.close();
  }

  /** The pages that a thread reads, in an order of its own. */
  @State(Scope.Thread)
  public static class Order {
    final long[] ids = new long[READS];

    /** Draws them from the half of this thread, if there are two. */
    @Setup
    public void draw(PoolBenchmark all, org.openjdk.jmh.infra.BenchmarkParams params) {
      int parts = params.getThreads();
      int part = all.threads.getAndIncrement() % parts;
      int pages = all.residentPages / parts;
      SplittableRandom random = new SplittableRandom(part);
      for (int i = 0; i < READS; i++) {
        ids[i] = (long) part * pages + random.nextInt(pages);
      }
    }
  }

  /** The floor: the same memory without a protocol. */
  @Benchmark
  @OperationsPerInvocation(READS)
  public long rawLoad(Order order) {
    long sum = 0;
    for (long id : order.ids) {
      sum += raw.get(JAVA_LONG, id * PAGE);
    }
    return sum;
  }

  /** Pins nothing. */
  @Benchmark
  @OperationsPerInvocation(READS)
  public long optimistic(Order order) {
    long sum = 0;
    for (long id : order.ids) {
      sum += pool.readOptimisticLong(id, page -> page.get(JAVA_LONG, 0));
    }
    return sum;
  }

  /** The same through the form for any result. */
  @Benchmark
  @OperationsPerInvocation(READS)
  public long optimisticBoxed(Order order) {
    long sum = 0;
    for (long id : order.ids) {
      sum += pool.<Long>readOptimistic(id, page -> page.get(JAVA_LONG, 0));
    }
    return sum;
  }

  /** A shared pin and its end. */
  @Benchmark
  @OperationsPerInvocation(READS)
  public long pinned(Order order) {
    long sum = 0;
    for (long id : order.ids) {
      try (PageGuard page = pool.pin(id)) {
        sum += page.segment().get(JAVA_LONG, 0);
      }
    }
    return sum;
  }

  /** A map that finds a number, no page. */
  @Benchmark
  @OperationsPerInvocation(READS)
  public long concurrentHashMap(Order order) {
    long sum = 0;
    for (long id : order.ids) {
      sum += map.get(id);
    }
    return sum;
  }

  /** A cache that finds a number, no page. */
  @Benchmark
  @OperationsPerInvocation(READS)
  public long caffeine(Order order) {
    long sum = 0;
    for (long id : order.ids) {
      sum += cache.getIfPresent(id);
    }
    return sum;
  }
}
