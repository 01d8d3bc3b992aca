package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sub-pages, which are kept in the file. */
class SubPageAllocatorTest extends PagerFixture {
  private SubPageAllocator subs;

  @BeforeEach
  void makeAllocator() {
    subs = new SubPageAllocator(pager, 16);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 8, 1024, 2048, 48, -16, Long.MIN_VALUE})
  void sizesThatDoNotDivideThePageAreRefused(long size) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SubPageAllocator(pager, size))
        .withMessage(
            "subPageSize=%d: must be a power of two between 16 and 512 bytes in pages of 1024",
            size);
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32, 64, 128, 256, 512})
  void aPageHoldsAsManyAsFit(int size) {
    SubPageAllocator some = new SubPageAllocator(pager, size);
    long used = pager.pageCount() - pager.freePageCount();
    Set<Long> addresses = new HashSet<>();
    for (int i = 0; i < PAGE / size; i++) {
      SubPageId id = some.alloc();
      assertThat(some.page(id).byteSize()).isEqualTo(size);
      assertThat(addresses.add(some.page(id).address())).isTrue();
    }
    assertThat(pager.pageCount() - pager.freePageCount()).isEqualTo(used + 1);
    some.alloc();
    assertThat(pager.pageCount() - pager.freePageCount()).isEqualTo(used + 2);
    assertThat(some.allocatedCount()).isEqualTo(PAGE / size + 1);
  }

  @Test
  void slotsKeepTheirBytes() {
    List<SubPageId> ids = subs.allocBulk(200);
    for (int i = 0; i < ids.size(); i++) {
      subs.page(ids.get(i)).fill((byte) i);
    }
    for (int i = 0; i < ids.size(); i++) {
      assertThat(subs.page(ids.get(i)).toArray(JAVA_BYTE)).containsOnly(i);
    }
  }

  @Test
  void aPageThatEmptiesGoesBack() {
    List<SubPageId> ids = subs.allocBulk(128);
    long free = pager.freePageCount();
    subs.freeBulk(ids.subList(0, 63));
    assertThat(pager.freePageCount()).isEqualTo(free);
    subs.free(ids.get(63));
    assertThat(pager.freePageCount()).isEqualTo(free + 1);
    subs.freeBulk(ids.subList(64, 128));
    assertThat(pager.freePageCount()).isEqualTo(free + 2);
  }

  @Test
  void aFreedSlotIsUsedAgainFirst() {
    List<SubPageId> ids = subs.allocBulk(64);
    subs.free(ids.get(10));
    SubPageId next = subs.alloc();
    assertThat(next.slot()).isEqualTo(ids.get(10).slot());
    assertThat(next.page()).isEqualTo(ids.get(10).page());
    assertThat(next).isNotEqualTo(ids.get(10));
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> subs.free(ids.get(10)));
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> subs.page(ids.get(10)));
  }

  /** Whether its page still has others or went back. */
  @Test
  void aSubPageIsNotFreedTwice() {
    List<SubPageId> ids = subs.allocBulk(3);
    long free = pager.freePageCount();
    for (SubPageId id : ids) {
      subs.free(id);
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> subs.free(id));
    }
    assertThat(subs.allocatedCount()).isZero();
    assertThat(pager.freePageCount()).isEqualTo(free + 1);
  }

  @Test
  void anOldIdNeverMeetsTheNextOwnerThoughItsPageWasSomethingElse() throws IOException {
    SubPageId old = subs.alloc();
    Set<SubPageId> seen = new HashSet<>(Set.of(old));
    subs.free(old);
    for (int i = 0; i < 20; i++) {
      PageId plain = pager.alloc();
      pager.free(plain);
      SubPageId next = subs.alloc();
      assertThat(next.page()).isEqualTo(old.page());
      assertThat(seen.add(next)).isTrue();
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> subs.free(old));
      subs.free(next);
      if (i == 10) {
        reopen();
        makeAllocator();
      }
    }
  }

  @Test
  void idsOfAnotherSizeAreRefused() {
    SubPageAllocator large = new SubPageAllocator(pager, 512);
    SubPageId id = large.alloc();
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> subs.page(id));
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> subs.free(id));
    SubPageId small = subs.alloc();
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> large.free(small));
  }

  @Test
  void forgedIdsAreRefused() {
    SubPageId id = subs.alloc();
    long[] forged = {
      0, -1, id.value() + 1, id.value() ^ (1L << 40), id.value() | (1L << 39), id.value() + 64
    };
    for (long value : forged) {
      SubPageId other = new SubPageId(value);
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> subs.page(other));
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> subs.free(other));
    }
    assertThat(list(subs.allocated())).containsExactly(id);
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 128, 512})
  void aSlotThatThePageDoesNotHaveIsRefused(int size) {
    SubPageAllocator some = new SubPageAllocator(pager, size);
    SubPageId id = some.alloc();
    for (int slot = PAGE / size; slot < SlotWord.MAX_SLOTS; slot++) {
      for (int reuse = 0; reuse < 3; reuse++) {
        SubPageId none = SubPageId.of(id.page(), slot, reuse);
        assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> some.page(none));
        assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> some.free(none));
      }
    }
    assertThat(list(some.allocated())).containsExactly(id);
  }

  @Test
  void thePageOfSubPagesCannotBeFreedAsAPage() {
    SubPageId id = subs.alloc();
    for (int reuse = 0; reuse < 3; reuse++) {
      PageId page = PageId.of(id.page(), reuse);
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> pager.free(page));
    }
    assertThat(list(pager.allocated())).isEmpty();
  }

  @Test
  void allIsFoundAgainAfterAReopen() throws IOException {
    List<SubPageId> ids = new ArrayList<>(subs.allocBulk(500));
    subs.page(ids.get(77)).fill((byte) 5);
    subs.freeBulk(ids.subList(100, 200));
    ids.subList(100, 200).clear();
    reopen();
    makeAllocator();
    assertThat(list(subs.allocated())).containsExactlyInAnyOrderElementsOf(ids);
    assertThat(subs.allocatedCount()).isEqualTo(400);
    assertThat(subs.page(ids.get(77)).toArray(JAVA_BYTE)).containsOnly(5);
    long pages = pager.pageCount() - pager.freePageCount();
    subs.allocBulk((int) (pages * 64 - 400));
    assertThat(pager.pageCount() - pager.freePageCount())
        .as("free slots are filled first")
        .isEqualTo(pages);
  }

  @Test
  void twoAllocatorsOfOneSizeAreTheSame() {
    SubPageAllocator other = new SubPageAllocator(pager, 16);
    SubPageId id = subs.alloc();
    assertThat(other.page(id).address()).isEqualTo(subs.page(id).address());
    other.free(id);
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> subs.page(id));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void itBehavesAsASetOfBytesWhateverTheOrder(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    Map<SubPageId, Byte> model = new HashMap<>();
    for (int step = 0; step < 3000; step++) {
      if (random.nextInt(5) < 3) {
        SubPageId id = subs.alloc(random.nextBoolean() ? Durability.NONE : Durability.SYNC);
        byte value = (byte) random.nextInt();
        subs.page(id).fill(value);
        assertThat(model.put(id, value)).as("seed %d step %d", seed, step).isNull();
      } else if (!model.isEmpty()) {
        SubPageId id = model.keySet().stream().skip(random.nextInt(model.size())).findFirst().get();
        model.remove(id);
        subs.free(id, random.nextBoolean() ? Durability.NONE : Durability.SYNC);
      }
      if (step % 1000 == 999) {
        reopen();
        makeAllocator();
      }
    }
    assertThat(new HashSet<>(list(subs.allocated()))).as("seed %d", seed).isEqualTo(model.keySet());
    model.forEach((id, value) -> assertThat(subs.page(id).toArray(JAVA_BYTE)).containsOnly(value));
    assertThat(pager.verify().problems()).isEmpty();
    assertThat(pager.verify().subPages()).isEqualTo(model.size());
  }
}
