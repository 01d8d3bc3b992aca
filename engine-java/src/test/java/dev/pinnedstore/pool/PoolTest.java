package dev.pinnedstore.pool;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What users are told of pins, new pages, the full pool and closing. */
@Tag("contract")
class PoolTest {
  private static final int FRAMES = 10;

  @TempDir private Path directory;

  static BufferPoolBuilder small(int frames) {
    return BufferPool.builder()
        .storage(PageStorage.memory())
        .frames(frames)
        .backgroundFlush(false)
        .readAhead(0)
        .pinTimeout(Duration.ZERO);
  }

  static long create(BufferPool pool, long value) {
    try (PageGuard page = pool.newPage()) {
      page.segment().set(JAVA_LONG, 8, value);
      page.markDirty(value);
      return page.pageId();
    }
  }

  static long read(BufferPool pool, long id) {
    try (PageGuard page = pool.pin(id)) {
      return page.segment().get(JAVA_LONG, 8);
    }
  }

  static void write(BufferPool pool, long id, long value) {
    try (PageGuard page = pool.pinExclusive(id)) {
      page.segment().set(JAVA_LONG, 8, value);
      page.markDirty(value);
    }
  }

  @Test
  void theExampleReadsWhatItWrote() {
    assertThat(PoolSnippets.pool(directory.resolve("pages"), 42)).containsExactly(42, 42);
    try (BufferPool pool = BufferPool.builder().file(directory.resolve("pages")).build()) {
      assertThat(pool.readOptimisticLong(0, page -> page.get(JAVA_LONG, 0))).isEqualTo(42);
      assertThat(pool.pageCount(0)).isEqualTo(1);
      try (PageGuard page = pool.pin(0)) {
        assertThat(page.pageLsn()).isEqualTo(1);
        assertThat(page.segment().byteSize()).isEqualTo(4096 - 16);
      }
    }
  }

  @Test
  void theFullPoolRefusesAndGoesOnWhenPagesAreUnpinned() {
    try (BufferPool pool = small(FRAMES).build()) {
      List<PageGuard> guards = new ArrayList<>();
      for (int i = 0; i < FRAMES; i++) {
        PageGuard page = pool.newPage();
        page.segment().set(JAVA_LONG, 8, 100 + i);
        page.markDirty(i);
        guards.add(page);
      }
      assertThatThrownBy(pool::newPage)
          .isInstanceOf(PoolExhaustedException.class)
          .hasMessageContaining("frames=10, pinned=10");
      assertThatThrownBy(() -> pool.pin(77)).isInstanceOf(PoolExhaustedException.class);
      guards.subList(0, 5).forEach(PageGuard::close);
      for (int i = 0; i < 4; i++) {
        guards.add(pool.newPage());
      }
      assertThat(read(pool, 0)).isEqualTo(100);
      try (PageGuard first = pool.pin(0)) {
        assertThatThrownBy(() -> pool.pin(1)).isInstanceOf(PoolExhaustedException.class);
        assertThat(first.segment().get(JAVA_LONG, 8)).isEqualTo(100);
      }
      guards.forEach(PageGuard::close);
      for (int i = 0; i < FRAMES; i++) {
        assertThat(read(pool, i)).isEqualTo(100 + i);
      }
      assertThat(pool.stats().exhaustions()).isEqualTo(3);
      assertThat(pool.stats().pinnedFrames()).isZero();
    }
  }

  @Test
  void aSharedPageIsReadOnlyAndCannotBeMarked() {
    try (BufferPool pool = small(FRAMES).build()) {
      long id = create(pool, 1);
      PageGuard shared = pool.pin(id);
      assertThat(shared.segment().isReadOnly()).isTrue();
      assertThatThrownBy(() -> shared.markDirty(2)).isInstanceOf(IllegalStateException.class);
      shared.close();
      shared.close();
      assertThatThrownBy(shared::segment).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(shared::pageLsn).isInstanceOf(IllegalStateException.class);
      assertThat(pool.stats().pinnedFrames()).isZero();
      try (PageGuard page = pool.pinExclusive(id)) {
        assertThat(page.segment().isReadOnly()).isFalse();
        assertThat(page.isExclusive()).isTrue();
        assertThatThrownBy(() -> page.markDirty(-1)).isInstanceOf(IllegalArgumentException.class);
        page.markDirty(0);
        assertThat(page.pageLsn()).as("an LSN does not fall").isEqualTo(1);
      }
    }
  }

  @Test
  @Timeout(60)
  void waitersForAHeldPageAreRefusedInTime() {
    try (BufferPool pool = small(FRAMES).latchTimeout(Duration.ofMillis(1)).build()) {
      long id = create(pool, 1);
      try (PageGuard page = pool.pinExclusive(id)) {
        assertThat(pool.tryPin(id)).isNull();
        assertThatThrownBy(() -> pool.pin(id))
            .isInstanceOf(LatchTimeoutException.class)
            .hasMessageContaining("page 0: no shared pin");
        assertThatThrownBy(() -> pool.pinExclusive(id)).isInstanceOf(LatchTimeoutException.class);
        assertThatThrownBy(() -> pool.readOptimistic(id, data -> data.get(JAVA_LONG, 8)))
            .isInstanceOf(LatchTimeoutException.class);
        assertThat(page.pageId()).isEqualTo(id);
        assertThatThrownBy(pool::flushAll).isInstanceOf(LatchTimeoutException.class);
      }
      pool.flushAll();
      assertThat(pool.stats().dirtyFrames()).isZero();
    }
  }

  @Test
  void anIdThatCanBeNoPagesIsRefused() {
    try (BufferPool pool = small(FRAMES).build()) {
      for (long id : new long[] {-1, Long.MIN_VALUE, PageIds.of(1, 0), Long.MAX_VALUE}) {
        assertThatThrownBy(() -> pool.pin(id))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("pageId=" + id);
        assertThatThrownBy(() -> pool.prefetch(id)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> pool.flush(id)).isInstanceOf(IllegalArgumentException.class);
      }
      assertThatThrownBy(() -> pool.newPage(1)).isInstanceOf(IllegalArgumentException.class);
      assertThat(read(pool, PageIds.MAX_PAGE_NUMBER)).as("never written").isZero();
    }
  }

  @Test
  void theClosedPoolRefusesEverything() {
    BufferPool pool = small(FRAMES).build();
    long id = create(pool, 1);
    PageGuard open = pool.pin(id);
    pool.close();
    pool.close();
    assertThatThrownBy(() -> pool.pin(id)).isInstanceOf(BufferPoolClosedException.class);
    assertThatThrownBy(() -> pool.pinExclusive(id)).isInstanceOf(BufferPoolClosedException.class);
    assertThatThrownBy(() -> pool.tryPin(id)).isInstanceOf(BufferPoolClosedException.class);
    assertThatThrownBy(() -> pool.readOptimistic(id, page -> 1))
        .isInstanceOf(BufferPoolClosedException.class);
    assertThatThrownBy(pool::newPage).isInstanceOf(BufferPoolClosedException.class);
    assertThatThrownBy(pool::flushAll).isInstanceOf(BufferPoolClosedException.class);
    assertThatThrownBy(pool::checkpoint).isInstanceOf(BufferPoolClosedException.class);
    assertThatThrownBy(() -> pool.prefetch(id)).isInstanceOf(BufferPoolClosedException.class);
    open.close();
  }

  @Test
  void closingSaysWhatItCouldNotWrite() {
    BufferPool pool = small(FRAMES).leakDetection(true).build();
    long id = create(pool, 1);
    PageGuard open = pool.pinExclusive(id);
    open.markDirty(2);
    assertThatThrownBy(pool::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("[0]")
        .hasMessageContaining("closingSaysWhatItCouldNotWrite");
    assertThatThrownBy(() -> open.markDirty(3)).isInstanceOf(BufferPoolClosedException.class);
    open.close();
  }

  @Test
  void leakDetectionNamesWhereAGuardWasTaken() {
    try (BufferPool pool = small(1).leakDetection(true).build()) {
      PageGuard leaked = pool.newPage();
      assertThat(pool.openGuards()).contains("leakDetectionNamesWhereAGuardWasTaken", "page 0");
      assertThatThrownBy(pool::newPage)
          .isInstanceOf(PoolExhaustedException.class)
          .hasMessageContaining("leakDetectionNamesWhereAGuardWasTaken");
      leaked.close();
      assertThat(pool.openGuards()).isEmpty();
    }
  }

  @Test
  void severalFilesKeepTheirPagesApart() {
    try (BufferPool pool = small(3).storage(PageStorage.memory()).build()) {
      for (int i = 0; i < 20; i++) {
        for (int file = 0; file < 2; file++) {
          try (PageGuard page = pool.newPage(file)) {
            assertThat(page.pageId()).isEqualTo(PageIds.of(file, i));
            page.segment().set(JAVA_LONG, 8, 1000 * file + i);
            page.markDirty(1);
          }
        }
      }
      for (int i = 0; i < 20; i++) {
        assertThat(read(pool, PageIds.of(0, i))).isEqualTo(i);
        assertThat(read(pool, PageIds.of(1, i))).isEqualTo(1000 + i);
      }
      assertThat(PageIds.file(PageIds.of(1, 7))).isEqualTo(1);
      assertThat(PageIds.pageNumber(PageIds.of(1, 7))).isEqualTo(7);
    }
  }

  @Test
  void optimisticReadsSeeWholePagesAndPassExceptionsOn() {
    try (BufferPool pool = small(2).build()) {
      long id = create(pool, 5);
      create(pool, 6);
      create(pool, 7);
      assertThat(pool.<Long>readOptimistic(id, page -> page.get(JAVA_LONG, 8))).isEqualTo(5);
      assertThat(pool.<Long>readOptimistic(id, page -> page.get(JAVA_LONG, 8))).isEqualTo(5);
      assertThatThrownBy(
              () ->
                  pool.readOptimistic(
                      id,
                      page -> {
                        throw new ArithmeticException("mine");
                      }))
          .isInstanceOf(ArithmeticException.class);
      assertThatThrownBy(() -> pool.readOptimisticLong(id, page -> page.get(JAVA_LONG, 1 << 20)))
          .isInstanceOf(IndexOutOfBoundsException.class);
      BufferPoolStats stats = pool.stats();
      assertThat(stats.optimisticLookups()).isEqualTo(4);
      assertThat(stats.optimisticMisses()).isEqualTo(1);
      assertThat(stats.optimisticHitRatio()).isEqualTo(0.75);
    }
  }
}
