package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StripesTest {
  /** Lost races after which threads spread. */
  private static final int COLLISIONS = 64;

  @ParameterizedTest
  @CsvSource({"1,1", "2,2", "3,2", "4,4", "15,8", "16,16"})
  void thereAreAPowerOfTwoOfThemAndNoMoreThanAllowed(int atMost, int size) {
    assertThat(new Stripes(atMost).size()).isEqualTo(size);
  }

  @Test
  void threadsThatDoNotCollideShareTheFirst() throws Exception {
    assertThat(stripesOfThreads(new Stripes(8), 16)).containsExactly(0);
  }

  @Test
  void threadsSpreadOverTwiceAsManyEachTimeTheyCollideTooOften() throws Exception {
    Stripes stripes = new Stripes(4);
    Page page = Pages.bare(0);
    collide(stripes, page, COLLISIONS - 1);
    assertThat(stripesOfThreads(stripes, 16)).containsExactly(0);
    collide(stripes, page, 1);
    assertThat(stripesOfThreads(stripes, 16)).containsExactly(0, 1);
    collide(stripes, page, COLLISIONS);
    assertThat(stripesOfThreads(stripes, 16)).containsExactly(0, 1, 2, 3);
    collide(stripes, page, COLLISIONS);
    assertThat(stripesOfThreads(stripes, 16)).as("never beyond").containsExactly(0, 1, 2, 3);
  }

  @Test
  void aSingleStripeStaysSingle() throws Exception {
    Stripes stripes = new Stripes(1);
    collide(stripes, Pages.bare(0), 3 * COLLISIONS);
    assertThat(stripesOfThreads(stripes, 4)).containsExactly(0);
  }

  @Test
  void gatheringSendsAllBackToTheFirst() throws Exception {
    Stripes stripes = new Stripes(4);
    collide(stripes, Pages.bare(0), 2 * COLLISIONS);
    stripes.gather();
    assertThat(stripesOfThreads(stripes, 16)).containsExactly(0);
  }

  @Test
  void anEmptyStripeIsFilledOnce() {
    Stripes stripes = new Stripes(2);
    Page first = Pages.bare(0);
    Page second = Pages.bare(1);
    Pages.activate(first, 1, 0);
    Pages.activate(second, 1, 0);
    assertThat(stripes.fill(first.stripe, first)).isTrue();
    assertThat(stripes.fill(second.stripe, second)).isFalse();
    assertThat(stripes.get(0)).isSameAs(Stripes.NONE);
    assertThat(stripes.get(1)).isSameAs(first);
  }

  @Test
  void whoSealsAPageTakesItOutAndNobodyElse() {
    Stripes stripes = new Stripes(2);
    Page first = Pages.bare(0);
    Page second = Pages.bare(1);
    Pages.activate(first, 1, 0);
    Pages.activate(second, 1, 0);
    assertThat(stripes.fill(first.stripe, first)).isTrue();
    long word = first.reserve;
    Pages.reserveOne(first);
    assertThat(stripes.seal(first, word, second)).as("an entry came").isFalse();
    assertThat(stripes.get(1)).isSameAs(first);
    word = first.reserve;
    assertThat(stripes.seal(first, word, second)).isTrue();
    assertThat(stripes.seal(first, word, Stripes.NONE)).isFalse();
    assertThat(stripes.get(1)).isSameAs(second);
    assertThat(stripes.seal(second, second.reserve, Stripes.NONE)).isTrue();
    assertThat(stripes.get(1)).isSameAs(Stripes.NONE);
  }

  @Test
  void aSealedPageThatIsInNoStripeIsAFault() {
    Stripes stripes = new Stripes(2);
    Page page = Pages.bare(7);
    Pages.activate(page, 1, 0);
    assertThatIllegalStateException()
        .isThrownBy(() -> stripes.seal(page, page.reserve, Stripes.NONE))
        .withMessage("page id=7: not in stripe 1");
  }

  @Test
  void whoFindsAnInstalledPageOpensItAndNobodyOpensAnother() {
    Stripes stripes = new Stripes(1);
    Page page = Pages.bare(0);
    page.beginOpening(0, 0);
    assertThat(stripes.opened(0)).isSameAs(Stripes.NONE);
    assertThat(ReserveLayout.isOpening(page.reserve)).as("not installed").isTrue();
    assertThat(stripes.fill(page.stripe, page)).isTrue();
    assertThat(stripes.opened(0)).isSameAs(page);
    assertThat(Page.isUnused(page.reserve)).isTrue();
    assertThat(Pages.seal(page)).isTrue();
    assertThat(stripes.opened(0)).isSameAs(page);
    assertThat(ReserveLayout.isSealed(page.reserve)).isTrue();
  }

  private static void collide(Stripes stripes, Page page, int times) {
    for (int i = 0; i < times; i++) {
      stripes.collided(page);
    }
  }

  /** The stripes of so many threads with consecutive ids, so that every low bit occurs. */
  private static Set<Integer> stripesOfThreads(Stripes stripes, int threads) throws Exception {
    Set<Integer> seen = new TreeSet<>();
    for (int i = 0; i < threads; i++) {
      Thread thread = Thread.ofPlatform().start(() -> seen.add(stripes.ownIndex()));
      thread.join();
    }
    return seen;
  }
}
