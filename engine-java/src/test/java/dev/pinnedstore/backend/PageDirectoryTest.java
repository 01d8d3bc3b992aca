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
