package dev.pinnedstore.pool;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.time.Duration;

/** A pool of two frames in memory, one page of which is resident. */
final class SmallPool {
  private SmallPool() {}

  static BufferPool open() {
    BufferPool pool =
        BufferPool.builder()
            .storage(PageStorage.memory())
            .frames(2)
            .backgroundFlush(false)
            .readAhead(0)
            .pinTimeout(Duration.ofMinutes(1))
            .build();
    pool.pin(0).close();
    return pool;
  }

  /** Two words of a page, far apart, that are always equal. */
  static void write(BufferPool pool, long value) {
    try (PageGuard page = pool.pinExclusive(0)) {
      page.segment().set(JAVA_LONG, 0, value);
      page.segment().set(JAVA_LONG, 2048, value);
      page.markDirty(value);
    }
  }
}
