package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that a crash or a failing medium left: repaired, or refused by name of what is wrong. */
@Tag("contract")
class RecoveryTest {
  private static final Geometry GEOMETRY = new Geometry(10, 8192);

  private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
  private List<PageId> ids;

  /** Pages that are in the checkpoint, and one change that is in the log only. */
  @BeforeEach
  void fill() throws IOException {
    try (Pager pager = Pager.create(disk, GEOMETRY, PagerOptions.defaults(), () -> {})) {
      ids = pager.allocBulk(20);
    }
  }

  private static Pager open(SimulatedDisk disk) throws IOException {
    return Pager.open(disk, 1024, PagerOptions.defaults(), () -> {});
  }

  /** The disk of a pager that was killed after one more page, which is in the log. */
  private SimulatedDisk killedWithLog() throws IOException {
    Pager pager = open(disk);
    pager.alloc();
    pager.alloc();
    return disk.copyOfCache();
  }

  private static void damage(SimulatedDisk disk, long from, int bytes) {
    for (long at = from; at < from + bytes; at++) {
      disk.bytes().set(JAVA_BYTE, at, (byte) ~disk.bytes().get(JAVA_BYTE, at));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4096})
  void oneDamagedSuperblockCostsNothing(int position) throws IOException {
    SimulatedDisk left = killedWithLog();
    damage(left, position, 100);
    try (Pager pager = open(left)) {
      assertThat(PagerFixture.list(pager.allocated())).hasSize(22).containsAll(ids);
    }
    // It was repaired: the other one may go now.
    damage(left, 4096 - position, 100);
    try (Pager pager = open(left)) {
      assertThat(PagerFixture.list(pager.allocated())).hasSize(22);
    }
  }

  @Test
  void twoDamagedSuperblocksAreRefused() throws IOException {
    SimulatedDisk left = killedWithLog();
    damage(left, 100, 1);
    damage(left, 4096 + 100, 1);
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> open(left))
        .satisfies(e -> assertThat(e.field()).isEqualTo("superblock checksum"));
  }

  @Test
  void anOlderSuperblockThanItsLogIsRefused() throws IOException {
    byte[] old = disk.bytes().asSlice(0, 512).toArray(JAVA_BYTE);
    Pager pager = open(disk);
    pager.allocBulk(600);
    pager.alloc();
    SimulatedDisk left = disk.copyOfCache();
    for (int copy = 0; copy < 2; copy++) {
      MemorySegment.copy(old, 0, left.bytes(), JAVA_BYTE, copy * 4096L, old.length);
    }
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> open(left))
        .satisfies(e -> assertThat(e.field()).isEqualTo("log"));
  }

  @Test
  void aTornLastBatchIsAsIfItNeverWas() throws IOException {
    SimulatedDisk left = killedWithLog();
    // Batches of one entry take 64 bytes; this is the second.
    damage(left, 8192 + 64 + 30, 1);
    try (Pager pager = open(left)) {
      assertThat(PagerFixture.list(pager.allocated())).hasSize(21);
    }
  }

  @Test
  void aLostBatchBeforeAGoodOneIsRefused() throws IOException {
    SimulatedDisk left = killedWithLog();
    damage(left, 8192 + 30, 1);
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> open(left))
        .satisfies(e -> assertThat(e.field()).isEqualTo("log"));
  }

  @Test
  void aDamagedMapIsRefusedWhereItIsRead() throws IOException {
    long map = GEOMETRY.headerBytes() + GEOMETRY.levelOffset(Geometry.PAGE_MAP, 0, 0);
    damage(disk, map, 2 * 4096);
    try (Pager pager = open(disk)) {
      assertThatExceptionOfType(PagerCorruptException.class)
          .isThrownBy(() -> pager.page(ids.getFirst()))
          .withMessage("page map: block 0 of level 0 is damaged")
          .satisfies(e -> assertThat(e.field()).isEqualTo("page map"));
      assertThat(pager.verify().problems())
          .containsExactly("page map: block 0 of level 0 is damaged");
    }
  }

  /** The index above the leaves is read when the file is opened. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void aDamagedBlockAboveTheLeavesIsRefusedWhenTheFileIsOpened(int level) throws IOException {
    long map = GEOMETRY.headerBytes() + GEOMETRY.levelOffset(Geometry.PAGE_MAP, level, 0);
    damage(disk, map + 8, 1);
    damage(disk, map + 4096 + 8, 1);
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> open(disk))
        .withMessage("page map: block 0 of level " + level + " is damaged")
        .satisfies(e -> assertThat(e.field()).isEqualTo("page map"));
    damage(disk, map + 8, 1);
    damage(disk, map + 4096 + 8, 1);
    try (Pager pager = open(disk)) {
      assertThat(PagerFixture.list(pager.allocated())).isEqualTo(ids);
    }
  }

  @Test
  void aDamagedLeafOfTheMapCostsItsOwnPagesOnly() throws IOException {
    List<PageId> more;
    try (Pager pager = open(disk)) {
      more = pager.allocBulk(1000);
      pager.freeBulk(more.subList(400, 600));
      pager.freeBulk(more.subList(800, 820));
    }
    damage(disk, GEOMETRY.position(0) + GEOMETRY.levelOffset(Geometry.PAGE_MAP, 0, 0), 2 * 4096);
    try (Pager pager = open(disk)) {
      assertThat(pager.alloc().number()).as("the lowest elsewhere").isGreaterThanOrEqualTo(512);
      assertThat(pager.allocBulk(60)).hasSize(60);
      assertThat(PagerFixture.get(pager, more.getLast())).isZero();
      assertThatExceptionOfType(PagerCorruptException.class)
          .isThrownBy(() -> pager.page(more.getFirst()));
      assertThat(pager.compact((from, to) -> {})).isNotNegative();
      assertThat(pager.verify().problems())
          .containsExactly("page map: block 0 of level 0 is damaged");
    }
  }

  private static long slotLeaf(long page) {
    int extent = GEOMETRY.extentOf(page);
    long block = page >> Geometry.blockShift(Geometry.SLOT_MAP, 0);
    long index = block - GEOMETRY.firstBlock(Geometry.SLOT_MAP, 0, extent);
    return GEOMETRY.position(extent)
        + GEOMETRY.levelOffset(Geometry.SLOT_MAP, 0, extent)
        + index * 2 * 4096;
  }

  @Test
  void aDamagedLeafOfTheSlotMapCostsItsOwnPagesOnly() throws IOException {
    List<SubPageId> kept;
    List<SubPageId> lost;
    try (Pager pager = open(disk)) {
      SubPageAllocator subs = new SubPageAllocator(pager, 512);
      pager.freeBulk(ids.subList(0, 16));
      lost = subs.allocBulk(8);
      kept = subs.allocBulk(40).subList(24, 40);
      subs.freeBulk(lost.subList(4, 8));
    }
    damage(disk, slotLeaf(0), 2 * 4096);
    try (Pager pager = open(disk)) {
      SubPageAllocator subs = new SubPageAllocator(pager, 512);
      assertThat(subs.page(kept.getLast()).byteSize()).isEqualTo(512);
      long free = pager.freePageCount();
      SubPageId fresh = subs.alloc();
      assertThat(fresh.page()).isGreaterThanOrEqualTo(16);
      assertThat(pager.freePageCount()).as("no page leaks").isBetween(free - 1, free);
      assertThatExceptionOfType(PagerCorruptException.class)
          .isThrownBy(() -> subs.page(lost.getFirst()));
      assertThatExceptionOfType(PagerCorruptException.class)
          .isThrownBy(() -> subs.free(lost.getFirst()));
      VerifyReport report = pager.verify();
      assertThat(report.problems()).containsExactly("slot map: block 0 of level 0 is damaged");
      assertThat(report.subPages()).as("of the other blocks").isEqualTo(16 + 1);
    }
  }

  @Test
  void aDamagedSlotMapIsNotSearchedForEver() throws IOException {
    try (Pager pager = open(disk)) {
      new SubPageAllocator(pager, 512).alloc();
    }
    damage(disk, GEOMETRY.position(0) + GEOMETRY.levelOffset(Geometry.SLOT_MAP, 4, 0), 2 * 4096);
    try (Pager pager = open(disk)) {
      SubPageAllocator subs = new SubPageAllocator(pager, 512);
      assertThatExceptionOfType(PagerCorruptException.class).isThrownBy(subs::alloc);
      assertThat(pager.alloc().number()).isPositive();
    }
  }

  /** What is in memory hides nothing. */
  @Test
  void verifyReadsTheFileAgain() throws IOException {
    long map = GEOMETRY.headerBytes() + GEOMETRY.levelOffset(Geometry.PAGE_MAP, 0, 0);
    try (Pager pager = open(disk)) {
      pager.setRoot(0, 1);
      pager.setRoot(0, 2);
      assertThat(pager.page(ids.getFirst()).byteSize()).isEqualTo(1024);
      assertThat(pager.verify().problems()).isEmpty();
      damage(disk, map, 2 * 4096);
      assertThat(pager.verify().problems())
          .containsExactly("page map: block 0 of level 0 is damaged");
      damage(disk, map, 2 * 4096);
      damage(disk, 4096 + 16, 1);
      assertThat(pager.verify().problems()).singleElement().asString().startsWith("superblock 1");
      damage(disk, 4096 + 16, 1);
      damage(disk, 8192 + 64 + 30, 1);
      assertThat(pager.verify().problems()).containsExactly("log: batch 1 of 2 is damaged");
      damage(disk, 8192 + 64 + 30, 1);
      damage(disk, 8192 + 30, 1);
      assertThat(pager.verify().problems()).singleElement().asString().startsWith("log: batch 0");
    }
  }

  @Test
  void aFileCanBeVerifiedWhenItIsOpened() throws IOException {
    PagerOptions options = PagerOptions.defaults().withVerified(true);
    ProtectedPage page;
    try (Pager pager = open(disk)) {
      page = pager.allocProtected();
    }
    try (Pager pager = Pager.open(disk, 1024, options, () -> {})) {
      damage(
          disk, pager.protectedPage(page.value()).segment().address() - disk.bytes().address(), 1);
    }
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> Pager.open(disk, 1024, options, () -> {}))
        .withMessageContaining("its bytes do not match their checksum");
    try (Pager pager = open(disk)) {
      assertThatExceptionOfType(PagerCorruptException.class)
          .isThrownBy(() -> pager.protectedPage(page.value()));
    }
  }

  /** The defect of a checksum that does not bind: an older block, whole in itself, is not taken. */
  @Test
  void anOlderBlockOfTheMapIsRefused() throws IOException {
    long map = GEOMETRY.headerBytes() + GEOMETRY.levelOffset(Geometry.PAGE_MAP, 0, 0);
    byte[] old = disk.bytes().asSlice(map, 2 * 4096).toArray(JAVA_BYTE);
    try (Pager pager = open(disk)) {
      pager.freeBulk(ids.subList(0, 5));
    }
    try (Pager pager = open(disk)) {
      pager.free(ids.get(6));
    }
    MemorySegment.copy(old, 0, disk.bytes(), JAVA_BYTE, map, old.length);
    try (Pager pager = open(disk)) {
      assertThatExceptionOfType(PagerCorruptException.class)
          .isThrownBy(() -> pager.page(ids.get(10)));
    }
  }

  @Test
  void blocksOfAnotherFileAreRefused() throws IOException {
    SimulatedDisk other = new SimulatedDisk(new SplittableRandom(2));
    try (Pager pager = Pager.create(other, GEOMETRY, PagerOptions.defaults(), () -> {})) {
      pager.allocBulk(21);
    }
    long map = GEOMETRY.headerBytes() + GEOMETRY.levelOffset(Geometry.PAGE_MAP, 0, 0);
    MemorySegment.copy(other.bytes(), map, disk.bytes(), map, 2 * 4096);
    try (Pager pager = open(disk)) {
      assertThatExceptionOfType(PagerCorruptException.class)
          .isThrownBy(() -> pager.page(ids.get(10)));
    }
  }

  /** A caller who keeps its handles in a page, and replaces them there. */
  @Test
  void aCrashInACompactionLeavesTheHandlesInPagesGood() throws IOException {
    int crashes = 0;
    for (int call = 1; call < 60; call++) {
      SimulatedDisk one = new SimulatedDisk(new SplittableRandom(call));
      Pager pager = Pager.create(one, GEOMETRY, PagerOptions.defaults(), () -> {});
      List<PageId> pages = pager.allocBulk(20);
      PageId index = pages.getFirst();
      pager.page(index).set(JAVA_LONG, 0, pages.getLast().value());
      pager.sync();
      pager.freeBulk(pages.subList(1, 19));
      one.crashAfter(call);
      try {
        pager.compact(
            (from, to) -> {
              if (from.equals(pages.getLast())) {
                pager.page(index).set(JAVA_LONG, 0, to.value());
              }
            });
      } catch (PagerException | SimulatedDisk.Crash e) {
        assertThat(one.hasCrashed()).isTrue();
        crashes++;
      }
      try (Pager again = open(one.imageOfCrash())) {
        PageId kept = new PageId(again.page(index).get(JAVA_LONG, 0));
        assertThat(PagerFixture.list(again.allocated())).as("crash %d", call).contains(kept);
      }
    }
    assertThat(crashes).isPositive();
  }

  /** Two checkpoints without a batch between them: the second superblock must not be too old. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aFirstSuperblockTornInAShrinkLeavesTheSecond(long seed) throws IOException {
    int torn = 0;
    for (int call = 1; call < 40; call++) {
      SimulatedDisk one = new SimulatedDisk(new SplittableRandom(seed));
      Pager pager = Pager.create(one, GEOMETRY, PagerOptions.defaults(), () -> {});
      List<PageId> pages = pager.allocBulk(300);
      pager.freeBulk(pages.subList(5, 300));
      one.crashAfter(call);
      try {
        pager.shrink();
      } catch (PagerException | SimulatedDisk.Crash e) {
        assertThat(one.hasCrashed()).isTrue();
      }
      for (int image = 0; image < 8; image++) {
        SimulatedDisk left = one.imageOfCrash();
        // The medium may have the old one: so it was being written.
        if (left.bytes().asSlice(0, 512).mismatch(one.bytes().asSlice(0, 512)) < 0) {
          continue;
        }
        torn++;
        damage(left, 256, 256);
        try (Pager again = open(left)) {
          assertThat(PagerFixture.list(again.allocated())).isEqualTo(pages.subList(0, 5));
          assertThat(again.verify().problems()).isEmpty();
        }
      }
    }
    assertThat(torn).as("seed %d", seed).isPositive();
  }

  @Test
  void anUnfinishedCommitOfAProtectedPageLeavesTheOldBytes() throws IOException {
    try (Pager pager = open(disk)) {
      ProtectedPage page = pager.allocProtected();
      PagerFixture.commit(page, 1);
      ProtectedPage.Writer writer = page.writer();
      writer.segment().fill((byte) 2);
      SimulatedDisk left = disk.copyOfCache();
      try (Pager again = open(left)) {
        assertThat(PagerFixture.get(again.protectedPage(page.value()))).isEqualTo(1);
        PagerFixture.commit(again.protectedPage(page.value()), 3);
      }
      writer.close();
    }
  }
}
