package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ViewGroupsTest {
  private static final long WINDOW = ViewGroups.WINDOW_NANOS;
  private static final long PAGE_BYTES = 4096;

  private final List<Page> ready = new ArrayList<>();
  private int ids;

  @Test
  void withoutCyclesEachPageHasAGroupOfItsOwn() {
    ViewGroups groups = new ViewGroups(8);
    assertThat(groups.join(0, 1)).isNotSameAs(groups.join(0, 1));
  }

  @Test
  void pagesThatAreViewedWithinTheWindowShareAGroup() {
    ViewGroups groups = grouping(8);
    ViewGroup first = groups.join(-7, 1);
    assertThat(groups.join(-7 + WINDOW - 1, 1)).isSameAs(first);
    assertThat(groups.join(-7 + WINDOW, 1)).isNotSameAs(first);
  }

  @Test
  void theWindowMayWrapAround() {
    ViewGroups groups = grouping(8);
    ViewGroup first = groups.join(Long.MAX_VALUE, 1);
    assertThat(groups.join(Long.MIN_VALUE + WINDOW - 2, 1)).isSameAs(first);
    assertThat(groups.join(Long.MIN_VALUE + WINDOW - 1, 1)).isNotSameAs(first);
  }

  @Test
  void aGroupTakesNoMoreThanItsCap() {
    ViewGroups groups = grouping(3);
    ViewGroup first = groups.join(0, 1);
    assertThat(List.of(groups.join(0, 1), groups.join(0, 1))).containsOnly(first);
    assertThat(groups.join(0, 1)).isNotSameAs(first);
  }

  @Test
  void anArenaClosesOnlyWhenAllPagesOfItsGroupAreRetired() {
    ViewGroups groups = grouping(2);
    ViewGroup group = groups.join(0, 1);
    groups.join(0, 1);
    Page first = retire(groups, group);
    assertThat(close(groups, 0, true)).isZero();
    assertThat(group.arena.scope().isAlive()).isTrue();
    Page second = retire(groups, group);
    assertThat(close(groups, 0, false)).isEqualTo(1);
    assertThat(group.arena.scope().isAlive()).isFalse();
    assertThat(ready).containsExactly(first, second);
    assertThat(close(groups, 0, true)).as("closed once").isZero();
  }

  @Test
  void anOpenGroupIsLeftToGrowUntilItsWindowIsOver() {
    ViewGroups groups = grouping(8);
    ViewGroup group = groups.join(10, 1);
    retire(groups, group);
    assertThat(close(groups, 10 + WINDOW - 1, false)).isZero();
    assertThat(groups.join(10 + WINDOW - 1, 1)).as("it still takes pages").isSameAs(group);
    retire(groups, group);
    assertThat(close(groups, 10 + WINDOW, false)).isEqualTo(1);
    assertThat(ready).hasSize(2);
  }

  @Test
  void anOpenGroupIsEndedAtOnceWhenAskedTo() {
    ViewGroups groups = grouping(8);
    ViewGroup group = groups.join(0, 1);
    retire(groups, group);
    assertThat(close(groups, 0, true)).isEqualTo(1);
    assertThat(groups.join(0, 1)).isNotSameAs(group);
  }

  @Test
  void aViewThatWasNeverInstalledHoldsNothingUp() {
    ViewGroups groups = grouping(2);
    ViewGroup group = groups.join(0, 1);
    groups.join(0, 1);
    Page page = retire(groups, group);
    groups.leave(group);
    assertThat(close(groups, 0, false)).isEqualTo(1);
    assertThat(ready).containsExactly(page);
  }

  @Test
  void aGroupThatAllHaveLeftIsClosed() {
    ViewGroups groups = new ViewGroups(8);
    ViewGroup group = groups.join(0, 1);
    groups.leave(group);
    assertThat(close(groups, 0, false)).isEqualTo(1);
    assertThat(group.arena.scope().isAlive()).isFalse();
    assertThat(ready).isEmpty();
  }

  @Test
  void anOpenGroupThatAllHaveLeftTakesOthersIn() {
    ViewGroups groups = grouping(8);
    ViewGroup group = groups.join(0, 1);
    groups.leave(group);
    assertThat(close(groups, 0, false)).isZero();
    assertThat(groups.join(0, 1)).isSameAs(group);
    retire(groups, group);
    assertThat(close(groups, 0, true)).isEqualTo(1);
  }

  @Test
  void waitingBytesAreThoseOfRetiredPagesUntilTheirArenaIsClosed() {
    ViewGroups groups = grouping(2);
    ViewGroup group = groups.join(0, 1);
    groups.join(0, 1);
    retire(groups, group);
    assertThat(groups.waitingBytes()).isEqualTo(PAGE_BYTES);
    retire(groups, group);
    assertThat(groups.waitingBytes()).isEqualTo(2 * PAGE_BYTES);
    close(groups, 0, false);
    assertThat(groups.waitingBytes()).isZero();
  }

  @Test
  void groupsShrinkToOnePageWhileTooMuchWaits() {
    ViewGroups groups = grouping(2);
    ViewGroup held = groups.join(0, 1);
    ViewGroup last = groups.join(0, 1);
    assertThat(last).isSameAs(held);
    groups.retire(held, ViewGroups.WAITING_BYTES, () -> {});
    ViewGroup pair = groups.join(0, 1);
    assertThat(groups.join(0, 1)).as("the limit itself is not too much").isSameAs(pair);
    groups.retire(pair, 1, () -> {});
    assertThat(groups.join(0, 1)).isNotSameAs(groups.join(0, 1));
  }

  @Test
  void aHeldArenaIsTriedAgainAndItsPagesAreNotReadyBefore() throws Throwable {
    ViewGroups groups = new ViewGroups(1);
    ViewGroup group = groups.join(0, 1);
    MemorySegment segment = group.arena.allocate(64);
    Page page = retire(groups, group);
    int[] closed = {-1};
    Acquired.during(segment, () -> closed[0] = close(groups, 0, true));
    assertThat(closed[0]).isZero();
    assertThat(ready).isEmpty();
    assertThat(groups.waitingBytes()).isEqualTo(PAGE_BYTES);
    assertThat(close(groups, 0, false)).isEqualTo(1);
    assertThat(ready).containsExactly(page);
    assertThat(groups.waitingBytes()).isZero();
  }

  /** An Arena is not alive from the moment at which its closing begins: readers may be inside. */
  @Test
  void anArenaThatAnotherThreadIsClosingIsNotTakenForClosed() {
    ViewGroups groups = new ViewGroups(1);
    ViewGroup group = groups.join(0, 1);
    Page page = retire(groups, group);
    group.arena.close();
    assertThat(close(groups, 0, true)).isZero();
    assertThat(ready).isEmpty();
    assertThat(groups.closeAll()).isFalse();
    group.dead = true;
    assertThat(close(groups, 0, true)).isEqualTo(1);
    assertThat(ready).containsExactly(page);
    assertThat(groups.closeAll()).isTrue();
  }

  @Test
  void closingAllEndsEveryViewAndLetsNobodyJoin() {
    ViewGroups groups = grouping(2);
    ViewGroup complete = groups.join(0, 1);
    groups.join(0, 1);
    retire(groups, complete);
    ViewGroup open = groups.join(0, 1);
    assertThat(groups.closeAll()).isTrue();
    assertThat(complete.arena.scope().isAlive()).isFalse();
    assertThat(open.arena.scope().isAlive()).isFalse();
    assertThat(groups.join(0, 1)).isNull();
    assertThat(groups.closeAll()).as("again").isTrue();
  }

  @Test
  void closingAllSaysWhenSomeThreadHoldsAViewAndCanBeRepeated() throws Throwable {
    ViewGroups groups = new ViewGroups(1);
    ViewGroup held = groups.join(0, 1);
    ViewGroup other = groups.join(0, 1);
    MemorySegment segment = held.arena.allocate(64);
    AtomicBoolean closed = new AtomicBoolean(true);
    Acquired.during(segment, () -> closed.set(groups.closeAll()));
    assertThat(closed).isFalse();
    assertThat(held.arena.scope().isAlive()).isTrue();
    assertThat(other.arena.scope().isAlive()).as("the others are closed").isFalse();
    assertThat(groups.closeAll()).isTrue();
    assertThat(held.arena.scope().isAlive()).isFalse();
  }

  @Test
  void aMemberThatDoesNotFitBeginsAGroupAndOneThatIsTooLargeHasItsOwn() {
    ViewGroups groups = grouping(8);
    ViewGroup first = groups.join(0, 5);
    ViewGroup second = groups.join(0, 4);
    assertThat(second).isNotSameAs(first);
    assertThat(groups.join(0, 4)).isSameAs(second);
    ViewGroup large = groups.join(0, 100);
    assertThat(large).isNotSameAs(second);
    assertThat(groups.join(0, 1)).isNotSameAs(large);
  }

  @Test
  void saysWhetherAnArenaCouldBeClosed() {
    ViewGroups groups = grouping(8);
    assertThat(groups.canClose()).isFalse();
    ViewGroup group = groups.join(0, 1);
    groups.join(0, 1);
    retire(groups, group);
    assertThat(groups.canClose()).as("one lives").isFalse();
    retire(groups, group);
    assertThat(groups.canClose()).as("open, and all are past").isTrue();
    close(groups, 0, true);
    assertThat(groups.canClose()).isFalse();
  }

  /** The pages of a blob that crosses them wait for its group: none may be in it. */
  @Test
  void blobsThatCrossPagesHaveGroupsOfTheirOwn() {
    ViewGroups groups = grouping(8);
    ViewGroup pages = groups.join(0, 1);
    ViewGroup spans = groups.joinSpan(0, 1);
    assertThat(spans).isNotSameAs(pages);
    assertThat(groups.join(0, 1)).isSameAs(pages);
    assertThat(groups.joinSpan(0, 1)).isSameAs(spans);
    retire(groups, spans);
    retire(groups, spans);
    assertThat(close(groups, 0, true)).isEqualTo(1);
    assertThat(spans.arena.scope().isAlive()).isFalse();
    assertThat(pages.arena.scope().isAlive()).isTrue();
    assertThat(groups.join(0, 1)).as("ended, too").isNotSameAs(pages);
  }

  private static ViewGroups grouping(int maxPages) {
    ViewGroups groups = new ViewGroups(maxPages);
    groups.setGrouping(true);
    return groups;
  }

  private int close(ViewGroups groups, long nanos, boolean atOnce) {
    return groups.closeComplete(nanos, atOnce);
  }

  private Page retire(ViewGroups groups, ViewGroup group) {
    Page page = Pages.claiming(ids++, PAGE_BYTES);
    page.view = new PageView(MemorySegment.NULL, group);
    groups.retire(group, PAGE_BYTES, () -> ready.add(page));
    return page;
  }
}
