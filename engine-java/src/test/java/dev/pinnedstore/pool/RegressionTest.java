package dev.pinnedstore.pool;

import static dev.pinnedstore.pool.PoolTest.create;
import static dev.pinnedstore.pool.PoolTest.read;
import static dev.pinnedstore.pool.PoolTest.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pinnedstore.buffer.IoSlice;
import dev.pinnedstore.pool.SimulatedDisk.Fault;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was wrong once. */
class RegressionTest {
  @TempDir private Path directory;

  private static BufferPoolBuilder pool(PageStorage storage, int frames) {
    return BufferPool.builder()
        .storage(storage)
        .frames(frames)
        .backgroundFlush(false)
        .readAhead(0)
        .pinTimeout(Duration.ofMillis(20))
        .latchTimeout(Duration.ofSeconds(20));
  }

  /** LRU, unless a test says otherwise. */
  private static class Policy implements EvictionPolicy {
    private final EvictionPolicy lru = EvictionPolicy.lru();

    @Override
    public String name() {
      return "own";
    }

    @Override
    public void capacity(int pages) {
      lru.capacity(pages);
    }

    @Override
    public void hit(long pageId) {
      lru.hit(pageId);
    }

    @Override
    public void load(long pageId) {
      lru.load(pageId);
    }

    @Override
    public long evict(LongPredicate evictable) {
      return lru.evict(evictable);
    }

    @Override
    public void remove(long pageId) {
      lru.remove(pageId);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    boolean done = false;
    while (!done) {
      try {
        latch.await();
        done = true;
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void aPageOnItsWayOutIsWrittenByNobodyElse() throws Exception {
    CountDownLatch claimed = new CountDownLatch(1);
    CountDownLatch mayLeave = new CountDownLatch(1);
    CountDownLatch hasRead = new CountDownLatch(1);
    AtomicReference<Thread> flusher = new AtomicReference<>();
    Policy policy =
        new Policy() {
          @Override
          public long evict(LongPredicate evictable) {
            long id = super.evict(evictable);
            if (id == 1 && claimed.getCount() > 0) {
              claimed.countDown();
              awaitQuietly(mayLeave);
            }
            return id;
          }
        };
    CountingStorage storage =
        new CountingStorage() {
          @Override
          public long write(List<IoSlice> sources, long position) throws IOException {
            if (Thread.currentThread().equals(flusher.get())) {
              awaitQuietly(hasRead);
            }
            return super.write(sources, position);
          }
        };
    try (BufferPool pool = pool(storage, 2).evictionPolicy(policy).build()) {
      write(pool, 1, 1);
      pool.flush(1);
      write(pool, 1, 2);
      read(pool, 2);
      Thread evicts = Thread.ofPlatform().start(() -> read(pool, 3));
      claimed.await();
      Thread flushes = Thread.ofPlatform().unstarted(() -> pool.flush(1));
      flusher.set(flushes);
      flushes.start();
      Awaiting.until(
          () ->
              flushes.getState() == Thread.State.WAITING
                  || flushes.getState() == Thread.State.TIMED_WAITING);
      mayLeave.countDown();
      evicts.join();
      long seen = read(pool, 1);
      hasRead.countDown();
      flushes.join();
      assertThat(seen).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 77, 1L << 40, EvictionPolicy.NO_PAGE})
  void aPolicyThatNamesAPageThatMayNotGoHarmsNone(long named) {
    AtomicBoolean isWrong = new AtomicBoolean();
    Policy policy =
        new Policy() {
          @Override
          public long evict(LongPredicate evictable) {
            if (!isWrong.get()) {
              return super.evict(evictable);
            }
            if (named == EvictionPolicy.NO_PAGE) {
              super.evict(evictable);
            }
            return named;
          }
        };
    try (BufferPool pool = pool(new CountingStorage(), 2).evictionPolicy(policy).build()) {
      write(pool, 0, 9);
      PageGuard first = pool.pin(0);
      write(pool, 2, 8);
      isWrong.set(true);
      assertThatThrownBy(() -> pool.pin(3))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("evictionPolicy=own: evict returned page " + named);
      isWrong.set(false);
      first.close();
      assertThat(read(pool, 0)).isEqualTo(9);
      assertThat(read(pool, 3)).isZero();
      assertThat(read(pool, 2)).isEqualTo(8);
    }
  }

  @Test
  void aPolicyThatThrowsOnceIsToldAllElse() {
    AtomicBoolean throwsNow = new AtomicBoolean();
    AtomicLong hits = new AtomicLong();
    Policy policy =
        new Policy() {
          @Override
          public void hit(long pageId) {
            if (throwsNow.getAndSet(false)) {
              throw new IllegalStateException("once");
            }
            hits.incrementAndGet();
            super.hit(pageId);
          }

          @Override
          public long evict(LongPredicate evictable) {
            long id = super.evict(evictable);
            if (throwsNow.getAndSet(false)) {
              throw new IllegalStateException("once");
            }
            return id;
          }
        };
    try (BufferPool pool = pool(new CountingStorage(), 2).evictionPolicy(policy).build()) {
      write(pool, 1, 11);
      read(pool, 2);
      throwsNow.set(true);
      assertThatThrownBy(() -> pool.pin(3)).hasMessage("once");
      assertThat(read(pool, 1)).isEqualTo(11);
      read(pool, 1);
      read(pool, 2);
      throwsNow.set(true);
      assertThat(catchThrowable(() -> pool.pin(4))).hasMessage("once");
      for (int i = 0; i < 20; i++) {
        read(pool, 10 + i);
        read(pool, 10 + i);
        read(pool, 10 + i);
      }
      assertThat(hits).hasPositiveValue();
      assertThat(read(pool, 1)).isEqualTo(11);
    }
  }

  @Test
  void onePolicyOrStorageServesOnePool() {
    EvictionPolicy policy = EvictionPolicy.lru();
    CountingStorage storage = new CountingStorage();
    BufferPoolBuilder builder = pool(storage, 2);
    try (BufferPool _ = pool(new CountingStorage(), 2).evictionPolicy(policy).build();
        BufferPool _ = builder.build()) {
      assertThatThrownBy(() -> pool(new CountingStorage(), 2).evictionPolicy(policy).build())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("serves another pool");
      assertThatThrownBy(builder::build).hasMessageContaining("serves another pool");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aPageThatCannotArriveKeepsNoOtherFromIt(boolean threads) {
    SimulatedDisk disk = new SimulatedDisk(1, Fault.NONE);
    try (BufferPool pool = pool(disk.storage(), 64).build()) {
      for (int i = 0; i < 8; i++) {
        create(pool, i);
      }
    }
    disk.file.flip(100, 1);
    WriteAheadLog log =
        new WriteAheadLog() {
          @Override
          public long flushedLsn() {
            return Long.MAX_VALUE;
          }

          @Override
          public long restore(long pageId, MemorySegment page) {
            throw new IllegalStateException("the log is closed");
          }
        };
    try (BufferPool pool = pool(disk.storage(), 64).wal(log).prefetch(threads).build()) {
      CompletableFuture<Integer> all = pool.prefetchRange(0, 8);
      assertThatThrownBy(all::join)
          .isInstanceOf(CompletionException.class)
          .hasRootCauseMessage("the log is closed");
      assertThat(read(pool, 3)).isEqualTo(3);
      assertThat(pool.stats().freeFrames()).isEqualTo(64 - 7);
    }
  }

  @Test
  void aPrefetchEndsWithItsFileAndLeavesFramesToOthers() {
    try (BufferPool pool = pool(new CountingStorage(), 64).storage(new CountingStorage()).build()) {
      long last = PageIds.MAX_PAGE_NUMBER;
      assertThat(pool.prefetch(last, PageIds.of(1, 0)).join()).isZero();
      for (int i = 0; i < 200; i++) {
        create(pool, i);
      }
      pool.flushAll();
      assertThat(pool.prefetchRange(0, 100).join()).isBetween(1, 16);
      assertThat(read(pool, last)).isZero();
      assertThat(pool.stats().pinnedFrames()).isZero();
    }
  }

  @Test
  void aFarPageCostsAndChangesNothing() {
    try (BufferPool pool = pool(new CountingStorage(), 4).build()) {
      long before = pool.stats().metadataBytes();
      for (long i = 1; i <= 1000; i++) {
        assertThat(pool.tryPin(i << 20)).isNull();
        pool.flush(i << 20);
        var _ = pool.prefetch(i << 20).join();
      }
      assertThat(pool.stats().metadataBytes()).isEqualTo(before);
      assertThat(read(pool, PageIds.MAX_PAGE_NUMBER)).isZero();
      assertThat(pool.pageCount(0)).isZero();
      assertThat(create(pool, 1)).isZero();
    }
  }

  @Test
  void closingNamesEveryPageThatItLeaves() {
    CountingStorage storage = new CountingStorage();
    BufferPool pool = pool(storage, 8).build();
    write(pool, 1, 1);
    write(pool, 5, 1);
    PageGuard marked = pool.pinExclusive(2);
    marked.markDirty(1);
    PageGuard unmarked = pool.pinExclusive(3);
    storage.failWrites = true;
    assertThatThrownBy(pool::close)
        .isInstanceOf(PageIoException.class)
        .hasMessageContaining("cannot write page(s) [1, 5]")
        .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessageContaining("[1, 2, 3, 5]"));
    assertThatThrownBy(() -> unmarked.markDirty(1)).isInstanceOf(BufferPoolClosedException.class);
    marked.close();
    unmarked.close();
  }

  @Test
  void aLogThatThrowsStopsNoOtherFile() {
    CountingStorage first =
        new CountingStorage() {
          @Override
          public long write(List<IoSlice> sources, long position) {
            throw new IllegalStateException("unchecked");
          }
        };
    CountingStorage second = new CountingStorage();
    BufferPool pool = pool(first, 8).storage(second).build();
    write(pool, 1, 1);
    write(pool, PageIds.of(1, 1), 1);
    assertThatThrownBy(pool::close)
        .isInstanceOf(PageIoException.class)
        .hasMessageContaining("unchecked");
    assertThat(second.writes).containsExactly("1+1");
    assertThat(second.syncs).hasPositiveValue();
  }

  @Test
  void aShortWriteIsAFailure() {
    AtomicBoolean isShort = new AtomicBoolean(true);
    CountingStorage storage =
        new CountingStorage() {
          @Override
          public long write(List<IoSlice> sources, long position) throws IOException {
            IoSlice all = sources.getFirst();
            return isShort.get()
                ? super.write(List.of(all.slice(0, 4096)), position)
                : super.write(sources, position);
          }
        };
    try (BufferPool pool = pool(storage, 8).build()) {
      for (int i = 0; i < 4; i++) {
        create(pool, i);
      }
      assertThatThrownBy(pool::flushAll)
          .isInstanceOf(PageIoException.class)
          .hasMessageContaining("4096 of 16384 bytes were written");
      assertThat(pool.stats().dirtyFrames()).isEqualTo(4);
      isShort.set(false);
    }
    assertThat(storage.writes).contains("0+4");
  }

  @Test
  void asManyPinsAsThereCanBeHangNobody() {
    CountingStorage storage = new CountingStorage();
    BufferPool pool = pool(storage, 4).latchTimeout(Duration.ofMillis(5)).build();
    write(pool, 1, 1);
    write(pool, 2, 2);
    List<PageGuard> guards = new ArrayList<>();
    for (int i = 0; i < PageWordLayout.MAX_PINS; i++) {
      guards.add(pool.pin(1));
    }
    assertThatThrownBy(pool::flushAll).isInstanceOf(LatchTimeoutException.class);
    assertThat(storage.writtenPages()).containsExactly(2L);
    assertThatThrownBy(pool::close).hasMessageContaining("[1]");
    guards.forEach(PageGuard::close);
  }

  @Test
  void aBatchThatFailedHalfWayIsMendedBeforeItsCopiesAreGone() {
    for (long seed = 1; seed <= 20; seed++) {
      SimulatedDisk disk = new SimulatedDisk(seed, Fault.NONE);
      BufferPool pool = pool(disk.storage(), 8).maxFlushBatch(1).build();
      write(pool, 1, 1);
      write(pool, 2, 1);
      pool.flushAll();
      write(pool, 1, 2);
      disk.tearNextFileWrite = true;
      assertThatThrownBy(() -> pool.flush(1)).isInstanceOf(PageIoException.class);
      write(pool, 2, 2);
      // Stops somewhere in the next batch, or behind it.
      disk.stopAt = disk.operations() + seed;
      assertThat(catchThrowable(() -> pool.flush(2)))
          .satisfiesAnyOf(
              e -> assertThat(e).isNull(), e -> assertThat(e).isInstanceOf(PageIoException.class));
      // Fails if the disk has stopped, or stops in it.
      var _ = catchThrowable(pool::close);
      disk.restart();
      try (BufferPool again = pool(disk.storage(), 8).build()) {
        assertThat(read(again, 1)).as("seed=" + seed).isBetween(1L, 2L);
        assertThat(read(again, 2)).isBetween(1L, 2L);
      }
    }
  }

  @Test
  void oneRefusalStopsNoOtherPage() {
    AtomicLong log = new AtomicLong(10);
    CountingStorage storage = new CountingStorage();
    try (BufferPool pool = pool(storage, 2).wal(log::get).build()) {
      write(pool, 1, 100);
      write(pool, 2, 1);
      assertThat(read(pool, 3)).as("page 2 leaves for it").isZero();
      assertThat(storage.writtenPages()).containsExactly(2L);
      log.set(100);
    }
  }

  @Test
  void aPoisonedFileLeavesItsFramesToOthers() {
    CountingStorage bad = new CountingStorage();
    BufferPool pool = pool(bad, 4).storage(new CountingStorage()).build();
    write(pool, 0, 1);
    bad.failSyncs = true;
    assertThatThrownBy(pool::flushAll).isInstanceOf(PageIoException.class);
    write(pool, 0, 2);
    for (int i = 0; i < 100; i++) {
      write(pool, PageIds.of(1, i % 10), i);
    }
    assertThat(read(pool, 0)).isEqualTo(2);
    assertThatThrownBy(pool::close).isInstanceOf(PageIoException.class);
  }

  @Test
  void theThreadOfThePoolOutlivesAnError() {
    AtomicLong calls = new AtomicLong();
    WriteAheadLog log =
        () -> {
          if (calls.getAndIncrement() == 0) {
            throw new AssertionError("once");
          }
          return Long.MAX_VALUE;
        };
    try (BufferPool pool =
        BufferPool.builder()
            .storage(new CountingStorage())
            .frames(8)
            .wal(log)
            .flushInterval(Duration.ofMillis(1))
            .build()) {
      write(pool, 1, 1);
      Awaiting.until(() -> pool.stats().dirtyFrames() == 0 && pool.stats().pageWrites() > 0);
      assertThat(calls).hasValueGreaterThan(1);
    }
  }

  @Test
  void theSecondCloseWaitsForTheFirst() throws Exception {
    CountDownLatch writing = new CountDownLatch(1);
    CountDownLatch mayWrite = new CountDownLatch(1);
    CountingStorage storage =
        new CountingStorage() {
          @Override
          public long write(List<IoSlice> sources, long position) throws IOException {
            writing.countDown();
            awaitQuietly(mayWrite);
            return super.write(sources, position);
          }
        };
    BufferPool pool = pool(storage, 4).build();
    write(pool, 1, 1);
    Thread first = Thread.ofPlatform().start(pool::close);
    writing.await();
    Thread second = Thread.ofPlatform().start(pool::close);
    Awaiting.until(() -> second.getState() == Thread.State.BLOCKED);
    mayWrite.countDown();
    first.join();
    second.join();
    assertThat(storage.writes).containsExactly("1+1");
  }

  @Test
  void theLargestLsnIsRefused() {
    try (BufferPool pool = pool(new CountingStorage(), 4).build();
        PageGuard page = pool.newPage()) {
      assertThatThrownBy(() -> page.markDirty(Long.MAX_VALUE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("lsn=9223372036854775807: must be between 0 and");
    }
  }

  @Test
  void theAreaOfAFileThatIsGoneFillsNoOther() throws Exception {
    Path file = directory.resolve("pages");
    Path area = directory.resolve("pages.dwb");
    Path kept = directory.resolve("kept");
    try (BufferPool pool = BufferPool.builder().file(file).frames(4).checksums(false).build()) {
      create(pool, 7);
      pool.flushAll();
      Files.copy(area, kept);
    }
    Files.delete(file);
    Files.move(kept, area, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    try (BufferPool pool = BufferPool.builder().file(file).frames(4).checksums(false).build()) {
      assertThat(pool.pageCount(0)).isZero();
      assertThat(read(pool, 0)).isZero();
    }
  }

  @Test
  void aSecondPoolOnAFileIsRefused() {
    Path file = directory.resolve("pages");
    try (BufferPool pool = BufferPool.builder().file(file).frames(4).build()) {
      create(pool, 7);
      BufferPoolBuilder second = BufferPool.builder().file(file).frames(4);
      assertThatThrownBy(second::build).isInstanceOf(PoolLockedException.class);
      assertThatThrownBy(() -> BufferPool.builder().file(file).file(file).build())
          .isInstanceOf(PoolLockedException.class);
    }
    try (BufferPool pool = BufferPool.builder().file(file).frames(4).build()) {
      assertThat(read(pool, 0)).isEqualTo(7);
    }
  }
}
