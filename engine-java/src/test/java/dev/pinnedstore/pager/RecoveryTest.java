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

  @Test
  void aBulkThatMeetsADamagedMapTakesNothing() throws IOException {
    try (Pager pager = open(disk)) {
      List<PageId> more = pager.allocBulk(1000);
      pager.freeBulk(more.subList(400, 600));
    }
    int extent = GEOMETRY.extentOf(WordMap.LEAF_WORDS);
    long leaf = GEOMETRY.position(extent) + GEOMETRY.levelOffset(Geometry.PAGE_MAP, 0, extent);
    damage(disk, leaf, 2 * 4096);
    try (Pager pager = open(disk)) {
      long free = pager.freePageCount();
      assertThatExceptionOfType(PagerCorruptException.class).isThrownBy(() -> pager.allocBulk(150));
      assertThat(pager.freePageCount()).isEqualTo(free);
      assertThat(pager.alloc().number()).isEqualTo(420);
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
