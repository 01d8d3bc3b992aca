package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SpareLargePagesTest {
  private final SpareLargePages spare = new SpareLargePages();

  @Test
  void takesTheSmallestThatIsLargeEnough() {
    Page small = add(0, 8192);
    Page middle = add(1, 12288);
    Page large = add(2, 16384);
    assertThat(spare.take(12000)).isSameAs(middle);
    assertThat(spare.take(12000)).isSameAs(large);
    assertThat(spare.take(8192)).isSameAs(small);
    assertThat(spare.take(1)).isNull();
  }

  @Test
  void leavesAPageThatIsMoreThanTwiceAsLarge() {
    Page page = add(0, 16384);
    assertThat(spare.has(8191)).isFalse();
    assertThat(spare.take(8191)).isNull();
    assertThat(spare.has(16385)).isFalse();
    assertThat(spare.take(16385)).isNull();
    assertThat(spare.has(8192)).isTrue();
    assertThat(spare.take(8192)).isSameAs(page);
  }

  @Test
  void takesEqualPagesOneAfterAnother() {
    Page first = add(0, 8192);
    Page second = add(1, 8192);
    assertThat(spare.take(8192)).isSameAs(first);
    assertThat(spare.has(8192)).isTrue();
    assertThat(spare.take(8192)).isSameAs(second);
    assertThat(spare.has(8192)).isFalse();
  }

  @Test
  void givesUpTheLargestFirst() {
    Page small = add(0, 8192);
    Page large = add(1, 1L << 32);
    assertThat(spare.takeLargest()).isSameAs(large);
    assertThat(spare.takeLargest()).isSameAs(small);
    assertThat(spare.takeLargest()).isNull();
  }

  @Test
  void countsPagesAndBytesOnEveryWayInAndOut() {
    add(0, 8192).idleSinceNanos = 10;
    add(1, 12288).idleSinceNanos = 10;
    add(2, 16384).idleSinceNanos = 30;
    assertThat(spare.size()).isEqualTo(3);
    assertThat(spare.bytes()).isEqualTo(8192 + 12288 + 16384);
    spare.take(12288);
    assertThat(spare.bytes()).isEqualTo(8192 + 16384);
    spare.takeIdle(20, 9);
    assertThat(spare.bytes()).isEqualTo(16384);
    spare.takeLargest();
    assertThat(spare.size()).isZero();
    assertThat(spare.bytes()).isZero();
  }

  @Test
  void idleIsWhatWasEmptiedAtThatTimeOrBefore() {
    Page old = add(0, 8192);
    Page exact = add(1, 8192);
    Page young = add(2, 8192);
    old.idleSinceNanos = 9;
    exact.idleSinceNanos = 10;
    young.idleSinceNanos = 11;
    assertThat(spare.takeIdle(10, 9)).containsExactly(old, exact);
    assertThat(spare.takeIdle(10, 9)).isEmpty();
    assertThat(spare.takeIdle(11, 9)).containsExactly(young);
    assertThat(spare.has(8192)).isFalse();
  }

  @Test
  void takesNoMoreIdlePagesThanAskedFor() {
    for (int id = 0; id < 5; id++) {
      add(id, 8192L + id % 2 * 4096);
    }
    assertThat(spare.takeIdle(0, 3)).hasSize(3);
    assertThat(spare.size()).isEqualTo(2);
    assertThat(spare.takeIdle(0, 0)).isEmpty();
    assertThat(spare.takeIdle(0, 9)).hasSize(2);
  }

  @Test
  void timesMayWrapAround() {
    Page page = add(0, 8192);
    page.idleSinceNanos = Long.MAX_VALUE - 1;
    assertThat(spare.takeIdle(Long.MAX_VALUE - 2, 1)).isEmpty();
    assertThat(spare.takeIdle(Long.MIN_VALUE + 1, 1)).containsExactly(page);
  }

  private Page add(int id, long bytes) {
    Page page = Pages.bare(id);
    spare.add(page, bytes);
    return page;
  }
}
