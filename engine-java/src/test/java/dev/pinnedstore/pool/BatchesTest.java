package dev.pinnedstore.pool;

import static dev.pinnedstore.pool.PoolTest.read;
import static dev.pinnedstore.pool.PoolTest.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pinnedstore.buffer.IoSlice;
import dev.pinnedstore.pool.SimulatedDisk.Fault;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Two batches take turns: what is under way together, what waits, and what a failure leaves. */
class BatchesTest {
  private final HeldStorage storage = new HeldStorage();

  private static BufferPoolBuilder pool(PageStorage storage, int frames) {
    return BufferPool.builder()
        .storage(storage)
        .frames(frames)
        .maxFlushBatch(1)
        .evictionPolicy(EvictionPolicy::lru)
        .backgroundFlush(false)
        .readAhead(0);
  }

  /** What a thread threw, or nothing. */
  private static final class Outcome {
    final AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    final Thread thread;

    Outcome(Runnable action) {
      thread = Thread.ofPlatform().start(() -> thrown.set(catchThrowable(action::run)));
    }

    @Nullable Throwable get() throws InterruptedException {
      thread.join();
      return thrown.get();
    }

    void awaitWaiting() {
      Awaiting.until(
          () ->
              thread.getState() == Thread.State.WAITING
                  || thread.getState() == Thread.State.TIMED_WAITING);
    }
  }

  @Test
  void theNextBatchBeginsWhileOneIsUnderWay() throws Exception {
    try (BufferPool pool = pool(storage, 8).build()) {
      for (int i = 1; i <= 4; i++) {
        write(pool, 10L * i, i);
      }
      storage.holds = true;
      Outcome flush = new Outcome(pool::flushAll);
      Awaiting.until(() -> storage.begun.size() == 2);
      flush.awaitWaiting();
      assertThat(storage.begunPages()).as("two at most").containsExactly(10L, 20L);
      assertThat(pool.stats().dirtyFrames()).as("with those under way").isEqualTo(4);
      // The second one ends first: it waits for the first one all the same.
      storage.end(1);
      assertThat(pool.stats().dirtyFrames()).isEqualTo(4);
      storage.end(0);
      Awaiting.until(() -> storage.begun.size() == 4);
      storage.end(2);
      storage.end(3);
      assertThat(flush.get()).isNull();
      assertThat(pool.stats().dirtyFrames()).isZero();
      assertThat(storage.begunPages()).containsExactly(10L, 20L, 30L, 40L);
      storage.holds = false;
    }
  }

  @Test
  void aPageStaysInItsFrameUntilItsOwnWriteHasEnded() throws Exception {
    try (BufferPool pool = pool(storage, 2).build()) {
      write(pool, 1, 11);
      write(pool, 2, 22);
      storage.holds = true;
      Outcome flush = new Outcome(pool::flushAll);
      Awaiting.until(() -> storage.begun.size() == 2);
      storage.end(1);
      Outcome miss = new Outcome(() -> read(pool, 3));
      miss.awaitWaiting();
      assertThat(pool.stats().evictions()).isZero();
      storage.end(0);
      assertThat(flush.get()).isNull();
      assertThat(miss.get()).isNull();
      storage.holds = false;
      assertThat(read(pool, 1)).isEqualTo(11);
      assertThat(read(pool, 2)).isEqualTo(22);
    }
  }

  @Test
  void aBatchThatFailsHarmsNotTheOther() throws Exception {
    try (BufferPool pool = pool(storage, 8).build()) {
      for (int i = 1; i <= 3; i++) {
        write(pool, 10L * i, i);
      }
      storage.holds = true;
      Outcome flush = new Outcome(pool::flushAll);
      Awaiting.until(() -> storage.begun.size() == 2);
      storage.fail(0);
      Awaiting.until(() -> storage.begun.size() == 3);
      storage.end(1);
      storage.end(2);
      assertThat(flush.get())
          .isInstanceOf(PageIoException.class)
          .hasMessage("cannot write page(s) [10]: No space left on device");
      assertThat(pool.stats().dirtyFrames()).isEqualTo(1);
      storage.holds = false;
    }
    assertThat(storage.writtenPages()).containsExactly(20L, 30L, 10L);
  }

  @Test
  void aMissWaitsForTheBatchesUnderWayAndNotForAWholeFlush() throws Exception {
    try (BufferPool pool = pool(storage, 8).build()) {
      for (long id = 8; id >= 1; id--) {
        write(pool, id, id);
      }
      storage.holds = true;
      Outcome flush = new Outcome(pool::flushAll);
      Awaiting.until(() -> storage.begun.size() == 2);
      Outcome miss = new Outcome(() -> read(pool, 20));
      Awaiting.until(() -> pool.stats().searchedPages() > 0);
      miss.awaitWaiting();
      storage.end(0);
      storage.end(1);
      Awaiting.until(() -> storage.begun.size() >= 3);
      assertThat(storage.begunPages().subList(0, 3)).containsExactly(1L, 2L, 8L);
      storage.holds = false;
      storage.end(2);
      assertThat(miss.get()).isNull();
      assertThat(flush.get()).isNull();
    }
  }

  @Test
  void whereThereIsAnAreaABatchBeginsWhenTheLastOneIsDurable() {
    List<String> trace = new ArrayList<>();
    CountingStorage area = new Traced("area ", trace, null);
    try (BufferPool pool = pool(new Traced("", trace, area), 8).build()) {
      write(pool, 1, 1);
      write(pool, 5, 1);
      pool.flushAll();
      assertThat(trace)
          .containsExactly(
              "area write 0",
              "area sync",
              "write 1",
              "sync",
              "area write 0",
              "area sync",
              "write 5",
              "sync",
              "sync");
    }
  }

  /** Tells what is done to it. */
  private static final class Traced extends CountingStorage {
    private final String name;
    private final List<String> trace;
    private final @Nullable PageStorage area;

    Traced(String name, List<String> trace, @Nullable PageStorage area) {
      this.name = name;
      this.trace = trace;
      this.area = area;
    }

    @Override
    public long write(List<IoSlice> sources, long position) throws IOException {
      trace.add(name + "write " + position / 4096);
      return super.write(sources, position);
    }

    @Override
    public void sync() throws IOException {
      trace.add(name + "sync");
      super.sync();
    }

    @Override
    public @Nullable PageStorage doubleWriteArea() {
      return area;
    }
  }

  @Test
  void aBatchThatFailedHalfWayIsMendedBeforeTheNextOneOfTheSameFlush() {
    for (int stop = 0; stop <= 20; stop++) {
      SimulatedDisk disk = new SimulatedDisk(stop, Fault.NONE);
      BufferPool pool = pool(disk.storage(), 8).build();
      write(pool, 1, 1);
      write(pool, 2, 1);
      pool.flushAll();
      write(pool, 1, 2);
      write(pool, 2, 2);
      disk.tearNextFileWrite = true;
      disk.stopAt = disk.operations() + stop;
      assertThat(catchThrowable(pool::flushAll)).isInstanceOf(PageIoException.class);
      // Fails if the disk has stopped, or stops in it.
      var _ = catchThrowable(pool::close);
      disk.restart();
      try (BufferPool again = pool(disk.storage(), 8).build()) {
        assertThat(read(again, 1)).as("stop=" + stop).isBetween(1L, 2L);
        assertThat(read(again, 2)).as("stop=" + stop).isBetween(1L, 2L);
      }
    }
  }

  @Test
  void aWriteThatCannotBeginIsToldWhenTheOthersHaveEnded() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CompletableFuture<Long> late = new CompletableFuture<>();
    CountingStorage refusing =
        new CountingStorage() {
          @Override
          public CompletableFuture<Long> writeAsync(List<IoSlice> sources, long position) {
            return switch (calls.getAndIncrement()) {
              case 0 -> late;
              case 1 -> throw new IllegalStateException("the queue is full");
              default -> super.writeAsync(sources, position);
            };
          }
        };
    try (BufferPool pool = pool(refusing, 8).maxFlushBatch(8).build()) {
      write(pool, 1, 11);
      write(pool, 5, 55);
      Outcome flush = new Outcome(pool::flushAll);
      Awaiting.until(() -> calls.get() == 2);
      flush.awaitWaiting();
      late.complete(4096L);
      assertThat(flush.get()).hasMessageContaining("[1, 5]: the queue is full");
      assertThat(pool.stats().dirtyFrames()).isEqualTo(2);
    }
    assertThat(refusing.writtenPages()).containsExactly(1L, 5L);
  }

  @Test
  void anErrorOfTheLogLeavesNothingUnderWay() {
    AtomicInteger calls = new AtomicInteger();
    WriteAheadLog log =
        () -> {
          if (calls.incrementAndGet() == 2) {
            throw new AssertionError("once");
          }
          return Long.MAX_VALUE;
        };
    try (BufferPool pool = pool(storage, 8).wal(log).build()) {
      for (int i = 1; i <= 3; i++) {
        write(pool, i, i);
      }
      assertThatThrownBy(pool::flushAll).hasMessage("once");
      assertThat(pool.stats().dirtyFrames()).isEqualTo(2);
    }
    assertThat(storage.writtenPages()).containsExactly(1L, 2L, 3L);
  }
}
