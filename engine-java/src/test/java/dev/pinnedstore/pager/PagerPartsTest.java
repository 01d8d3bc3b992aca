package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The parts of the pager by themselves, each beside a model. */
class PagerPartsTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aBitTreeKnowsItsLeastMember(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    BitTree tree = new BitTree();
    TreeSet<Long> model = new TreeSet<>();
    for (int step = 0; step < 20_000; step++) {
      long member = random.nextLong(1L << random.nextInt(1, 24));
      if (random.nextInt(3) > 0) {
        tree.add(member);
        model.add(member);
      } else if (random.nextBoolean() || model.isEmpty()) {
        tree.remove(member);
        model.remove(member);
      } else {
        tree.remove(model.first());
        model.remove(model.first());
      }
      assertThat(tree.first())
          .as("seed %d step %d", seed, step)
          .isEqualTo(model.isEmpty() ? -1 : model.first());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void limboHandsOutInOrderAndNeverTooEarly(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Limbo limbo = new Limbo();
    Deque<long[]> model = new ArrayDeque<>();
    long change = 0;
    for (int step = 0; step < 5000; step++) {
      if (random.nextInt(3) > 0) {
        change += random.nextInt(2);
        long item = random.nextLong();
        limbo.add(item, change);
        model.add(new long[] {item, change});
      } else {
        long durable = change - random.nextInt(5);
        List<Long> released = new ArrayList<>();
        limbo.release(durable, released::add);
        List<Long> expected = new ArrayList<>();
        while (!model.isEmpty() && model.peek()[1] <= durable) {
          expected.add(model.remove()[0]);
        }
        assertThat(released).as("seed %d step %d", seed, step).isEqualTo(expected);
      }
      assertThat(limbo.size()).isEqualTo(model.size());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 11, 12, 16, 17, 20, 30})
  void extentsCoverEveryPageOnce(int pageShift) {
    Geometry geometry = new Geometry(pageShift, 4096);
    for (int extent = 0; extent < 12; extent++) {
      long first = geometry.firstPage(extent);
      long end = geometry.firstPage(extent + 1);
      assertThat(geometry.extentOf(first)).isEqualTo(extent);
      assertThat(geometry.extentOf(end - 1)).isEqualTo(extent);
      assertThat(geometry.pages(extent)).isEqualTo(end - first);
      assertThat(geometry.position(extent + 1))
          .isEqualTo(geometry.position(extent) + geometry.extentBytes(extent));
      assertThat(geometry.dataOffset(extent) % 4096).isZero();
    }
    assertThat(geometry.extentOf(Geometry.MAX_PAGES)).isLessThanOrEqualTo(41);
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 12, 16, 20})
  void everyBlockOfAMapHasAPlaceOfItsOwn(int pageShift) {
    Geometry geometry = new Geometry(pageShift, 4096);
    for (int map = 0; map < Geometry.MAPS; map++) {
      for (int level = 0; level <= WordMap.ROOT_LEVEL; level++) {
        long next = 0;
        for (int extent = 0; extent < 14; extent++) {
          long blocks = geometry.blocks(map, level, extent);
          if (blocks > 0) {
            assertThat(geometry.firstBlock(map, level, extent)).isEqualTo(next);
            assertThat(geometry.extentOfBlock(map, level, next)).isEqualTo(extent);
            next += blocks;
            assertThat(geometry.extentOfBlock(map, level, next - 1)).isEqualTo(extent);
          }
        }
        long pages = geometry.firstPage(14);
        assertThat(next << Geometry.blockShift(map, level)).isGreaterThanOrEqualTo(pages);
      }
    }
  }

  /** A log of nothing but headers of long batches that are none: minutes, were each believed. */
  @Test
  void aLogFullOfFalseHeadersCostsNotTheSquareOfItsSize() {
    SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
    Geometry geometry = new Geometry(10, 16 << 20);
    MemorySegment header = Arena.ofAuto().allocate(geometry.headerBytes(), 64);
    for (long at = Geometry.LOG_POSITION; at < geometry.headerBytes(); at += 64) {
      long left = (geometry.headerBytes() - at - JournalLayout.HEADER_BYTES) / 16;
      header.set(ValueLayout.JAVA_INT, at + 4, (int) left);
      header.set(ValueLayout.JAVA_LONG, at + 8, 9);
    }
    Journal journal = new Journal(disk, header, geometry, 1);
    assertThat(journal.replay(2, 0, (what, index, value) -> {})).isZero();
  }

  @Test
  void wordsKeepTheirFields() {
    for (int kind = 0; kind < 15; kind++) {
      for (int reuse : new int[] {0, 1, 77, PageWord.MAX_REUSE}) {
        long word = PageWord.of(kind, reuse, -5);
        assertThat(PageWord.kind(word)).isEqualTo(kind);
        assertThat(PageWord.reuse(word)).isEqualTo(reuse);
        assertThat(PageWord.payload(word)).isEqualTo(-5);
        assertThat((int) word).isEqualTo(PageWord.low(kind, reuse));
      }
    }
    long halves = SlotWord.with(SlotWord.with(0, 7, SlotWord.USED | 5), 6, SlotWord.MAX_REUSE);
    assertThat(SlotWord.half(halves, 7)).isEqualTo(SlotWord.USED | 5);
    assertThat(SlotWord.half(halves, 6)).isEqualTo(SlotWord.MAX_REUSE);
    assertThat(SlotWord.isUsed(SlotWord.half(halves, 7))).isTrue();
    assertThat(SlotWord.reuse(SlotWord.half(halves, 7))).isEqualTo(5);
  }

  @Test
  void idsKeepTheirFields() {
    PageId id = PageId.of(Geometry.MAX_PAGES, PageWord.MAX_REUSE);
    assertThat(id.number()).isEqualTo(Geometry.MAX_PAGES);
    assertThat(id.reuse()).isEqualTo(PageWord.MAX_REUSE);
    SubPageId sub = SubPageId.of(Geometry.MAX_SUB_PAGES_PAGE - 1, 63, SlotWord.MAX_REUSE);
    assertThat(sub.page()).isEqualTo(Geometry.MAX_SUB_PAGES_PAGE - 1);
    assertThat(sub.slot()).isEqualTo(63);
    assertThat(sub.reuse()).isEqualTo(SlotWord.MAX_REUSE);
    assertThat(sub).hasToString("sub-page 63 of page 17179869183 reuse 16777215");
  }

  /** Guards the format: these bytes are on disks. */
  @Test
  void aSuperblockIsTheseBytes() {
    Superblock block =
        new Superblock(
            new Geometry(12, 65536),
            3,
            4,
            100,
            50,
            2,
            new long[] {5, 6},
            new long[] {7, 8},
            new long[SuperblockLayout.ROOTS]);
    block.roots()[15] = 9;
    byte[] bytes = SuperblockLayout.encode(block);
    StringBuilder hex = new StringBuilder();
    for (int i = 0; i < 104; i++) {
      hex.append("%02x".formatted(bytes[i])).append(i % 8 == 7 ? " " : "");
    }
    assertThat(hex.toString().strip())
        .isEqualTo(
            "50494e5041474531 010000000c000000 0300000000000000 0400000000000000"
                + " 0000010000000000 6400000000000000 3200000000000000 0200000000000000"
                + " 0500000000000000 0600000000000000 0700000000000000 0800000000000000"
                + " 0000000000000000");
    assertThat(bytes[96 + 15 * 8]).isEqualTo((byte) 9);
    Superblock again = SuperblockLayout.decode(bytes);
    assertThat(SuperblockLayout.encode(again)).isEqualTo(bytes);
  }

  @Test
  void aBatchIsTheseBytes() {
    byte[] batch = new byte[JournalLayout.batchBytes(1)];
    long key = JournalLayout.key(JournalLayout.ROOT, 3);
    JournalLayout.encode(batch, new long[] {key, 4}, 1, 5, 6, 7, 64);
    StringBuilder hex = new StringBuilder();
    for (int i = 4; i < batch.length; i++) {
      hex.append("%02x".formatted(batch[i]));
    }
    assertThat(hex)
        .hasToString(
            "01000000"
                + "0500000000000000"
                + "0600000000000000"
                + "0300000000000020"
                + "0400000000000000");
    byte[] log = new byte[4096];
    System.arraycopy(batch, 0, log, 64, batch.length);
    assertThat(JournalLayout.entries(log, 64, 5, 7)).isEqualTo(1);
    assertThat(JournalLayout.entries(log, 64, 6, 7)).as("generation").isEqualTo(-1);
    assertThat(JournalLayout.entries(log, 64, 5, 8)).as("file").isEqualTo(-1);
    System.arraycopy(batch, 0, log, 128, batch.length);
    assertThat(JournalLayout.entries(log, 128, 5, 7)).as("position").isEqualTo(-1);
    log[70] ^= 1;
    assertThat(JournalLayout.entries(log, 64, 5, 7)).as("content").isEqualTo(-1);
  }

  @Test
  void aPageWhoseCountIsUsedUpIsNeverUsedAgain() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
    try (Pager pager =
        Pager.create(disk, new Geometry(10, 4096), PagerOptions.defaults(), null, () -> {})) {
      PageId first = pager.alloc();
      long word = PageWord.of(PageWord.PAGE, PageWord.MAX_REUSE, 0);
      pager.change(Durability.SYNC, () -> pager.file().table().set(first.number(), word));
      long free = pager.freePageCount();
      pager.free(PageId.of(first.number(), PageWord.MAX_REUSE));
      assertThat(pager.freePageCount()).isEqualTo(free);
      assertThat(pager.alloc().number()).isNotEqualTo(first.number());
      assertThat(pager.verify().problems()).isEmpty();
    }
  }
}
