package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Maps with good checksums whose words lie: exceptions of ours, or pages inside the file. */
class HostileWordsTest extends PagerFixture {
  private void setPageWord(long page, long word) {
    pager.session().change(Durability.SYNC, () -> pager.session().file().table().set(page, word));
  }

  private void setSlotWord(long index, long word) {
    pager.session().change(Durability.SYNC, () -> pager.session().file().setSlot(index, word));
  }

  /** Protected with the bytes of the other place active, and there is no other place. */
  @Test
  void aSwappedPageAtTheEndHasNoShadowOutsideTheFile() throws IOException {
    pager.allocBulk(200);
    long last = pager.pageCount() - 1;
    setPageWord(last, PageWord.of(PageWord.PROTECTED_SWAPPED, 1, 7));
    setPageWord(last - 1, PageWord.of(PageWord.PROTECTED, 1, 7));
    reopen();
    Path copy = directory.resolve("copy");
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> pager.snapshot(copy))
        .withMessageContaining("page map");
    assertThat(copy).doesNotExist();
    assertThat(pager.verify().problems()).hasSizeGreaterThanOrEqualTo(2);
    for (ProtectedPage page : pager.protectedPages().allocated()) {
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(page::segment);
    }
    assertThat(pager.compact((from, to) -> {})).isNotNegative();
    try (ReadOnlyPager reader = ReadOnlyPager.open(path, PAGE)) {
      for (long value : reader.allocatedProtected()) {
        assertThatExceptionOfType(InvalidPageException.class)
            .isThrownBy(() -> reader.protectedPage(value));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void slotWordsThatLieGiveNobodyBytesOutsideThePage(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 10; round++) {
      SubPageAllocator subs = new SubPageAllocator(pager, 64);
      List<SubPageId> ids = subs.allocBulk(40);
      for (int i = 0; i < 6; i++) {
        setSlotWord(SlotWord.index(ids.get(i).page(), random.nextInt(64)), random.nextLong());
      }
      reopen();
      try {
        use(new SubPageAllocator(pager, 64));
      } catch (PagerException e) {
        assertThat(e).as("seed %d", seed).hasMessageNotContaining("null");
      }
      try (ReadOnlyPager reader = ReadOnlyPager.open(path, PAGE)) {
        assertThat(list(reader.allocated())).isEqualTo(list(pager.allocated()));
      }
    }
  }

  /**
   * The map has room for 64 slots of each page: behind those of this size others have their bytes.
   */
  @Test
  void aSlotWordThatLiesAboutASlotThatThePageDoesNotHaveGivesNoBytes() throws IOException {
    SubPageId own = new SubPageAllocator(pager, 64).alloc();
    PageId neighbour = pager.alloc();
    pager.page(neighbour).fill((byte) 9);
    setSlotWord(SlotWord.index(own.page(), 20), SlotWord.with(0, 20, SlotWord.USED | 5));
    reopen();
    SubPageAllocator subs = new SubPageAllocator(pager, 64);
    SubPageId lie = SubPageId.of(own.page(), 20, 5);
    for (int look = 0; look < 2; look++) {
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> subs.page(lie));
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> subs.free(lie));
      assertThatExceptionOfType(InvalidPageException.class)
          .isThrownBy(() -> subs.freeBulk(List.of(own, lie)));
      // The leaf is in memory now: the second look takes no lock.
      assertThat(subs.page(own).byteSize()).isEqualTo(64);
    }
    assertThat(subs.allocBulk(100)).allMatch(id -> id.slot() < 16);
    assertThat(list(subs.allocated())).contains(own).doesNotContain(lie);
    assertThat(pager.page(neighbour).toArray(JAVA_BYTE)).containsOnly(9);
    assertThat(pager.verify().problems())
        .containsExactly("page " + own.page() + ": slot 20 of 16 says " + (SlotWord.USED | 5));
  }

  private static void use(SubPageAllocator subs) {
    for (SubPageId id : list(subs.allocated())) {
      try {
        assertThat(subs.page(id).fill((byte) 1).byteSize()).isEqualTo(64);
        subs.free(id);
      } catch (InvalidPageException e) {
        assertThat(e).hasMessageContaining("is not in use");
      }
    }
    subs.freeBulk(subs.allocBulk(100));
  }

  /** Entries that lead where the file has nothing, or say that nothing is there. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void mapEntriesThatLieAreRefusedOrHarmless(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 20; round++) {
      SimulatedDisk disk = new SimulatedDisk(random.split());
      Geometry geometry = new Geometry(10, 4096);
      try (Pager made = Pager.create(disk, geometry, PagerOptions.defaults(), () -> {})) {
        made.allocBulk(40);
        new SubPageAllocator(made, 64).allocBulk(10);
      }
      lie(disk, random);
      try (Pager opened = Pager.open(disk, 1024, PagerOptions.defaults(), () -> {})) {
        assertThat(opened.verify().problems()).isNotNull();
        for (PageId id : opened.allocated()) {
          opened.page(id).fill((byte) 1);
        }
        opened.freeBulk(opened.allocBulk(100));
        new SubPageAllocator(opened, 64).alloc();
        opened.shrink();
      } catch (PagerException e) {
        assertThat(e).as("seed %d round %d", seed, round).hasMessageNotContaining("null");
      }
    }
  }

  /** Changes the entries of the maps in both superblocks, whose checksum is good again. */
  private static void lie(SimulatedDisk disk, SplittableRandom random) {
    ByteBuffer file = disk.bytes().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    int entry = random.nextBoolean() ? 64 : 80;
    long word = random.nextBoolean() ? random.nextLong() : file.getLong(entry) ^ (1L << 40);
    word = random.nextInt(4) == 0 ? 0 : word;
    for (int copy = 0; copy < 2; copy++) {
      file.putLong(copy * 4096 + entry, word);
      byte[] block = new byte[508];
      file.get(copy * 4096, block);
      file.putInt(copy * 4096 + 508, Checksum.of(block, 0, 508));
    }
  }

  @Test
  void wholeMapsOfLiesAreWalkedInBounds() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(9));
    Geometry geometry = new Geometry(10, 4096);
    try (Pager made = Pager.create(disk, geometry, PagerOptions.defaults(), () -> {})) {
      made.allocBulk(40);
    }
    // Every entry of the topmost block says that something is there; its checksum is good.
    long at = geometry.headerBytes() + geometry.levelOffset(Geometry.PAGE_MAP, 4, 0);
    ByteBuffer file = disk.bytes().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    long root = file.getLong(64);
    int place = (int) at + ((root & (1L << 40)) == 0 ? 0 : 4096);
    for (int e = 0; e < 256; e++) {
      file.putLong(place + e * 16, 1L << 41);
    }
    byte[] block = new byte[4096];
    file.get(place, block);
    int checksum = Checksum.of(block, 0, 4096, file.getLong(24), file.getLong(72), 0, 4);
    for (int copy = 0; copy < 2; copy++) {
      file.putLong(copy * 4096 + 64, (root & -(1L << 32)) | (checksum & 0xFFFF_FFFFL));
      byte[] superblock = new byte[508];
      file.get(copy * 4096, superblock);
      file.putInt(copy * 4096 + 508, Checksum.of(superblock, 0, 508));
    }
    try (Pager opened = Pager.open(disk, 1024, PagerOptions.defaults(), () -> {})) {
      List<String> problems = new ArrayList<>(opened.verify().problems());
      assertThat(problems).anyMatch(problem -> problem.endsWith("lies behind the end of the file"));
    } catch (PagerCorruptException e) {
      assertThat(e.field()).isEqualTo("page map");
    }
  }
}
