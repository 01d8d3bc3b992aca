package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PageTest {
  private static final int GRANULES = 64;
  private static final long MILLIS = 1_000;

  @Test
  void aPageWithoutMemoryTakesNoEntry() {
    Page page = Pages.bare(0);
    assertThat(ReserveLayout.isSealed(page.reserve)).isTrue();
    assertThat(page.liveEntries()).isZero();
    Pages.activate(page, MILLIS);
    assertThat(Page.isUnused(page.reserve)).isTrue();
    assertThat(page.newestMillis).isEqualTo(MILLIS);
    assertThat(page.view).isNotSameAs(PageView.NONE);
    assertThat(page.view.isShared()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"0,0", "1,0", "1,1", "5,0", "5,2", "5,5"})
  void exactlyOneCallOwnsTheEmptiedPage(int entries, int releasedBeforeTheSeal) {
    Page page = Pages.bare(0);
    Pages.activate(page, MILLIS);
    for (int i = 0; i < entries; i++) {
      Pages.reserveOne(page);
    }
    assertThat(page.liveEntries()).isEqualTo(entries);
    for (int i = 0; i < releasedBeforeTheSeal; i++) {
      assertThat(page.release()).as("an open page is never emptied").isFalse();
    }
    assertThat(page.liveEntries()).isEqualTo(entries - releasedBeforeTheSeal);
    assertThat(Pages.seal(page)).isEqualTo(entries == releasedBeforeTheSeal);
    for (int left = entries - releasedBeforeTheSeal; left > 0; left--) {
      assertThat(page.liveEntries()).isEqualTo(left);
      assertThat(page.release()).isEqualTo(left == 1);
    }
    assertThat(page.liveEntries()).isZero();
    assertThat(Pages.seal(page)).as("sealed already").isFalse();
  }

  @Test
  void aPageTakesNoEntryBeforeItIsOpened() {
    Page page = new Page(0, 5);
    page.beginOpening(ReserveLayout.ENTRY + 3, MILLIS);
    long opening = page.reserve;
    assertThat(ReserveLayout.isSealed(opening)).isTrue();
    assertThat(page.seal(opening)).isFalse();
    page.open(ReserveLayout.opening(4, ReserveLayout.ENTRY + 3));
    assertThat(page.reserve).as("not its incarnation").isEqualTo(opening);
    page.open(opening);
    assertThat(ReserveLayout.isSealed(page.reserve)).isFalse();
    assertThat(ReserveLayout.entries(page.reserve)).isEqualTo(1);
    assertThat(ReserveLayout.usedGranules(page.reserve)).isEqualTo(3);
    Pages.reserveOne(page);
    page.open(opening);
    assertThat(ReserveLayout.entries(page.reserve)).as("opened once").isEqualTo(2);
  }

  @Test
  void aPageIsSealedOnlyByTheWordThatItHas() {
    Page page = Pages.bare(0);
    Pages.activate(page, MILLIS);
    long early = page.reserve;
    Pages.reserveOne(page);
    assertThat(page.seal(early)).as("an entry came").isFalse();
    long word = page.reserve;
    assertThat(page.seal(word)).isTrue();
    assertThat(page.seal(word)).isFalse();
    assertThat(page.seal(page.reserve)).isFalse();
    assertThat(page.release()).as("not counted yet").isFalse();
    assertThat(page.countSealed(word)).isTrue();
    page.endGeneration();
    Pages.activate(page, MILLIS);
    Pages.reserveOne(page);
    assertThat(page.seal(word)).as("the same entries in another incarnation").isFalse();
  }

  @Test
  void whatGoesAcrossTakesTheRestAndIsCounted() {
    Page page = Pages.bare(0);
    Pages.activate(page, MILLIS);
    Pages.reserveOne(page);
    long word = page.reserve;
    assertThat(page.sealAcross(word + 1, GRANULES)).isFalse();
    assertThat(page.sealAcross(word, GRANULES)).isTrue();
    assertThat(ReserveLayout.isSealed(page.reserve)).isTrue();
    assertThat(ReserveLayout.usedGranules(page.reserve)).isEqualTo(GRANULES);
    assertThat(page.countSealed(word + ReserveLayout.ENTRY)).isFalse();
    assertThat(page.liveEntries()).isEqualTo(2);
    assertThat(page.release()).isFalse();
    assertThat(page.release()).isTrue();
  }

  @Test
  void thePageOfASingleBlobIsSealedWithOneEntry() {
    Page page = Pages.bare(0);
    page.activateForOne(MILLIS);
    assertThat(ReserveLayout.isSealed(page.reserve)).isTrue();
    assertThat(ReserveLayout.entries(page.reserve)).isEqualTo(1);
    assertThat(page.liveEntries()).isEqualTo(1);
    assertThat(Pages.seal(page)).isFalse();
    assertThat(page.release()).isTrue();
  }

  @Test
  void activationForgetsThePreviousGeneration() {
    Page page = Pages.bare(0);
    Pages.activate(page, MILLIS);
    Pages.reserveOne(page);
    page.raiseNewest(MILLIS + 50);
    page.collisions = 9;
    page.release();
    Pages.seal(page);
    page.endGeneration();
    assertThat(page.dirty).isTrue();
    assertThat(ReserveLayout.entries(page.reserve)).isZero();
    Pages.activate(page, MILLIS + 7);
    assertThat(page.liveEntries()).isZero();
    assertThat(page.live).isZero();
    assertThat(page.newestMillis).isEqualTo(MILLIS + 7);
    assertThat(page.collisions).isZero();
  }

  @Test
  void theNewestTimeOnlyRises() {
    Page page = Pages.bare(0);
    Pages.activate(page, MILLIS);
    page.raiseNewest(MILLIS - 1);
    assertThat(page.newestMillis).isEqualTo(MILLIS);
    page.raiseNewest(MILLIS + 2);
    page.raiseNewest(MILLIS + 1);
    assertThat(page.newestMillis).isEqualTo(MILLIS + 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, -2, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void generationsArePastInTheOrderInWhichTheyWereIssued(int first) {
    Page page = new Page(0, first);
    assertThat(page.isPast(first)).isFalse();
    assertThat(page.isPast(first - 1)).isFalse();
    for (int i = 1; i <= 10; i++) {
      Pages.activate(page, MILLIS);
      Pages.seal(page);
      page.endGeneration();
      assertThat(page.generation).isEqualTo(first + i);
      assertThat(page.isPast(first + i - 1)).isTrue();
      assertThat(page.isPast(first)).isTrue();
      assertThat(page.isPast(first + i)).as("the current one").isFalse();
      assertThat(page.isPast(first + i + 1)).as("one to come").isFalse();
      assertThat(page.isPast(first - 1)).as("the last of all").isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, -2, Integer.MIN_VALUE})
  void aSlotIsSpentWhenEveryGenerationButOneWasIssued(int first) {
    Page page = new Page(0, first);
    assertThat(page.isSpent()).isFalse();
    page.generation = first - 2;
    assertThat(page.isSpent()).isFalse();
    page.endGeneration();
    assertThat(page.isSpent()).isTrue();
    assertThat(page.isPast(first)).isTrue();
    assertThat(page.isPast(first - 2)).isTrue();
    assertThat(page.isPast(first - 1)).as("never issued").isFalse();
  }

  /** The case that a 10-bit generation in the word cannot tell apart by itself. */
  @ParameterizedTest
  @ValueSource(ints = {0, 700, -1500, Integer.MAX_VALUE - 900})
  void noWordOfAnOldGenerationEverMatches(int first) {
    FakeMapping mapping =
        new FakeMapping(new FakeSource(), 4096, GRANULES * EntryLayout.ENTRY_BYTES);
    Page page = new Page(0, first);
    page.frame = new MappedFrames.MappedFrame(mapping, GRANULES);
    for (int i = 0; i < 2 * EntryLayout.GENERATIONS + 100; i++) {
      Pages.activate(page, MILLIS);
      for (int granule = 0; granule < GRANULES; granule++) {
        assertThat(EntryLayout.isOf(EntryLayout.acquire(page.frame, granule), page.generation))
            .as("granule %s in generation %s", granule, page.generation)
            .isFalse();
      }
      // A granule for 32 generations and then for 2016 no more: its last word stays long enough.
      long granule = i / 32 % GRANULES;
      long live = EntryLayout.live(page.generation, MILLIS, 64);
      EntryLayout.release(page.frame, granule, live);
      EntryLayout.compareAndSet(page.frame, granule, live, EntryLayout.acknowledged(live));
      Pages.seal(page);
      page.endGeneration();
    }
    assertThat(mapping.close()).isTrue();
  }

  @Test
  void aPageThatNobodyViewedIsReadyAtOnceAndTakesNoViewAnyMore() {
    Page page = Pages.bare(0);
    Pages.activate(page, MILLIS);
    PageView marker = page.view;
    Pages.seal(page);
    assertThat(page.endGeneration()).isTrue();
    assertThat(page.view).isSameAs(PageView.NONE);
    assertThat(page.share(marker, shared())).isFalse();
  }

  @Test
  void aPageWithAViewIsNotReady() {
    Page page = Pages.bare(0);
    Pages.activate(page, MILLIS);
    PageView shared = shared();
    PageView marker = page.view;
    assertThat(page.share(marker, shared)).isTrue();
    assertThat(page.share(marker, shared())).as("a second viewer").isFalse();
    Pages.seal(page);
    assertThat(page.endGeneration()).isFalse();
    assertThat(page.view).isSameAs(shared);
  }

  @Test
  void aMarkerOfAnEarlierIncarnationInstallsNothing() {
    Page page = Pages.bare(0);
    Pages.activate(page, MILLIS);
    PageView old = page.view;
    Pages.seal(page);
    page.endGeneration();
    Pages.activate(page, MILLIS);
    assertThat(page.share(old, shared())).isFalse();
    assertThat(page.view.isShared()).isFalse();
  }

  private static PageView shared() {
    return new PageView(MemorySegment.ofArray(new byte[1]), new ViewGroup(0));
  }

  @Test
  void aViewIsSharedOnceItHasASegment() {
    assertThat(PageView.NONE.isShared()).isFalse();
    assertThat(new PageView().isShared()).isFalse();
    assertThat(shared().isShared()).isTrue();
  }
}
