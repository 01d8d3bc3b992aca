package dev.pinnedstore.pool;

import static dev.pinnedstore.pool.PoolTest.create;
import static dev.pinnedstore.pool.PoolTest.read;
import static dev.pinnedstore.pool.PoolTest.small;
import static dev.pinnedstore.pool.PoolTest.write;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Thirteen faults of an earlier buffer pool, none of which this one has. */
class SeedBugsTest {
  static Stream<Supplier<EvictionPolicy>> policies() {
    return Stream.of(
        EvictionPolicy::clock,
        EvictionPolicy::lru,
        EvictionPolicy::twoQ,
        () -> EvictionPolicy.lruK(2),
        EvictionPolicy::lirs);
  }

  @ParameterizedTest
  @MethodSource("policies")
  void bug1PinsLeakUntilNoFrameIsLeft(Supplier<EvictionPolicy> policy) {
    try (BufferPool pool = small(64).evictionPolicy(policy).build()) {
      for (int i = 0; i < 1000; i++) {
        create(pool, i);
      }
      for (int i = 0; i < 1000; i++) {
        assertThat(read(pool, i)).isEqualTo(i);
      }
      assertThat(pool.stats().pinnedFrames()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("policies")
  void bug2PinnedPagesAreEvicted(Supplier<EvictionPolicy> policy) {
    try (BufferPool pool = small(64).evictionPolicy(policy).build()) {
      List<PageGuard> guards = new ArrayList<>();
      for (int i = 0; i < 63; i++) {
        guards.add(pool.pin(create(pool, i)));
      }
      for (int i = 63; i < 1000; i++) {
        create(pool, i);
      }
      for (int i = 0; i < 63; i++) {
        assertThat(guards.get(i).segment().get(JAVA_LONG, 8)).isEqualTo(i);
      }
      BufferPoolStats stats = pool.stats();
      assertThat(stats.evictions()).isEqualTo(936);
      assertThat(stats.pageReads()).as("pages read back").isZero();
      guards.forEach(PageGuard::close);
    }
  }

  @Test
  void bug3TheBackgroundFlusherOnlyClearsTheDirtyBit() {
    CountingStorage storage = new CountingStorage();
    try (BufferPool pool =
        BufferPool.builder()
            .storage(storage)
            .frames(64)
            .flushInterval(Duration.ofMillis(1))
            .build()) {
      for (int i = 0; i < 16; i++) {
        create(pool, i);
      }
      // Written, and not only taken to be written.
      Awaiting.until(() -> pool.stats().pageWrites() >= 16 && pool.stats().backgroundFlushes() > 0);
      assertThat(storage.writtenPages()).containsAll(LongStream.range(0, 16).boxed().toList());
    }
  }

  @Test
  void bug4ClockIsFifo() {
    try (BufferPool pool = small(64).evictionPolicy(EvictionPolicy.clock()).build()) {
      for (int i = 0; i < 3200; i++) {
        read(pool, 0);
        read(pool, 1 + i % 3200);
      }
      // The hot page alone misses once; all others are read once each.
      assertThat(pool.stats().misses()).isLessThanOrEqualTo(3202);
    }
  }

  @Test
  void bug5TwoQStrandsFramesAfterAScan() {
    try (BufferPool pool = small(64).evictionPolicy(EvictionPolicy.twoQ()).build()) {
      for (int i = 0; i < 64; i++) {
        read(pool, 1000 + i);
      }
      for (int i = 0; i < 4000; i++) {
        read(pool, i % 40);
      }
      assertThat(pool.stats().misses()).isLessThanOrEqualTo(64 + 2 * 40);
      List<PageGuard> front = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        front.add(pool.pin(i));
      }
      read(pool, 5000);
      front.forEach(PageGuard::close);
    }
  }

  @Test
  void bug6TwoThreadsThatMissOnePageGetTwoFrames() throws Exception {
    for (int round = 0; round < 100; round++) {
      CountingStorage storage = new CountingStorage();
      try (BufferPool pool =
          BufferPool.builder().storage(storage).frames(8).backgroundFlush(false).build()) {
        CountDownLatch start = new CountDownLatch(2);
        Set<Long> frames = Collections.synchronizedSet(new HashSet<>());
        Awaiting.both(
            () -> {
              start.countDown();
              start.await();
              try (PageGuard page = pool.pin(3)) {
                frames.add(page.segment().address());
              }
            });
        assertThat(frames).hasSize(1);
        assertThat(storage.reads()).isEqualTo(1);
      }
    }
  }

  @Test
  void bug7AHitPinsAFrameThatIsAnotherPagesByNow() throws Exception {
    try (BufferPool pool = small(4).pinTimeout(Duration.ofSeconds(10)).build()) {
      for (int i = 0; i < 12; i++) {
        create(pool, i);
      }
      Awaiting.both(
          () -> {
            SplittableRandom random = new SplittableRandom(7);
            for (int i = 0; i < 20_000; i++) {
              long id = random.nextInt(12);
              assertThat(read(pool, id)).isEqualTo(id);
              assertThat(pool.readOptimisticLong(id, page -> page.get(JAVA_LONG, 8))).isEqualTo(id);
            }
          });
    }
  }

  @Test
  void bug8PrefetchIntoAFullPoolHangsEverybody() {
    try (BufferPool pool = small(8).build()) {
      for (int i = 0; i < 32; i++) {
        create(pool, i);
      }
      pool.flushAll();
      for (int i = 0; i < 100; i++) {
        assertThat(pool.prefetch(i % 32, (i + 7) % 32, (i + 13) % 32).join()).isNotNegative();
        assertThat(read(pool, i % 32)).isEqualTo(i % 32);
      }
      List<PageGuard> all = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        all.add(pool.pin(i));
      }
      assertThat(pool.prefetchRange(8, 24).join()).as("no frame, no wait").isZero();
      all.forEach(PageGuard::close);
    }
  }

  @Test
  void bug9AChangeDuringTheWriteIsTakenForWritten() throws Exception {
    CountDownLatch writing = new CountDownLatch(1);
    CountDownLatch changed = new CountDownLatch(1);
    CountingStorage storage =
        new CountingStorage() {
          @Override
          public long write(List<IoSlice> sources, long position) throws IOException {
            long written = super.write(sources, position);
            writing.countDown();
            await(changed);
            return written;
          }
        };
    try (BufferPool pool =
        BufferPool.builder().storage(storage).frames(1).backgroundFlush(false).build()) {
      long id = create(pool, 1);
      Thread flusher = Thread.ofPlatform().start(() -> pool.flush(id));
      writing.await();
      write(pool, id, 2);
      assertThat(pool.stats().dirtyFrames()).isEqualTo(1);
      changed.countDown();
      flusher.join();
      assertThat(pool.stats().dirtyFrames()).as("changed after it was taken").isEqualTo(1);
      read(pool, 5);
      assertThat(read(pool, id)).as("read back").isEqualTo(2);
    }
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(1, TimeUnit.MINUTES)) {
        throw new IOException("nobody came");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void bug10AFailedReadOrWriteLosesTheFrame() {
    CountingStorage storage = new CountingStorage();
    try (BufferPool pool =
        BufferPool.builder().storage(storage).frames(2).backgroundFlush(false).build()) {
      storage.failReads = true;
      for (int i = 0; i < 10; i++) {
        assertThatThrownBy(() -> pool.pin(1)).isInstanceOf(PageIoException.class);
      }
      storage.failReads = false;
      assertThat(read(pool, 1)).isZero();
      long id = create(pool, 77);
      create(pool, 78);
      storage.failWrites = true;
      for (int i = 0; i < 10; i++) {
        assertThatThrownBy(pool::newPage).isInstanceOf(PageIoException.class);
      }
      assertThat(pool.stats().dirtyFrames()).isEqualTo(2);
      storage.failWrites = false;
      create(pool, 79);
      assertThat(read(pool, id)).isEqualTo(77);
    }
  }

  @Test
  void bug11FlushBatchesAreNotSorted() {
    CountingStorage storage = new CountingStorage();
    try (BufferPool pool =
        BufferPool.builder()
            .storage(storage)
            .frames(64)
            .maxFlushBatch(8)
            .backgroundFlush(false)
            .build()) {
      for (long id : new long[] {40, 3, 17, 2, 1, 30, 16, 29}) {
        write(pool, id, id);
      }
      pool.flushAll();
      assertThat(storage.writes).containsExactly("1+3", "16+2", "29+2", "40+1");
      assertThat(pool.stats().pageWrites()).isEqualTo(8);
    }
  }

  @Test
  void bug12AFrameTakesFiveTimesItsPage() {
    try (BufferPool pool = BufferPool.builder().storage(PageStorage.memory()).build()) {
      for (int i = 0; i < 10_000; i++) {
        pool.newPage().close();
      }
      BufferPoolStats stats = pool.stats();
      long tableBytes = (10_000 + (1 << 14)) * 8L;
      // The policy's nodes: ids, entries of their table, links, bits.
      long policyBytes = (1 << 14) * (8 + 2 * 4 + 4 + 4) + (1 << 14) / 8;
      assertThat(stats.metadataBytes() + policyBytes)
          .isLessThanOrEqualTo(tableBytes + (long) (0.02 * 10_000 * 4096));
    }
  }

  @Test
  void bug13HitsAllocateAndShareCounters() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (BufferPool pool = small(16).build()) {
      for (int i = 0; i < 16; i++) {
        create(pool, i);
      }
      // Until it is compiled, which the machine takes its time for, each hit allocates its guard.
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 20_000 && least > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        hit(pool, 10_000);
        // What the bean itself allocates.
        least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / 10_000);
      }
      assertThat(least).as("bytes a hit").isZero();
      assertThat(pool.stats().latchWaits()).isZero();
      assertThat(pool.stats().misses()).isZero();
    }
  }

  private static long hit(BufferPool pool, int times) {
    long sum = 0;
    for (int i = 0; i < times; i++) {
      try (PageGuard page = pool.pin(i & 15)) {
        sum += page.pageId();
      }
    }
    return sum;
  }
}
