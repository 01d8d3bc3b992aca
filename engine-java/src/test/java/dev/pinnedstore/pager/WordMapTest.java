package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.FutureTask;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The maps of pages and slots, in memory. */
class WordMapTest extends PagerFixture {

  /** Words of protected pages differ all: a look at the wrong leaf is seen. */
  @Test
  void threadsThatLookDoNotDisturbEachOther() throws Exception {
    pager.protectedPages().allocBulk(1000);
    PageTable table = pager.session().file().table();
    long[] words = LongStream.range(0, 1500).map(table::get).toArray();
    FutureTask<Long> other = new FutureTask<>(() -> wrongLooks(table, words, 101));
    Thread.ofPlatform().start(other);
    assertThat(wrongLooks(table, words, 131)).isZero();
    assertThat(other.get()).isZero();
  }

  private static long wrongLooks(PageTable table, long[] words, int stride) {
    return LongStream.range(0, 20_000_000)
        .mapToInt(i -> (int) (i * stride % words.length))
        .filter(page -> table.get(page) != words[page])
        .count();
  }

  @Test
  void leavesThatWereNeverWrittenArePassedOver() throws IOException {
    pager.allocBulk(9000);
    new SubPageAllocator(pager, 512).allocBulk(2);
    pager.allocBulk(3000);
    new SubPageAllocator(pager, 256).allocBulk(200);
    passesOver();
    reopen();
    passesOver();
    // Read, and written anew: some blocks are in memory, and some are not.
    new SubPageAllocator(pager, 256).allocBulk(100);
    passesOver();
  }

  private void passesOver() {
    WordMap slots = pager.session().file().slots();
    long end = 2000;
    long next = end;
    long present = 0;
    for (long leaf = end - 1; leaf >= 0; leaf--) {
      next = slots.isPresent(leaf) ? leaf : next;
      present += slots.isPresent(leaf) ? 1 : 0;
      assertThat(slots.nextPresent(leaf, end)).as("from %d", leaf).isEqualTo(next);
    }
    assertThat(present).isBetween(4L, 20L);
    assertThat(slots.nextPresent(end, 1L << 32)).as("of all that there can be").isEqualTo(1L << 32);
  }

  /** No heap for the leaves that others see, for one. */
  @Test
  void leavesThatNobodyWasShownAreDropped() {
    WordMap slots = pager.session().file().slots();
    new SubPageAllocator(pager, 512).alloc();
    slots.detach();
    slots.dropBlocks(0, 0, 1);
    assertThat(slots.isPresent(0)).isFalse();
  }
}
