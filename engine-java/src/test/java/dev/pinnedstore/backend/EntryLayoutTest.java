package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EntryLayoutTest {
  private static final byte FILLER = 0x5A;

  @Test
  void aWordHasItsFieldsWhereTheTableSaysSo() {
    assertThat(EntryLayout.live(0x2AA, 0x12345, 0x89ABCDEF)).isEqualTo(0x6AA1_2345_89AB_CDEFL);
    assertThat(EntryLayout.live(0, 0, 0)).isEqualTo(0x4000_0000_0000_0000L);
  }

  @Test
  void noFieldSpillsIntoItsNeighbour() {
    assertThat(EntryLayout.live(-1, 0, 0)).isEqualTo(0x7FF0_0000_0000_0000L);
    assertThat(EntryLayout.live(0, -1, 0)).isEqualTo(0x400F_FFFF_0000_0000L);
    assertThat(EntryLayout.live(0, 0, -1)).isEqualTo(0x4000_0000_FFFF_FFFFL);
  }

  @Test
  void anAcknowledgedWordDiffersInItsStateAlone() {
    long live = EntryLayout.live(0x155, 0xABCDE, 0x7654321);
    long acknowledged = EntryLayout.acknowledged(live);
    assertThat(acknowledged).isEqualTo(live & ~(3L << 62) | 2L << 62);
    assertThat(EntryLayout.isLive(live)).isTrue();
    assertThat(EntryLayout.isLive(acknowledged)).isFalse();
    assertThat(EntryLayout.isLive(0)).isFalse();
    assertThat(EntryLayout.sizeBytes(acknowledged)).isEqualTo(0x7654321);
  }

  @Test
  void theLargestSizeIsUnsigned() {
    assertThat(EntryLayout.sizeBytes(EntryLayout.live(1, 1, (int) 0xFFFF_FFFFL)))
        .isEqualTo(0xFFFF_FFFFL);
  }

  @Test
  void aWordBelongsToItsGenerationAndToThoseATableClearAway() {
    long live = EntryLayout.live(-3, 0, 1);
    for (long word : new long[] {live, EntryLayout.acknowledged(live)}) {
      assertThat(EntryLayout.isOf(word, -3)).isTrue();
      assertThat(EntryLayout.isOf(word, -3 + EntryLayout.GENERATIONS)).isTrue();
      for (int away = 1; away < EntryLayout.GENERATIONS; away++) {
        assertThat(EntryLayout.isOf(word, -3 + away)).as("%s away", away).isFalse();
      }
    }
    assertThat(EntryLayout.isOf(0, 0)).as("no blob starts here").isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "1,1",
    "63,1",
    "64,1",
    "65,2",
    "128,2",
    "4096,64",
    "4294967231,67108863",
    "4294967295,67108864"
  })
  void aBlobTakesWholeGranules(long sizeBytes, long granules) {
    assertThat(EntryLayout.granules(sizeBytes)).isEqualTo(granules);
  }

  @Test
  void anOffsetBelongsToItsGranuleAndIsUnsigned() {
    assertThat(EntryLayout.granule(0)).isZero();
    assertThat(EntryLayout.granule(63)).isZero();
    assertThat(EntryLayout.granule(64)).isEqualTo(1);
    assertThat(EntryLayout.granule(Integer.MIN_VALUE)).isEqualTo(1L << 25);
    assertThat(EntryLayout.granule(-1)).isEqualTo((1L << 26) - 1);
  }

  @Test
  void wordsStandDirectlyBehindTheDataInNativeOrder() {
    Frame frame = frame();
    EntryLayout.release(frame, 0, 1);
    EntryLayout.release(frame, 63, 2);
    assertThat(EntryLayout.compareAndSet(frame, 7, 0, 3)).isTrue();
    assertThat(EntryLayout.compareAndSet(frame, 7, 0, 4)).isFalse();
    assertThat(frame.base.get(ValueLayout.JAVA_LONG, 4096)).isEqualTo(1);
    assertThat(frame.base.get(ValueLayout.JAVA_LONG, 4096 + 63 * 8)).isEqualTo(2);
    assertThat(frame.base.get(ValueLayout.JAVA_LONG, 4096 + 7 * 8)).isEqualTo(3);
    assertThat(EntryLayout.acquire(frame, 7)).isEqualTo(3);
    assertThat(frame.close()).isTrue();
  }

  @Test
  void clearingTakesTheWholeTableAndNoDataByte() {
    Frame frame = frame();
    frame.base.fill(FILLER);
    EntryLayout.clear(frame);
    MemorySegment data = frame.base.asSlice(0, frame.dataBytes);
    MemorySegment table = frame.base.asSlice(frame.dataBytes);
    assertThat(data.toArray(ValueLayout.JAVA_BYTE)).containsOnly(FILLER);
    assertThat(table.toArray(ValueLayout.JAVA_BYTE)).hasSize(64 * 8).containsOnly(0);
    assertThat(frame.close()).isTrue();
  }

  private static Frame frame() {
    return new MappedFrames.MappedFrame(
        new FakeMapping(new FakeSource(), 4096, 64 * EntryLayout.ENTRY_BYTES), 64);
  }
}
