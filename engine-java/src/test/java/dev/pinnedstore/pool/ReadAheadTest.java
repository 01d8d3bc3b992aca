package dev.pinnedstore.pool;

import static dev.pinnedstore.pool.PoolTest.create;
import static dev.pinnedstore.pool.PoolTest.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pages that are read before anybody asks: behind sequential readers, and on request. */
class ReadAheadTest {
  private static final int PAGES = 2000;

  /** Reads of several pages, as first page and number of pages. */
  private final List<String> windows = Collections.synchronizedList(new ArrayList<>());

  private final CountingStorage storage =
      new CountingStorage() {
        @Override
        public CompletableFuture<Long> readAsync(List<IoSlice> targets, long position) {
          windows.add(position / 4096 + "+" + targets.size());
          return super.readAsync(targets, position);
        }

        @Override
        public void close() {
          // Opened again by each test.
        }
      };

  @BeforeEach
  void fill() {
    try (BufferPool pool = pool(100).build()) {
      for (int i = 0; i < PAGES; i++) {
        create(pool, i);
      }
    }
    windows.clear();
  }

  private BufferPoolBuilder pool(int frames) {
    return BufferPool.builder().storage(storage).frames(frames).backgroundFlush(false);
  }

  @Test
  void aScanIsReadInWindowsThatDouble() {
    try (BufferPool pool = pool(512).readAhead(64).build()) {
      for (int i = 0; i < PAGES; i++) {
        assertThat(read(pool, i)).isEqualTo(i);
      }
      // Windows of 8, 16, 32 and then 64 pages, in reads of 32 at most.
      assertThat(windows.subList(0, 7))
          .containsExactly("2+8", "10+16", "26+32", "58+32", "90+32", "122+32", "154+32");
      BufferPoolStats stats = pool.stats();
      assertThat(stats.misses()).isEqualTo(2);
      assertThat(stats.readAheadPages()).isEqualTo(PAGES - 2);
      assertThat(stats.readAheadUnused()).isZero();
      assertThat(stats.pageReads()).isEqualTo(PAGES);
      assertThat(stats.sharedHitRatio()).isEqualTo(1 - 2.0 / PAGES);
    }
  }

  @Test
  void twoScansAtOnceAreTwoStreams() {
    try (BufferPool pool = pool(512).readAhead(32).build()) {
      for (int i = 0; i < 500; i++) {
        assertThat(read(pool, i)).isEqualTo(i);
        assertThat(read(pool, 1000 + i)).isEqualTo(1000 + i);
      }
      assertThat(pool.stats().misses()).isEqualTo(4);
    }
  }

  @Test
  void randomReadsReadNothingAhead() {
    try (BufferPool pool = pool(64).build()) {
      SplittableRandom random = new SplittableRandom(3);
      for (int i = 0; i < 500; i++) {
        read(pool, 2L * random.nextInt(PAGES / 2));
      }
      assertThat(windows).isEmpty();
    }
  }

  @Test
  void itStopsWhenItsPagesLeaveUnread() {
    try (BufferPool pool = pool(64).readAhead(64).build()) {
      for (int i = 0; i < 300; i++) {
        // Two in a row, and never the rest.
        read(pool, 6L * i);
        read(pool, 6L * i + 1);
      }
      BufferPoolStats stats = pool.stats();
      assertThat(stats.readAheadUnused()).isPositive();
      // Eight each without the brake.
      assertThat(stats.readAheadPages()).isLessThan(300 * 4);
    }
  }

  @Test
  void itCanBeTurnedOff() {
    try (BufferPool pool = pool(64).readAhead(0).build()) {
      for (int i = 0; i < 200; i++) {
        read(pool, i);
      }
      assertThat(windows).isEmpty();
      assertThat(pool.stats().misses()).isEqualTo(200);
    }
  }

  @Test
  void aWindowThatFailsIsReadByWhoWantsIt() {
    try (BufferPool pool = pool(64).build()) {
      read(pool, 0);
      read(pool, 1);
      storage.failReads = true;
      pool.prefetchRange(100, 10).join();
      storage.failReads = false;
      for (int i = 0; i < 200; i++) {
        assertThat(read(pool, i)).isEqualTo(i);
      }
    }
  }

  @Test
  void prefetchReadsRunsAtOnce() {
    try (BufferPool pool = pool(64).readAhead(0).build()) {
      assertThat(pool.prefetch(7, 5, 6, 30, 5, 31).join()).isEqualTo(5);
      assertThat(windows).containsExactly("5+3", "30+2");
      assertThat(pool.prefetchRange(4, 6).join()).as("absent ones").isEqualTo(3);
      assertThat(windows.subList(2, 4)).containsExactly("4+1", "8+2");
      assertThat(pool.prefetchRange(PAGES - 3, 100).join()).isEqualTo(3);
      for (int i = 4; i < 10; i++) {
        assertThat(read(pool, i)).isEqualTo(i);
      }
      assertThat(pool.stats().misses()).isZero();
      assertThatThrownBy(() -> pool.prefetchRange(0, -1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void prefetchesBeyondTheQueueAreDropped() throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    CountingStorage slow =
        new CountingStorage() {
          @Override
          public CompletableFuture<Long> readAsync(List<IoSlice> targets, long position) {
            try {
              held.await();
            } catch (InterruptedException e) {
              return CompletableFuture.failedFuture(new IOException(e));
            }
            return super.readAsync(targets, position);
          }
        };
    try (BufferPool pool =
        BufferPool.builder()
            .storage(slow)
            .frames(16)
            .readAhead(0)
            .backgroundFlush(false)
            .prefetch(true)
            .prefetchThreads(1)
            .prefetchQueue(2)
            .build()) {
      for (int i = 0; i < 40; i++) {
        create(pool, i);
      }
      pool.flushAll();
      List<CompletableFuture<Integer>> requests = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        requests.add(pool.prefetch(i));
      }
      assertThat(pool.stats().droppedPrefetches()).isBetween(7L, 8L);
      held.countDown();
      for (CompletableFuture<Integer> request : requests) {
        assertThat(request.get()).isNotNegative();
      }
    }
  }
}
