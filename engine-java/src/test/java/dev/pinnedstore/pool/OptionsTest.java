package dev.pinnedstore.pool;

import static dev.pinnedstore.pool.PoolTest.create;
import static dev.pinnedstore.pool.PoolTest.read;
import static dev.pinnedstore.pool.PoolTest.small;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pinnedstore.buffer.IoSlice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Options whose effect no other test needs; each of these fails if its option is ignored. */
class OptionsTest {
  @TempDir private Path directory;

  private static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void backgroundFlushIsTheThreadOfThePool(boolean background) {
    Set<Thread> before = threads();
    try (BufferPool _ = small(4).backgroundFlush(background).build()) {
      Set<Thread> made = new HashSet<>(threads());
      made.removeAll(before);
      assertThat(made.stream().filter(t -> t.getName().equals("pinnedstore-pool")))
          .hasSize(background ? 1 : 0);
    }
  }

  @Test
  @Timeout(60)
  void theFlushIntervalIsHowOftenAllIsWritten() {
    try (BufferPool pool =
        small(8).backgroundFlush(true).flushInterval(Duration.ofMillis(1)).build()) {
      for (int i = 0; i < 4; i++) {
        create(pool, i);
        // Longer than that in all at the default.
        Awaiting.until(() -> pool.stats().dirtyFrames() == 0);
      }
      assertThat(pool.stats().backgroundFlushes()).isGreaterThanOrEqualTo(4);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 12})
  void aThreadKeepsAsManyFreeFramesAsItMay(int framesPerCore) {
    try (BufferPool pool = small(1024).perCorePools(true).framesPerCore(framesPerCore).build()) {
      for (int i = 0; i < 1024; i++) {
        create(pool, i);
      }
      // The first one makes sixteen leave.
      for (int i = 0; i < 16; i++) {
        create(pool, i);
      }
      assertThat(pool.stats().freeFrames()).isZero();
      assertThat(pool.stats().perCoreAllocations()).isEqualTo(framesPerCore);
      assertThat(pool.stats().sharedAllocations()).isEqualTo(1024 + 16 - framesPerCore);
    }
  }

  @Test
  void partitionsAreTheStripesOnWhichThreadsWait() throws Exception {
    BufferPoolConfig config =
        BufferPool.builder().frames(4).backgroundFlush(false).pageTablePartitions(3).config();
    PoolFile file = new PoolFile(0, PageStorage.memory(), null, config);
    PoolParts parts = new PoolParts(config, List.of(file), null);
    try (PoolWork _ = new PoolWork(parts)) {
      assertThat(parts.waits.stripes()).isEqualTo(3);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void prefetchesAreBegunByThreadsOfThePoolIfItHasThese(boolean threads) {
    AtomicReference<Thread> reader = new AtomicReference<>();
    CountingStorage storage =
        new CountingStorage() {
          @Override
          public CompletableFuture<Long> readAsync(List<IoSlice> targets, long position) {
            reader.set(Thread.currentThread());
            return super.readAsync(targets, position);
          }
        };
    try (BufferPool pool =
        BufferPool.builder()
            .storage(storage)
            .frames(16)
            .readAhead(0)
            .backgroundFlush(false)
            .prefetch(threads)
            .build()) {
      for (int i = 0; i < 40; i++) {
        create(pool, i);
      }
      pool.flushAll();
      assertThat(pool.prefetch(0).join()).isEqualTo(1);
      assertThat(reader.get().getName().startsWith("pinnedstore-prefetch-")).isEqualTo(threads);
    }
  }

  @Test
  void asManyPrefetchesAreBegunAtOnceAsThereAreThreads() {
    CountDownLatch allBegun = new CountDownLatch(3);
    CountingStorage storage =
        new CountingStorage() {
          @Override
          public CompletableFuture<Long> readAsync(List<IoSlice> targets, long position) {
            allBegun.countDown();
            try {
              allBegun.await();
            } catch (InterruptedException e) {
              return CompletableFuture.failedFuture(e);
            }
            return super.readAsync(targets, position);
          }
        };
    try (BufferPool pool =
        BufferPool.builder()
            .storage(storage)
            .frames(16)
            .readAhead(0)
            .backgroundFlush(false)
            .prefetch(true)
            .prefetchThreads(3)
            .build()) {
      for (int i = 0; i < 40; i++) {
        create(pool, i);
      }
      pool.flushAll();
      List<CompletableFuture<Integer>> all =
          List.of(pool.prefetch(0), pool.prefetch(2), pool.prefetch(4));
      try {
        Awaiting.until(() -> allBegun.getCount() == 0);
      } finally {
        while (allBegun.getCount() > 0) {
          allBegun.countDown();
        }
      }
      assertThat(all).allSatisfy(each -> assertThat(each.join()).isEqualTo(1));
    }
  }

  @Test
  void thePinTimeoutIsHowLongAFrameIsAwaited() throws Exception {
    try (BufferPool pool = small(1).pinTimeout(Duration.ofDays(1)).build()) {
      PageGuard only = pool.newPage();
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread waiter =
          Thread.ofPlatform().start(() -> thrown.set(catchThrowable(() -> read(pool, 7))));
      // A millisecond each but for the first ten: longer than the default.
      Awaiting.until(
          () ->
              pool.stats().failedEvictions() > 500 || waiter.getState() == Thread.State.TERMINATED);
      assertThat(thrown.get()).isNull();
      only.close();
      waiter.join();
      assertThat(thrown.get()).isNull();
    }
  }

  @Test
  void withoutDoubleWriteThereIsNoFileForIt() {
    Path file = directory.resolve("pages");
    Path area = directory.resolve("pages.dwb");
    for (boolean doubleWrite : new boolean[] {false, true}) {
      try (BufferPool pool =
          BufferPool.builder().file(file).frames(4).doubleWrite(doubleWrite).build()) {
        create(pool, 1);
        pool.flushAll();
        assertThat(Files.exists(area)).isEqualTo(doubleWrite);
      }
    }
  }

  @Test
  void theLogThatWasSetIsAsked() {
    AtomicInteger asked = new AtomicInteger();
    WriteAheadLog log =
        () -> {
          asked.incrementAndGet();
          return Long.MAX_VALUE;
        };
    try (BufferPool pool = small(4).wal(log).build()) {
      create(pool, 1);
      pool.flushAll();
      assertThat(asked).hasPositiveValue();
    }
  }
}
