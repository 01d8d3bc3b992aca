package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class PageSetTest {
  /** Ids in one chunk of the set. */
  private static final int CHUNK = 4096;

  private final PageDirectory directory = new PageDirectory(0, Integer.MAX_VALUE);
  private final PageSet set = new PageSet(directory);

  @Test
  void theLowestComesFirstWhateverTheOrderInWhichTheyCame() {
    push(Pages.of(directory, 200), 130, 0, 64, 199, 63, 7);
    assertThat(popAll()).containsExactly(0, 7, 63, 64, 130, 199);
    assertThat(set.pop()).isNull();
  }

  @Test
  void theHighestBelowAnIdComesFirst() {
    push(Pages.of(directory, 200), 0, 7, 63, 64, 130, 199);
    assertThat(popBelow(0)).isNull();
    assertThat(popBelow(199).id).isEqualTo(130);
    assertThat(popBelow(64).id).isEqualTo(63);
    assertThat(popBelow(63).id).isEqualTo(7);
    assertThat(popBelow(Integer.MAX_VALUE).id).isEqualTo(199);
    assertThat(popBelow(1).id).isZero();
    assertThat(popBelow(64)).isNull();
    assertThat(popAll()).containsExactly(64);
  }

  @Test
  void aPageIsClaimedByItsIdOnce() {
    push(Pages.of(directory, 70), 3, 69);
    assertThat(set.claim(2)).isFalse();
    assertThat(set.claim(69)).isTrue();
    assertThat(set.claim(69)).isFalse();
    assertThat(set.claim(3 * CHUNK)).as("behind its last chunk").isFalse();
    assertThat(set.contains(69)).isFalse();
    assertThat(set.contains(3)).isTrue();
    assertThat(set.contains(3 * CHUNK)).isFalse();
    assertThat(popAll()).containsExactly(3);
  }

  @Test
  void itsNeighboursInAWordStayWhenAPageIsClaimed() {
    push(Pages.of(directory, 64), 62, 63, 0, 1);
    assertThat(set.claim(63)).isTrue();
    assertThat(set.claim(0)).isTrue();
    assertThat(popAll()).containsExactly(1, 62);
  }

  @Test
  void countsItsPages() {
    List<Page> pages = Pages.of(directory, 3);
    assertThat(set.size()).isZero();
    assertThat(set.hasAny()).isFalse();
    pages.forEach(set::push);
    assertThat(set.hasAny()).isTrue();
    assertThat(set.size()).isEqualTo(3);
    set.claim(1);
    set.claim(1);
    assertThat(set.size()).isEqualTo(2);
    set.pop();
    popBelow(9);
    assertThat(set.pop()).isNull();
    assertThat(popBelow(9)).isNull();
    assertThat(set.hasAny()).isFalse();
    assertThat(set.size()).isZero();
  }

  @Test
  void growsOverChunksAndKeepsItsOrder() {
    List<Page> pages = Pages.of(directory, 3 * CHUNK + 2);
    push(pages, 3 * CHUNK + 1, CHUNK - 1, CHUNK, 5, 2 * CHUNK + 70);
    assertThat(popBelow(3 * CHUNK).id).isEqualTo(2 * CHUNK + 70);
    assertThat(set.claim(CHUNK)).isTrue();
    assertThat(popAll()).containsExactly(5, CHUNK - 1, 3 * CHUNK + 1);
    push(pages, CHUNK, 1);
    assertThat(popAll()).as("after the lower chunks were empty").containsExactly(1, CHUNK);
    pages.forEach(set::push);
    assertThat(popAll()).hasSize(pages.size()).isSorted();
  }

  @Test
  void everyPageHasOneOwnerAmongThreadsThatTakeItInDifferentWays() {
    List<Page> pages = Pages.of(directory, CHUNK + 3);
    int[] ids = {0, 1, 63, 64, CHUNK - 1, CHUNK, CHUNK + 2};
    push(pages, ids);
    AtomicIntegerArray owners = new AtomicIntegerArray(pages.size());
    Race.run(
        3,
        20_000,
        (thread, round) -> {
          int id = ids[(round * 5 + thread) % ids.length];
          Page page =
              switch ((round + thread) % 3) {
                case 0 -> set.pop();
                case 1 -> popBelow(id + 1);
                default -> set.claim(id) ? directory.at(id) : null;
              };
          if (page != null) {
            assertThat(owners.incrementAndGet(page.id)).as("owners of page %s", page.id).isOne();
            owners.decrementAndGet(page.id);
            set.push(page);
          }
        });
    assertThat(set.size()).isEqualTo(ids.length);
    assertThat(popAll()).containsExactly(0, 1, 63, 64, CHUNK - 1, CHUNK, CHUNK + 2);
  }

  @Test
  void aPageThatStaysIsFoundWhileAnotherComesAndGoes() {
    List<Page> pages = Pages.of(directory, 2);
    pages.forEach(set::push);
    Race.run(
        2,
        100_000,
        (thread, round) -> {
          if (set.claim(0)) {
            if (thread == 1) {
              Page stays = popBelow(2);
              assertThat(stays).as("in round %s", round).isSameAs(pages.get(1));
              set.push(stays);
            }
            set.push(pages.get(0));
          }
        });
    assertThat(set.size()).isEqualTo(2);
  }

  @Test
  void noPageIsLostWhileChunksAreAdded() {
    int each = 3 * CHUNK;
    List<Page> pages = Pages.of(directory, 3 * each);
    // One from the highest downwards, which adds its chunks first.
    Race.run(
        3,
        each,
        (thread, round) ->
            set.push(pages.get(thread < 2 ? 2 * round + thread : pages.size() - 1 - round)));
    assertThat(set.size()).isEqualTo(pages.size());
    assertThat(popAll()).hasSize(pages.size()).isSorted();
    assertThat(set.size()).isZero();
  }

  private Page popBelow(int id) {
    return Pages.popBelow(set, directory, id);
  }

  private void push(List<Page> pages, int... ids) {
    for (int id : ids) {
      set.push(pages.get(id));
    }
  }

  private List<Integer> popAll() {
    List<Integer> ids = new ArrayList<>();
    for (Page page = set.pop(); page != null; page = set.pop()) {
      ids.add(page.id);
    }
    return ids;
  }
}
