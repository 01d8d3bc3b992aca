package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** In checked mode a segment dies with the use of its page; otherwise it stays mapped. */
class CheckedModeTest extends PagerFixture {
  @Override
  PagerOptions options() {
    return PagerOptions.defaults().withChecked(true);
  }

  @Test
  void aSegmentKeptBeyondTheFreeThrows() {
    PageId id = pager.alloc();
    MemorySegment kept = pager.page(id);
    kept.set(JAVA_BYTE, 0, (byte) 1);
    pager.free(id);
    assertThatIllegalStateException().isThrownBy(() -> kept.get(JAVA_BYTE, 0));
    PageId next = pager.alloc();
    assertThat(next.number()).isEqualTo(id.number());
    assertThat(get(pager, next)).isEqualTo(1);
    assertThatIllegalStateException().isThrownBy(() -> kept.set(JAVA_BYTE, 0, (byte) 2));
  }

  /** The segment must not be made after the free looked for it: nobody would end it. */
  @Test
  void aSegmentTakenDuringAFreeDiesToo() throws Exception {
    for (int round = 0; round < 2000; round++) {
      PageId id = pager.alloc(Durability.NONE);
      FutureTask<MemorySegment> other = new FutureTask<>(() -> pager.page(id));
      Thread.ofPlatform().start(other);
      pager.free(id, Durability.NONE);
      try {
        MemorySegment kept = other.get();
        assertThat(kept.scope().isAlive()).as("round %d", round).isFalse();
      } catch (ExecutionException e) {
        assertThat(e).hasCauseInstanceOf(InvalidPageException.class);
      }
    }
  }

  @Test
  void bulkFreeingEndsAllOfThem() {
    List<PageId> ids = pager.allocBulk(20);
    List<MemorySegment> kept = ids.stream().map(pager::page).toList();
    pager.freeBulk(ids);
    for (MemorySegment segment : kept) {
      assertThatIllegalStateException().isThrownBy(() -> segment.get(JAVA_BYTE, 0));
    }
  }

  @Test
  void onePageHasOneSegmentAndKeepsItsBytes() throws Exception {
    PageId id = pager.alloc();
    set(pager, id, 7);
    assertThat(pager.page(id).address()).isEqualTo(pager.page(id).address());
    pager.flush(id);
    reopen();
    assertThat(get(pager, id)).isEqualTo(7);
  }

  @Test
  void otherwiseItStaysMapped() throws Exception {
    pager.close();
    pager = Pager.open(path, PAGE);
    PageId id = pager.alloc();
    MemorySegment kept = pager.page(id);
    pager.free(id);
    kept.set(JAVA_BYTE, 0, (byte) 3);
    assertThat(get(pager, pager.alloc())).isEqualTo(3);
  }
}
