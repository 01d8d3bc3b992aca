package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class PageStackTest {
  private final PageDirectory directory = new PageDirectory(0, Integer.MAX_VALUE);
  private final PageStack stack = new PageStack(directory);

  @Test
  void theHottestPageComesFirst() {
    List<Page> pages = Pages.of(directory, 3);
    pages.forEach(stack::push);
    assertThat(List.of(stack.pop(), stack.pop(), stack.pop())).isEqualTo(pages.reversed());
    assertThat(stack.pop()).isNull();
  }

  @Test
  void countsItsPages() {
    List<Page> pages = Pages.of(directory, 2);
    assertThat(stack.size()).isZero();
    pages.forEach(stack::push);
    assertThat(stack.size()).isEqualTo(2);
    stack.pop();
    assertThat(stack.size()).isEqualTo(1);
    stack.pop();
    assertThat(stack.pop()).isNull();
    assertThat(stack.size()).isZero();
  }

  @Test
  void aPageMovesBetweenStacksWithoutTakingItsNeighboursAlong() {
    PageStack other = new PageStack(directory);
    List<Page> pages = Pages.of(directory, 3);
    pages.forEach(stack::push);
    other.push(stack.pop());
    assertThat(other.pop()).isSameAs(pages.get(2));
    assertThat(other.pop()).isNull();
    assertThat(stack.pop()).isSameAs(pages.get(1));
  }

  @Test
  void everyPageHasOneOwnerAmongThreads() {
    List<Page> pages = Pages.of(directory, 4);
    PageStack other = new PageStack(directory);
    pages.forEach(stack::push);
    AtomicIntegerArray owners = new AtomicIntegerArray(pages.size());
    Race.run(
        3,
        20_000,
        (thread, round) -> {
          PageStack from = (round + thread) % 2 == 0 ? stack : other;
          PageStack to = round % 3 == 0 ? stack : other;
          Page page = from.pop();
          if (page != null) {
            assertThat(owners.incrementAndGet(page.id)).as("owners of page %s", page.id).isOne();
            owners.decrementAndGet(page.id);
            to.push(page);
          }
        });
    List<Page> left = new ArrayList<>();
    for (PageStack each : List.of(stack, other)) {
      assertThat(each.size()).isBetween(0, pages.size());
      for (Page page = each.pop(); page != null; page = each.pop()) {
        left.add(page);
      }
      assertThat(each.size()).isZero();
    }
    assertThat(left).containsExactlyInAnyOrderElementsOf(pages);
  }
}
