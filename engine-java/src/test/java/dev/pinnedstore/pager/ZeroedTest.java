package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Pages and sub-pages of zeros on request, after a crash too. */
@Tag("contract")
class ZeroedTest {
  private static final Geometry GEOMETRY = new Geometry(10, 65536);
  private static final PagerOptions ZEROED = PagerOptions.defaults().withZeroed(true);

  private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));

  @Test
  void pagesAndSubPagesAreZeroedBeforeTheyAreHandedOut() throws IOException {
    try (Pager pager = Pager.create(disk, GEOMETRY, ZEROED, () -> {})) {
      SubPageAllocator subs = new SubPageAllocator(pager, 128);
      SubPageId kept = subs.alloc();
      subs.page(kept).fill((byte) 1);
      for (int round = 0; round < 3; round++) {
        List<PageId> pages = pager.allocBulk(5);
        pages.forEach(id -> assertZeroThenFill(pager.page(id)));
        assertZeroThenFill(pager.page(pager.alloc()));
        List<SubPageId> slots = subs.allocBulk(20);
        slots.forEach(id -> assertZeroThenFill(subs.page(id)));
        SubPageId one = subs.alloc();
        assertZeroThenFill(subs.page(one));
        pager.freeBulk(PagerFixture.list(pager.allocated()));
        subs.freeBulk(slots);
        subs.free(one);
      }
      assertThat(subs.page(kept).toArray(JAVA_BYTE)).containsOnly(1);
    }
  }

  private static void assertZeroThenFill(MemorySegment bytes) {
    assertThat(bytes.toArray(JAVA_BYTE)).containsOnly(0);
    bytes.fill((byte) 7);
  }

  /** Nobody finds the bytes of an earlier owner, not even where a crash undid what was written. */
  @Test
  void zerosAreOnTheMediumBeforeThePageIsDurable() throws IOException {
    for (int image = 0; image < 20; image++) {
      SimulatedDisk one = new SimulatedDisk(new SplittableRandom(image));
      PageId page;
      SubPageId slot;
      try (Pager pager = Pager.create(one, GEOMETRY, ZEROED, () -> {})) {
        SubPageAllocator subs = new SubPageAllocator(pager, 512);
        page = pager.alloc();
        slot = subs.alloc();
        pager.page(page).fill((byte) 7);
        subs.page(slot).fill((byte) 7);
        pager.sync();
        pager.free(page);
        subs.free(slot);
        page = pager.alloc();
        slot = subs.alloc();
      }
      try (Pager left = Pager.open(one.imageOfCrash(), 1024, ZEROED, () -> {})) {
        assertThat(left.page(page).toArray(JAVA_BYTE)).containsOnly(0);
        assertThat(new SubPageAllocator(left, 512).page(slot).toArray(JAVA_BYTE)).containsOnly(0);
      }
    }
  }

  /** What is held while it is filled is no end of the file that may be cut. */
  @Test
  void heldPagesAreNeitherFoundNorCut() throws IOException {
    try (Pager pager = Pager.create(disk, GEOMETRY, ZEROED, () -> {})) {
      pager.reserve(100);
      PageSpace space = pager.session().space();
      long held = pager.session().read(space::hold);
      long pair = pager.session().read(space::holdPair);
      assertThat(pager.alloc().number()).isNotIn(held, pair);
      pager.freeBulk(PagerFixture.list(pager.allocated()));
      pager.shrink();
      assertThat(pager.pageCount()).isGreaterThan(Math.max(held, pair));
      pager
          .session()
          .read(
              () -> {
                space.release(held);
                space.releasePair(pair);
                return true;
              });
      assertThat(pager.alloc().number()).isEqualTo(held);
      assertThat(pager.verify().problems()).isEmpty();
    }
  }
}
