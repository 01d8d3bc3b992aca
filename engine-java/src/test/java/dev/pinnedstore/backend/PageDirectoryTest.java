package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PageDirectoryTest {
  private static final int FIRST_GENERATION = -4;

  private final PageDirectory directory = new PageDirectory(FIRST_GENERATION, Integer.MAX_VALUE);

  @Test
  void idsAreDenseAndLeadToTheirPages() {
    List<Page> pages = Pages.of(directory, 300);
    for (int id = 0; id < pages.size(); id++) {
      assertThat(pages.get(id).id).isEqualTo(id);
      assertThat(pages.get(id).generation).isEqualTo(FIRST_GENERATION);
      assertThat(directory.find(id)).isSameAs(pages.get(id));
    }
    assertThat(directory.size()).isEqualTo(300);
  }

  @Test
  void findsNothingUnderIdsThatWereNeverIssued() {
    Pages.of(directory, 64);
    for (int id : new int[] {64, 65, 128, 1 << 20, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
      assertThat(directory.find(id)).as("id %s", id).isNull();
      assertThatThrownBy(() -> directory.at(id))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("id=" + id);
    }
  }

  @Test
  void aReleasedSlotIsTakenBeforeANewOneIsMade() {
    List<Page> pages = Pages.of(directory, 3);
    directory.release(pages.get(1));
    assertThat(directory.takeFree(-1)).isSameAs(pages.get(1));
    assertThat(directory.takeFree(-1).id).isEqualTo(3);
    assertThat(directory.find(1)).as("a slot in use").isSameAs(pages.get(1));
  }

  @Test
  void aSlotWithoutGenerationsIsNotTakenAgain() {
    Page spent = directory.takeFree(-1);
    spent.generation = FIRST_GENERATION - 1;
    directory.release(spent);
    assertThat(directory.takeFree(-1)).isNotSameAs(spent);
    assertThat(directory.find(0)).as("its old handles still lead to it").isSameAs(spent);
  }

  @Test
  void noMoreSlotsAreIssuedThanThereMayBe() {
    PageDirectory bounded = new PageDirectory(FIRST_GENERATION, 3);
    List<Page> pages = Pages.of(bounded, 3);
    assertThat(bounded.takeFree(-1)).isNull();
    assertThat(bounded.takeExactly(3)).isNull();
    assertThat(bounded.size()).isEqualTo(3);
    bounded.release(pages.get(1));
    assertThat(bounded.takeFree(2)).as("the wanted one is in use").isSameAs(pages.get(1));
    assertThat(bounded.takeFree(-1)).isNull();
  }

  @Test
  void theWantedSlotIsTakenIfItIsFreeOrTheLowestOtherwise() {
    List<Page> pages = Pages.of(directory, 4);
    directory.release(pages.get(0));
    directory.release(pages.get(2));
    assertThat(directory.takeFree(2)).isSameAs(pages.get(2));
    directory.release(pages.get(2));
    assertThat(directory.takeFree(1)).as("1 is in use").isSameAs(pages.get(0));
    assertThat(directory.takeFree(4).id).as("the next that was never issued").isEqualTo(4);
    assertThat(directory.takeFree(9)).as("too far above").isSameAs(pages.get(2));
    assertThat(directory.takeFree(9).id).isEqualTo(5);
  }

  @Test
  void exactlyThatSlotOrNone() {
    List<Page> pages = Pages.of(directory, 2);
    assertThat(directory.takeExactly(1)).as("in use").isNull();
    directory.release(pages.get(1));
    assertThat(directory.takeExactly(1)).isSameAs(pages.get(1));
    assertThat(directory.takeExactly(1)).isNull();
    assertThat(directory.takeExactly(3)).as("behind the next").isNull();
    assertThat(directory.takeExactly(2).id).isEqualTo(2);
    assertThat(directory.size()).isEqualTo(3);
  }

  @Test
  void aSlotIsFreeWhileItHoldsNothingAndIsWithinTheBound() {
    PageDirectory bounded = new PageDirectory(FIRST_GENERATION, 3);
    List<Page> pages = Pages.of(bounded, 2);
    assertThat(bounded.isFree(0)).isFalse();
    bounded.release(pages.get(0));
    assertThat(bounded.isFree(0)).isTrue();
    assertThat(bounded.isFree(2)).as("never issued").isTrue();
    assertThat(bounded.isFree(3)).isFalse();
    pages.get(1).generation = FIRST_GENERATION - 1;
    bounded.release(pages.get(1));
    assertThat(bounded.isFree(1)).as("without generations").isFalse();
  }

  @Test
  void aNewSlotSuitsUnlessMostOfTheOldOnesAreFree() {
    PageDirectory bounded = new PageDirectory(FIRST_GENERATION, 6);
    List<Page> pages = Pages.of(bounded, 5);
    assertThat(bounded.suits(5)).isTrue();
    assertThat(bounded.suits(6)).as("beyond the bound").isFalse();
    bounded.release(pages.get(0));
    bounded.release(pages.get(1));
    assertThat(bounded.suits(5)).as("two of five are free").isTrue();
    bounded.release(pages.get(2));
    assertThat(bounded.suits(5)).as("three of five are free").isFalse();
    assertThat(bounded.suits(4)).as("one that was issued").isTrue();
  }

  @Test
  void aSlotThatThreadsWantIsTakenByOne() {
    AtomicInteger taken = new AtomicInteger();
    Race.run(
        3,
        1_000,
        (thread, round) -> {
          Page page = directory.takeExactly(round);
          if (page != null) {
            assertThat(page.id).isEqualTo(round);
            taken.incrementAndGet();
          }
        });
    assertThat(taken).hasValue(directory.size());
    assertThat(directory.find(0)).isNotNull();
  }

  @Test
  void onceClosedItFindsNothingButItsOwnersStillReachTheirPages() {
    List<Page> pages = Pages.of(directory, 2);
    directory.close();
    assertThat(directory.find(0)).isNull();
    assertThat(directory.at(1)).isSameAs(pages.get(1));
    Page late = directory.takeFree(-1);
    assertThat(directory.find(late.id)).as("made after the end").isNull();
    assertThat(directory.at(late.id)).isSameAs(late);
  }

  @Test
  void readersMissNoIssuedPageWhileArraysAreReplaced() {
    int pages = 5_000;
    AtomicInteger issued = new AtomicInteger();
    Race.run(
        3,
        pages,
        (thread, round) -> {
          if (thread == 0) {
            issued.set(directory.takeFree(-1).id + 1);
          } else {
            int known = issued.get();
            if (known > 0) {
              int id = thread == 1 ? known - 1 : round % known;
              Page page = directory.find(id);
              assertThat(page == null ? -1 : page.id).isEqualTo(id);
            }
            int size = directory.size();
            assertThat(size == 0 || directory.find(size - 1) != null).isTrue();
          }
        });
    assertThat(directory.size()).isEqualTo(pages);
  }

  @Test
  void noSlotIsIssuedTwiceToThreads() {
    Set<Integer> ids = ConcurrentHashMap.newKeySet();
    Race.run(3, 1_000, (thread, round) -> assertThat(ids.add(directory.takeFree(-1).id)).isTrue());
    assertThat(ids).hasSize(3_000);
    assertThat(directory.size()).isEqualTo(3_000);
  }
}
