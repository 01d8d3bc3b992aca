package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How pages come to writers and back. */
class PagePoolTest extends PagePoolRig {
  @Test
  void aWriterTakesWhatIsReadyThenWhatIsEmptiedThenMakesAPage() {
    pool.makeReady(-1);
    Page emptied = begin();
    pool.makeReady(-1);
    end(emptied);
    assertThat(pool.readyPages()).isEqualTo(2);
    assertThat(begin().id).as("ready").isEqualTo(1);
    assertThat(begin()).as("emptied").isSameAs(emptied);
    assertThat(events.stalled).hasValue(0);
    assertThat(begin().id).as("made").isEqualTo(2);
    assertThat(events.stalled).hasValue(1);
    assertThat(events.made).hasValue(2);
    assertThat(events.reused).hasValue(1);
  }

  @Test
  void aPageInAWritersHandIsPendingUntilItIsSettled() {
    assertThat(pool.isPending()).isFalse();
    pool.acquire(-1);
    assertThat(pool.isPending()).isTrue();
    pool.acquireLarge(2 * PAGE);
    pool.settle();
    assertThat(pool.isPending()).isTrue();
    pool.settle();
    assertThat(pool.isPending()).isFalse();
  }

  @Test
  void nothingIsPendingAfterTheLifecyclesSteps() {
    pool.makeReady(-1);
    pool.recycle(true);
    pool.giveBack(nanos.now(), 9);
    pool.relieve(Codes.FULL_PAGES, PAGE, 1);
    assertThat(pool.isPending()).isFalse();
  }

  @Test
  void aViewedPageIsReadyOnlyOnceItsArenaIsClosed() {
    pool.makeReady(-1);
    Page page = begin();
    ViewGroup group = share(page);
    end(page);
    assertThat(pool.recycle(false)).as("one Arena, one page").isEqualTo(1L << 32 | 1);
    assertThat(group.arena.scope().isAlive()).isFalse();
    assertThat(begin()).isSameAs(page);
  }

  @Test
  void aPageThatWaitsForItsGroupIsInNobodysHand() {
    groups.setGrouping(true);
    pool.makeReady(-1);
    Page page = begin();
    ViewGroup group = share(page);
    end(page);
    assertThat(pool.recycle(false)).isZero();
    assertThat(group.arena.scope().isAlive()).isTrue();
    assertThat(pool.readyPages()).isZero();
    assertThat(begin()).as("a page of its own").isNotSameAs(page);
    assertThat(pool.recycle(true)).isEqualTo(1L << 32 | 1);
    assertThat(page.view).isSameAs(PageView.NONE);
    assertThat(begin()).isSameAs(page);
  }

  @Test
  void aWriterClosesArenasItselfWhenFarTooMuchWaits() {
    ViewGroup group = groups.join(0, 1);
    groups.retire(group, 64L << 20, () -> {});
    begin();
    assertThat(group.arena.scope().isAlive()).as("64 MiB may wait").isTrue();
    ViewGroup another = groups.join(0, 1);
    groups.retire(another, 1, () -> {});
    begin();
    assertThat(group.arena.scope().isAlive()).isFalse();
    assertThat(another.arena.scope().isAlive()).isFalse();
    assertThat(groups.waitingBytes()).isZero();
  }

  @Test
  void aSlotWithoutGenerationsIsNeverIssuedAgain() {
    pool.makeReady(-1);
    Page page = begin();
    page.generation = FIRST_GENERATION - 2;
    end(page);
    assertThat(pool.recycle(true)).as("not reused").isZero();
    assertThat(page.frame).as("its memory went back").isNull();
    assertThat(budget.pages()).isZero();
    pool.makeReady(-1);
    assertThat(begin()).isNotSameAs(page);
    assertThat(events.givenBack).hasValue(1);
  }

  @Test
  void aViewedSlotWithoutGenerationsIsNeverIssuedAgain() {
    pool.makeReady(-1);
    Page page = begin();
    page.generation = FIRST_GENERATION - 2;
    share(page);
    end(page);
    assertThat(pool.recycle(true)).as("one Arena, no page").isEqualTo(1L << 32);
    assertThat(page.frame).isNull();
    pool.makeReady(-1);
    assertThat(begin()).isNotSameAs(page);
  }

  @Test
  void relievingGivesUpSpareLargePagesOnlyWhereThatHelps() {
    Page large = beginLarge(5 * PAGE);
    end(large);
    for (int i = 0; i < 3; i++) {
      begin();
    }
    assertThat(pool.relieve(Codes.FULL_BYTES, 9 * PAGE, 1)).as("too large anyway").isFalse();
    assertThat(large.frame).isNotNull();
    assertThat(pool.acquire(-1)).isEqualTo(Codes.FULL_BYTES);
    pool.settle();
    assertThat(pool.relieve(Codes.FULL_BYTES, PAGE, 1)).isTrue();
    assertThat(large.frame).isNull();
    assertThat(begin().frame).isNotNull();
  }

  @Test
  void relievingForALargeBlobGivesUpReadyPagesAndNoMoreThanNeeded() {
    for (int i = 0; i < 8; i++) {
      pool.makeReady(-1);
    }
    assertThat(pool.acquireLarge(3 * PAGE)).isEqualTo(Codes.FULL_PAGES);
    pool.settle();
    assertThat(pool.relieve(Codes.FULL_PAGES, 3 * PAGE, 1)).isTrue();
    assertThat(budget.pages()).isEqualTo(5);
    assertThat(frameBytes(beginLarge(3 * PAGE))).isEqualTo(3 * PAGE);
  }

  @Test
  void aPageThatIsMadeWhileThePoolClosesDoesNotStayOpen() {
    source.onNextMap(pool::close);
    assertThat(pool.acquire(-1)).isEqualTo(Codes.CLOSED);
    pool.settle();
    assertThat(source.open()).isEmpty();
    assertThat(pool.makeReady(-1)).isFalse();
  }

  @Test
  void closingCanBeRepeatedUntilEveryMappingIsClosed() {
    pool.makeReady(-1);
    pool.makeReady(-1);
    source.mappings.getFirst().hold(true);
    assertThat(pool.close()).isFalse();
    assertThat(source.open()).hasSize(1);
    source.mappings.getFirst().hold(false);
    assertThat(pool.close()).isTrue();
  }

  private static long frameBytes(Page page) {
    return PagePool.frame(page).dataBytes;
  }
}
