package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a writer gets pages that lie side by side: all or none. */
@Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PagePoolRunTest extends PagePoolRig {
  @Test
  void aRunTakesReadyPagesAndCommitsTheRest() {
    makeReady(2);
    pool.hold();
    assertThat(pool.acquireRun(1, 3, true)).isZero();
    pool.settle();
    assertThat(pool.readyPages()).as("the one below it").isEqualTo(1);
    assertThat(budget.pages()).isEqualTo(4);
    assertThat(events.stalled).as("pages that the writer made").hasValue(2);
    assertThat(begin().id).isZero();
  }

  @Test
  void aRunThatMayNotCommitTakesReadyPagesOnly() {
    makeReady(2);
    assertThat(pool.acquireRun(1, 2, false)).isEqualTo(Codes.TAKEN);
    assertThat(pool.readyPages()).isEqualTo(2);
    assertThat(pool.acquireRun(0, 2, false)).isZero();
    assertThat(pool.readyPages()).isZero();
    assertThat(budget.pages()).isEqualTo(2);
  }

  @Test
  void aRunWithAPageInUseTakesNone() {
    makeReady(3);
    Page used = begin();
    Page alsoUsed = begin();
    end(used);
    pool.recycle(true);
    assertThat(alsoUsed.id).isEqualTo(1);
    for (boolean mayCommit : new boolean[] {true, false}) {
      assertThat(pool.acquireRun(0, 3, mayCommit)).isEqualTo(Codes.TAKEN);
    }
    assertThat(pool.readyPages()).isEqualTo(2);
    assertThat(budget.pages()).as("nothing made in vain").isEqualTo(3);
  }

  @Test
  void aRunBeyondTheBudgetTakesNone() {
    makeReady(2);
    assertThat(pool.acquireRun(0, 9, true)).isEqualTo(Codes.FULL_PAGES);
    assertThat(pool.readyPages()).isEqualTo(2);
    assertThat(source.mappings).hasSize(2);
    assertThat(pool.acquireRun(0, 8, true)).isZero();
    assertThat(pool.acquireRun(8, 1, true)).isEqualTo(Codes.FULL_PAGES);
  }

  @Test
  void aRunThatTheSystemRefusesGivesEverythingBack() {
    makeReady(1);
    source.onNextMap(() -> source.onNextMap(() -> source.refuse(1)));
    assertThat(pool.acquireRun(0, 4, true)).isEqualTo(Codes.FULL_SYSTEM);
    assertThat(pool.readyPages()).as("what it got is ready").isEqualTo(2);
    assertThat(budget.pages()).isEqualTo(2);
    assertThat(budget.bytes()).isEqualTo(2 * PAGE);
    assertThat(directory.isFree(2)).as("no slot is lost").isTrue();
    assertThat(pool.acquireRun(0, 4, true)).isZero();
  }

  @Test
  void whoIsRefusedAgainTakesWhatHePutsBackForNoChange() {
    makeReady(1);
    source.refuse(2);
    assertThat(pool.acquireRun(0, 4, true)).isEqualTo(Codes.FULL_SYSTEM);
    long changes = pool.changes();
    assertThat(pool.acquireRun(0, 4, true)).isEqualTo(Codes.FULL_SYSTEM);
    assertThat(pool.changes()).isEqualTo(changes);
    assertThat(pool.readyPages()).isEqualTo(1);
  }

  @Test
  void aRunThatLosesAPageToAnotherWriterGivesTheOthersBack() {
    makeReady(1);
    List<Page> stolen = new ArrayList<>();
    source.onNextMap(() -> stolen.add(begin()));
    assertThat(pool.acquireRun(0, 3, true)).isEqualTo(Codes.TAKEN);
    assertThat(stolen).extracting(page -> page.id).containsExactly(0);
    assertThat(pool.readyPages()).isEqualTo(2);
    assertThat(pool.acquireRun(1, 2, false)).isZero();
  }

  @Test
  void theLowestRunIsTakenOfPagesThatAreReadyFreeOrWereNeverIssued() {
    List<Page> pages = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      pages.add(begin());
    }
    for (int i : new int[] {0, 2, 3, 5}) {
      end(pages.get(i));
    }
    assertThat(pool.acquireRun(2)).as("emptied ones count").isEqualTo(2);
    assertThat(pool.acquireRun(3)).as("5, and two behind it").isEqualTo(5);
    assertThat(budget.pages()).isEqualTo(8);
    assertThat(pool.acquireRun(2)).isEqualTo(Codes.FULL_PAGES);
  }

  @Test
  void saysWhetherPagesAreToBeHadWithoutOneInUse() {
    assertThat(pool.hasRoomFor(8)).isTrue();
    assertThat(pool.hasRoomFor(9)).isFalse();
    makeReady(3);
    assertThat(pool.hasRoomFor(8)).isTrue();
    begin();
    assertThat(pool.hasRoomFor(7)).isTrue();
    assertThat(pool.hasRoomFor(8)).isFalse();
  }

  @Test
  void relievingForARunDropsPagesOutsideItAndNoMoreThanNeeded() {
    List<Page> pages = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      pages.add(begin());
    }
    for (int i : new int[] {0, 2, 4, 5, 7}) {
      end(pages.get(i));
    }
    assertThat(pool.acquireRun(3)).as("7, and two behind it").isEqualTo(Codes.FULL_PAGES);
    assertThat(pool.relieve(Codes.FULL_PAGES, 3 * PAGE, 3)).isTrue();
    assertThat(events.givenBack).hasValue(2);
    assertThat(pages.get(5).frame).as("the highest went first").isNull();
    assertThat(pages.get(0).frame).isNotNull();
    assertThat(pages.get(7).frame).as("part of the run").isNotNull();
    assertThat(pool.acquireRun(3)).isEqualTo(7);
  }

  @Test
  void relievingForARunThatCannotFitDropsNothing() {
    List<Page> pages = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      pages.add(begin());
    }
    end(pages.get(0));
    end(pages.get(4));
    pool.recycle(true);
    assertThat(pool.relieve(Codes.FULL_PAGES, 3 * PAGE, 3)).isFalse();
    assertThat(events.givenBack).hasValue(0);
    assertThat(pool.isPending()).isFalse();
  }

  @Test
  void relievingPromisesNothingWhereTheSystemOrTheAddressesRefuse() {
    makeReady(3);
    assertThat(pool.relieve(Codes.FULL_SYSTEM, 2 * PAGE, 2)).isFalse();
    assertThat(pool.relieve(Codes.FULL_ADDRESSES, 2 * PAGE, 2)).isFalse();
    assertThat(events.givenBack).hasValue(0);
    Page page = begin();
    end(page);
    assertThat(pool.relieve(Codes.FULL_ADDRESSES, 2 * PAGE, 2)).as("a page came back").isTrue();
    assertThat(pool.relieve(Codes.FULL_ADDRESSES, 2 * PAGE, 2)).as("once").isFalse();
  }

  @Test
  void aPageThatIsMadeReadyIsAChangeForWhoMissedIt() {
    long changes = pool.changes();
    makeReady(2);
    assertThat(pool.changes()).as("made ready").isGreaterThan(changes);
  }

  @Test
  void pagesThatAreNotIdleLongEnoughStayWhereWritersFindThem() {
    makeReady(2);
    long changes = pool.changes();
    assertThat(pool.giveBack(nanos.now() - 1, 9)).isZero();
    assertThat(pool.changes()).as("none was taken and put back").isEqualTo(changes);
    assertThat(pool.readyPages()).isEqualTo(2);
  }

  private void makeReady(int pages) {
    for (int i = 0; i < pages; i++) {
      assertThat(pool.makeReady(-1)).isTrue();
    }
  }
}
