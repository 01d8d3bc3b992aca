package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdleWatchTest {
  private static final long TIMEOUT = 100;

  private final Stripes stripes = new Stripes(2);
  private final IdleWatch watch = new IdleWatch(2);
  private final List<Page> emptied = new ArrayList<>();
  private final List<Long> times = new ArrayList<>();

  @Test
  void anAcknowledgedPageGoesOnceItWasStillForTheTimeout() {
    Page page = active(0, 2, 0);
    look(0);
    look(TIMEOUT - 1);
    assertThat(stripes.get(0)).isSameAs(page);
    look(TIMEOUT);
    assertThat(stripes.get(0)).isSameAs(Stripes.NONE);
    assertThat(emptied).containsExactly(page);
    assertThat(times).as("when it was first seen so").containsExactly(0L);
  }

  @Test
  void everyChangeBeginsTheTimeAnew() {
    Page page = active(0, 2, 1);
    look(0);
    page.release();
    look(50);
    look(149);
    assertThat(stripes.get(0)).as("an acknowledgement at 50").isSameAs(page);
    Pages.reserveOne(page);
    page.release();
    look(150);
    look(249);
    assertThat(stripes.get(0)).as("a blob at 150").isSameAs(page);
    look(250);
    assertThat(emptied).containsExactly(page);
    assertThat(times).containsExactly(150L);
  }

  @Test
  void anotherPageInTheStripeBeginsTheTimeAnew() {
    Page first = active(0, 1, 0);
    look(0);
    takeOut(first);
    Page second = active(0, 1, 0);
    look(TIMEOUT);
    assertThat(stripes.get(0)).isSameAs(second);
    look(2 * TIMEOUT);
    assertThat(emptied).containsExactly(second);
  }

  @Test
  void theFirstStripeKeepsAPageWithLiveBlobsAndAnUnusedOne() {
    Page page = active(0, 2, 1);
    look(0);
    look(10 * TIMEOUT);
    assertThat(stripes.get(0)).isSameAs(page);
    takeOut(page);
    Page unused = active(0, 0, 0);
    look(20 * TIMEOUT);
    look(30 * TIMEOUT);
    assertThat(stripes.get(0)).isSameAs(unused);
    assertThat(emptied).isEmpty();
  }

  @Test
  void anotherStripeLosesItsPageWhateverIsInIt() {
    Page live = active(1, 2, 1);
    look(0);
    look(TIMEOUT);
    assertThat(stripes.get(1)).isSameAs(Stripes.NONE);
    assertThat(ReserveLayout.isSealed(live.reserve)).isTrue();
    assertThat(emptied).as("its last blob is live").isEmpty();
    assertThat(live.release()).as("and empties it later").isTrue();
    Page unused = active(1, 0, 0);
    look(2 * TIMEOUT);
    look(3 * TIMEOUT);
    assertThat(emptied).containsExactly(unused);
  }

  @Test
  void threadsGatherWhenOnlyTheFirstStripeIsLeft() {
    Page contended = Pages.bare(9);
    for (int i = 0; i < 64; i++) {
      stripes.collided(contended);
    }
    active(0, 2, 1);
    Page other = active(1, 1, 1);
    int spread = ownOfAThreadWithAnOddId();
    assertThat(spread).isEqualTo(1);
    look(0);
    assertThat(ownOfAThreadWithAnOddId()).as("while a second stripe has a page").isEqualTo(1);
    look(TIMEOUT);
    assertThat(stripes.get(1)).isSameAs(Stripes.NONE);
    assertThat(ReserveLayout.isSealed(other.reserve)).isTrue();
    assertThat(ownOfAThreadWithAnOddId()).isZero();
  }

  @Test
  void timesMayWrapAround() {
    Page page = active(0, 1, 0);
    watch.sealIdle(stripes, Long.MAX_VALUE, Long.MAX_VALUE - TIMEOUT, this::take);
    watch.sealIdle(stripes, Long.MIN_VALUE + 98, Long.MAX_VALUE - 1, this::take);
    assertThat(stripes.get(0)).isSameAs(page);
    watch.sealIdle(stripes, Long.MIN_VALUE + 99, Long.MAX_VALUE, this::take);
    assertThat(emptied).containsExactly(page);
  }

  @Test
  void atTheLimitAcknowledgedPagesGoAtOnce() {
    Page acknowledged = active(0, 2, 0);
    Page live = active(1, 2, 1);
    watch.sealAcknowledged(stripes, 5, true, this::take);
    assertThat(emptied).containsExactly(acknowledged);
    assertThat(times).containsExactly(5L);
    assertThat(stripes.get(0)).isSameAs(Stripes.NONE);
    assertThat(stripes.get(1)).isSameAs(live);
  }

  @Test
  void atTheLimitAnUnusedPageGoesOnlyForALargerBlob() {
    Page unused = active(0, 0, 0);
    watch.sealAcknowledged(stripes, 5, false, this::take);
    assertThat(stripes.get(0)).isSameAs(unused);
    watch.sealAcknowledged(stripes, 5, true, this::take);
    assertThat(emptied).containsExactly(unused);
  }

  private void look(long nanos) {
    watch.sealIdle(stripes, nanos, nanos - TIMEOUT, this::take);
  }

  private void take(Page page, long nanos) {
    emptied.add(page);
    times.add(nanos);
  }

  private void takeOut(Page page) {
    assertThat(stripes.seal(page, page.reserve, Stripes.NONE)).isTrue();
  }

  private Page active(int stripe, int entries, int live) {
    Page page = Pages.bare(stripe);
    Pages.activate(page, stripe, 0);
    for (int i = 0; i < entries; i++) {
      Pages.reserveOne(page);
    }
    for (int i = live; i < entries; i++) {
      page.release();
    }
    assertThat(stripes.fill(stripe, page)).isTrue();
    return page;
  }

  private int ownOfAThreadWithAnOddId() {
    int[] own = {-1};
    Thread thread = Thread.ofPlatform().unstarted(() -> own[0] = stripes.ownIndex());
    while (thread.threadId() % 2 == 0) {
      thread = Thread.ofPlatform().unstarted(() -> own[0] = stripes.ownIndex());
    }
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return own[0];
  }
}
