package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
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
    MemorySegment log = Arena.ofAuto().allocate(16 << 20, 64);
    for (long at = 0; at < log.byteSize(); at += 64) {
      long left = (log.byteSize() - at - JournalLayout.HEADER_BYTES) / 16;
      log.set(ValueLayout.JAVA_INT, at + 4, (int) left);
      log.set(ValueLayout.JAVA_LONG, at + 8, 9);
    }
    LogReader reader = new LogReader(log, 1, 2);
    reader.checkRest();
    reader.advance((what, index, value) -> {});
    assertThat(reader.sequence()).isZero();
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
            11,
            true,
            true,
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
    assertThat(Arrays.copyOfRange(bytes, 224, 232)).containsExactly(11, 0, 0, 0, 3, 0, 0, 0);
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
    assertThat(JournalLayout.isWhole(batch, 7, 64)).isTrue();
    assertThat(JournalLayout.isWhole(batch, 8, 64)).as("file").isFalse();
    assertThat(JournalLayout.isWhole(batch, 7, 128)).as("position").isFalse();
    batch[6] ^= 1;
    assertThat(JournalLayout.isWhole(batch, 7, 64)).as("content").isFalse();
  }

  @Test
  void onlyBatchesInTheirPlaceAndOrderAreRead() {
    byte[] batch = new byte[JournalLayout.batchBytes(1)];
    long[] entry = {JournalLayout.key(JournalLayout.ROOT, 3), 4};
    MemorySegment log = MemorySegment.ofArray(new byte[4096]);
    for (int number = 0; number < 3; number++) {
      JournalLayout.encode(batch, entry, 1, 5, number, 7, number * 64L);
      MemorySegment.copy(batch, 0, log, ValueLayout.JAVA_BYTE, number * 64L, batch.length);
    }
    assertThat(batchesOf(log, 5)).isEqualTo(3);
    assertThat(batchesOf(log, 4)).as("generation").isZero();
    // Behind the third, whole, and not the next one.
    JournalLayout.encode(batch, entry, 1, 5, 7, 7, 192);
    MemorySegment.copy(batch, 0, log, ValueLayout.JAVA_BYTE, 192, batch.length);
    assertThat(batchesOf(log, 5)).as("sequence").isEqualTo(3);
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> new LogReader(log, 7, 5).checkRest());
  }

  private static long batchesOf(MemorySegment log, long generation) {
    LogReader reader = new LogReader(log, 7, generation);
    reader.advance((what, index, value) -> assertThat(value).isEqualTo(4));
    return reader.sequence();
  }

  @Test
  void aPageWhoseCountIsUsedUpIsNeverUsedAgain() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
    try (Pager pager =
        Pager.create(disk, new Geometry(10, 4096), PagerOptions.defaults(), () -> {})) {
      PageId first = pager.alloc();
      long word = PageWord.of(PageWord.PAGE, PageWord.MAX_REUSE, 0);
      pager
          .session()
          .change(Durability.SYNC, () -> pager.session().file().table().set(first.number(), word));
      long free = pager.freePageCount();
      pager.free(PageId.of(first.number(), PageWord.MAX_REUSE));
      assertThat(pager.freePageCount()).isEqualTo(free);
      assertThat(pager.alloc().number()).isNotEqualTo(first.number());
      assertThat(pager.verify().problems()).isEmpty();
    }
  }
}
