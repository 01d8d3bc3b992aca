package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Where numbers end. */
@Tag("contract")
class LimitsTest {
  private static final Geometry GEOMETRY = new Geometry(10, 65536);

  private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));

  private Pager create() throws IOException {
    return Pager.create(disk, GEOMETRY, PagerOptions.defaults(), () -> {});
  }

  @Test
  void arraysOfTheLastLeavesHaveALength() {
    long lastLeaf = (Geometry.MAX_PAGES - 1) >>> WordMap.LEAF_SHIFT;
    assertThat(BitTree.lengthFor(lastLeaf)).isGreaterThan((int) lastLeaf);
    assertThat(BitTree.lengthFor(1L << 30)).isEqualTo((1 << 30) + 1 + (1 << 29));
    assertThat(BitTree.lengthFor(1_700_000_000)).isEqualTo(Integer.MAX_VALUE - 8);
    assertThat(BitTree.lengthFor(0)).isEqualTo(1);
  }

  /** Refused for want of space, before an array of that length is made. */
  @Test
  void countsThatNoFileHasRoomForAreRefusedByThePager() throws IOException {
    try (Pager pager = create()) {
      SubPageAllocator subs = new SubPageAllocator(pager, 16);
      List<BulkPageAllocator<? extends PageHandle>> kinds =
          List.of(pager, pager.protectedPages(), subs);
      for (BulkPageAllocator<? extends PageHandle> kind : kinds) {
        assertThatExceptionOfType(PagerFullException.class)
            .isThrownBy(() -> kind.allocBulk(Integer.MAX_VALUE));
      }
      assertThatExceptionOfType(PagerFullException.class)
          .isThrownBy(() -> pager.reserve(Long.MAX_VALUE))
          .withMessageContaining("at most 1099511611392");
      assertThat(pager.freePageCount()).isEqualTo(pager.pageCount());
      assertThat(pager.verify().problems()).isEmpty();
      assertThat(subs.alloc().page()).isZero();
    }
  }

  @Test
  void aPageThatIsFreeAndUsedUpAfterCrashesIsRetired() throws IOException {
    SubPageId slot;
    try (Pager pager = create()) {
      pager.allocBulk(2);
      slot = new SubPageAllocator(pager, 512).alloc();
      // As if their counts had one use left, which a crash takes.
      pager
          .session()
          .change(
              Durability.SYNC,
              () -> {
                PagerFile file = pager.session().file();
                for (long page = 0; page < 2; page++) {
                  file.table().free(page, PageWord.of(PageWord.FREE, PageWord.MAX_REUSE, 0));
                }
                long index = SlotWord.index(slot.page(), 1);
                long word = file.slots().get(index);
                file.setSlot(index, SlotWord.with(word, 1, SlotWord.MAX_REUSE - 1));
              });
      pager.allocBulk(1, Durability.NONE);
    }
    SimulatedDisk left = killed(disk.copyOfCache());
    try (Pager pager = Pager.open(left, 1024, PagerOptions.defaults(), () -> {})) {
      List<PageId> ids = pager.allocBulk(3);
      assertThat(ids).extracting(PageId::number).doesNotContain(0L, 1L);
      assertThat(new SubPageAllocator(pager, 512).alloc().page()).isNotEqualTo(slot.page());
      assertThat(pager.allocProtected().number()).isGreaterThan(2);
      assertThat(pager.verify().problems()).isEmpty();
    }
  }

  /** A disk whose pager was opened, changed and killed. */
  private static SimulatedDisk killed(SimulatedDisk disk) throws IOException {
    Pager pager = Pager.open(disk, 1024, PagerOptions.defaults(), () -> {});
    pager.setRoot(0, 1);
    return disk.copyOfCache();
  }

  @Test
  void moreCrashesThanTheCountsAllowAreSaid() throws IOException {
    ReuseCounts counts = new ReuseCounts(1, ReuseCounts.END_OF_EPOCH - 2);
    counts.beginEpoch();
    assertThatExceptionOfType(PagerFullException.class)
        .isThrownBy(counts::beginEpoch)
        .withMessageContaining("crashes");
    assertThat(counts.next(ReuseCounts.END_OF_FLOOR)).isLessThan(PageWord.MAX_REUSE);
  }

  /** Each crash loses a page that was handed out and not durable: its handles never come again. */
  @Test
  void handlesThatCrashesLostNeverComeAgain() throws IOException {
    List<PageHandle> issued = new ArrayList<>();
    SimulatedDisk left = disk;
    create().close();
    for (int crash = 0; crash < 10; crash++) {
      Pager pager = Pager.open(left, 1024, PagerOptions.defaults(), () -> {});
      List<PageHandle> now = new ArrayList<>();
      now.add(pager.alloc(Durability.NONE));
      now.add(new SubPageAllocator(pager, 512).alloc(Durability.GROUP));
      now.add(pager.protectedPages().alloc(Durability.NONE));
      for (PageHandle handle : now) {
        assertThat(issued).noneMatch(old -> isSame(old, handle));
        issued.add(handle);
      }
      left = left.imageOfCrash();
    }
  }

  private static boolean isSame(PageHandle old, PageHandle handle) {
    return old.getClass() == handle.getClass() && old.value() == handle.value();
  }
}
