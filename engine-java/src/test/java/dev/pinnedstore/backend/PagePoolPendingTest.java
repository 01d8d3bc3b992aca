package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** To PagePoolTest, and SegmentedBackendLimitsTest. */
class PagePoolPendingTest {
  @Test
  @Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aSpareMappingThatCannotBeClosedNowEndsTheSearchForRoom() {
    try (Rig rig = new Rig(new BackendSettings(Rig.PAGE, 4, 2L * Rig.PAGE, 0, 7))) {
      rig.acknowledge(rig.append(2 * Rig.PAGE));
      rig.source.mappings.getLast().hold(true);
      assertThat(rig.tryAppend(64)).isEqualTo(Codes.FULL_BYTES);
      rig.source.mappings.getLast().hold(false);
      assertThat(rig.tryAppend(64)).isZero();
    }
  }

  @Test
  void aSpentSlotWhoseMappingCannotBeClosedNowIsNotIssued() {
    int first = 100;
    FakeSource source = new FakeSource();
    FakeNanos nanos = new FakeNanos(0);
    PageDirectory directory = new PageDirectory(first, Integer.MAX_VALUE);
    PagePool pool =
        new PagePool(
            new BackendSettings(4096, 8, 1 << 20, 0, first),
            new MappedFrames(source),
            new CoarseClock(nanos, 0),
            new CountingEvents(),
            directory,
            new PageBudget(8, 1 << 20),
            new ViewGroups(1));
    pool.makeReady(-1);
    Page page = directory.at((int) pool.acquire(-1));
    Pages.activate(page, 0);
    pool.settle();
    page.generation = first - 2;
    Pages.seal(page);
    source.mappings.getFirst().hold(true);
    pool.emptied(page, 0);
    pool.recycle(true);
    assertThat(page.isSpent()).isTrue();
    assertThat(pool.acquire(-1)).isNotEqualTo(page.id);
  }
}
