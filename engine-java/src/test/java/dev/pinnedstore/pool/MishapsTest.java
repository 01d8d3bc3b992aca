package dev.pinnedstore.pool;

import static dev.pinnedstore.pool.PoolTest.create;
import static dev.pinnedstore.pool.PoolTest.read;
import static dev.pinnedstore.pool.PoolTest.small;
import static dev.pinnedstore.pool.PoolTest.write;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes at the wrong moment: a change, a close, a second close. */
class MishapsTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anErrorOfAReaderCountsOnlyIfThePageDidNotChange(boolean number) {
    try (BufferPool pool = small(4).build()) {
      long id = create(pool, 7);
      AtomicInteger calls = new AtomicInteger();
      long seen =
          number
              ? pool.readOptimisticLong(
                  id, page -> changedMeanwhile(pool, id, calls) + page.get(JAVA_LONG, 8))
              : pool.readOptimistic(
                  id, page -> changedMeanwhile(pool, id, calls) + page.get(JAVA_LONG, 8));
      assertThat(seen).isEqualTo(8);
      assertThat(calls).hasValue(2);
      assertThat(pool.stats().optimisticRetries()).isEqualTo(1);
      assertThatThrownBy(
              () ->
                  pool.readOptimisticLong(
                      id,
                      page -> {
                        throw new StackOverflowError("of its own");
                      }))
          .isInstanceOf(StackOverflowError.class);
    }
  }

  /** As if another thread had changed the page, so that its bytes were torn. */
  private static long changedMeanwhile(BufferPool pool, long id, AtomicInteger calls) {
    if (calls.getAndIncrement() == 0) {
      write(pool, id, 8);
      throw new OutOfMemoryError("an array as long as torn bytes say");
    }
    return 0;
  }

  @Test
  void aMissBesideCloseIsToldThatThePoolIsClosed() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    CountingStorage storage =
        new CountingStorage() {
          @Override
          public long read(List<IoSlice> targets, long position) throws IOException {
            reading.countDown();
            try {
              closed.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            throw new ClosedChannelException();
          }

          @Override
          public void close() throws IOException {
            super.close();
            closed.countDown();
          }
        };
    BufferPool pool = small(4).storage(storage).build();
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread reader =
        Thread.ofPlatform()
            .start(() -> thrown.set(catchThrowable(() -> read(pool, PageIds.of(1, 5)))));
    reading.await();
    pool.close();
    reader.join();
    assertThat(thrown.get()).isInstanceOf(BufferPoolClosedException.class);
  }

  @Test
  void missesAndFlushesBesideCloseEndAsOfAClosedPool() throws Exception {
    Path file = directory.resolve("pages");
    for (int round = 0; round < 30; round++) {
      BufferPool pool =
          BufferPool.builder().file(file).frames(8).backgroundFlush(round % 2 == 0).build();
      CountDownLatch busy = new CountDownLatch(3);
      Awaiting.Action worker =
          () -> {
            Throwable thrown = null;
            for (int i = 0; thrown == null; i++) {
              int page = i % 40;
              boolean flushes = i % 16 == 15;
              thrown =
                  catchThrowable(
                      () -> {
                        if (flushes) {
                          pool.flushAll();
                        } else {
                          try (PageGuard guard = pool.pinExclusive(page)) {
                            guard.markDirty(1);
                          }
                        }
                      });
              if (i == 50) {
                busy.countDown();
              }
            }
            assertThat(thrown).isInstanceOf(BufferPoolClosedException.class);
          };
      AtomicReference<Throwable> closing = new AtomicReference<>();
      Awaiting.all(
          worker,
          worker,
          worker,
          () -> {
            busy.await();
            closing.set(catchThrowable(pool::close));
          });
      // A page may be held at that moment, and is named then.
      if (closing.get() != null) {
        assertThat(closing.get())
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("pinned exclusively");
      }
    }
  }

  @Test
  void aGuardThatTwoThreadsCloseAtOnceUnpinsOnce() {
    try (BufferPool pool = small(4).build()) {
      for (long latch : new long[] {PageWordLayout.RESIDENT, 0, PageWordLayout.EXCLUSIVE}) {
        long[] words = {(77L << 38) | (5L << 12) | PageWordLayout.USED | latch};
        long before = words[0];
        assertThatThrownBy(() -> pool.unpin(words, 0, false, null))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageStartingWith("page 0 is not pinned");
        assertThat(words).containsExactly(before);
      }
      long[] shared = {(77L << 38) | (PageWordLayout.RESIDENT + 1)};
      assertThatThrownBy(() -> pool.unpin(shared, 0, true, null))
          .isInstanceOf(IllegalStateException.class);
      pool.unpin(shared, 0, false, null);
      assertThat(shared).containsExactly((77L << 38) | PageWordLayout.RESIDENT);
    }
  }

  @Test
  void aGuardClosedByTwoThreadsAtOnceLosesNoPage() throws Exception {
    try (BufferPool pool = small(4).build()) {
      long id = create(pool, 7);
      for (int round = 0; round < 2000; round++) {
        PageGuard guard = round % 2 == 0 ? pool.pin(id) : pool.pinExclusive(id);
        // One of the two may be told.
        Awaiting.Action close =
            () -> {
              var _ = catchThrowable(guard::close);
            };
        if (round < 200) {
          Awaiting.both(close);
        } else {
          guard.close();
        }
        assertThat(read(pool, id)).isEqualTo(7);
        assertThat(pool.stats().pinnedFrames()).isZero();
      }
    }
  }

  @Test
  void aRestoredPageThatIsNotLetInIsNotCountedAsDirty() {
    BufferPoolConfig config = BufferPool.builder().frames(4).backgroundFlush(false).config();
    PageStorage storage = PageStorage.memory();
    try {
      PoolFile file = new PoolFile(0, storage, null, config);
      PoolParts parts = new PoolParts(config, List.of(file), null);
      try (PoolWork work = new PoolWork(parts)) {
        int frame = work.supply.take();
        parts.frames.change(frame, FrameTable.DIRTY, 0);
        parts.counters.dirtyFrames.incrementAndGet();
        work.supply.give(frame);
        assertThat(parts.counters.dirtyFrames).hasValue(0);
        assertThat(parts.frames.flags(frame)).isZero();
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
