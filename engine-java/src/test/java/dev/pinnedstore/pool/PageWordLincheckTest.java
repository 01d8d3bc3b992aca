package dev.pinnedstore.pool;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.time.Duration;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Pages are registers: whatever is pinned, read, written, flushed and evicted at the same time
 * answers as some order of the calls would. Two frames for three pages, so that most calls evict.
 */
@Param(name = "page", gen = IntGen.class, conf = "0:2")
public class PageWordLincheckTest {
  private final BufferPool pool;

  /** What each scenario starts from. */
  public PageWordLincheckTest() {
    pool =
        BufferPool.builder()
            .storage(PageStorage.memory())
            .frames(2)
            .backgroundFlush(false)
            .maxFlushBatch(1)
            .readAhead(0)
            .pinTimeout(Duration.ofMinutes(1))
            .build();
  }

  /** Adds one to a page; returns what it was. */
  @Operation
  public long add(@Param(name = "page") int page) {
    try (PageGuard guard = pool.pinExclusive(page)) {
      long value = guard.segment().get(JAVA_LONG, 0);
      guard.segment().set(JAVA_LONG, 0, value + 1);
      guard.markDirty(value + 1);
      return value;
    }
  }

  /** Pinned. */
  @Operation
  public long read(@Param(name = "page") int page) {
    try (PageGuard guard = pool.pin(page)) {
      return guard.segment().get(JAVA_LONG, 0);
    }
  }

  /** Without a pin. */
  @Operation
  public long peek(@Param(name = "page") int page) {
    return pool.readOptimisticLong(page, data -> data.get(JAVA_LONG, 0));
  }

  /** Changes nothing that others see. */
  @Operation
  public void flush(@Param(name = "page") int page) {
    pool.flush(page);
  }

  @Test
  void callsHaveAnOrder() {
    new StressOptions()
        .iterations(3)
        .invocationsPerIteration(100)
        .threads(2)
        .actorsPerThread(3)
        .check(PageWordLincheckTest.class);
  }

  @Test
  @Tag("slow")
  void callsOfThreeThreadsHaveAnOrder() {
    new StressOptions()
        .iterations(20)
        .invocationsPerIteration(200)
        .threads(3)
        .actorsPerThread(4)
        .check(PageWordLincheckTest.class);
  }
}
