package dev.pinnedstore.store;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BlobHandleTest {

  private static final String VECTORS = "/dev/pinnedstore/store/original-handles.csv";

  /** Every byte differs, so that a swapped field or byte order shows. */
  private static final BlobHandle DISTINCT =
      new BlobHandle(0x03020100, 0x07060504, 0x0B0A0908, 0x0F0E0D0C, 0x1716151413121110L);

  private static final BlobHandle ZERO = new BlobHandle(0, 0, 0, 0, 0);
  private static final BlobHandle ONES = new BlobHandle(-1, -1, -1, -1, -1);

  static Stream<BlobHandle> samples() {
    return Stream.of(
        DISTINCT,
        ZERO,
        ONES,
        new BlobHandle(-1, 0, 0, 0, 0),
        new BlobHandle(0, -1, 0, 0, 0),
        new BlobHandle(0, 0, -1, 0, 0),
        new BlobHandle(0, 0, 0, -1, 0),
        new BlobHandle(0, 0, 0, 0, -1),
        new BlobHandle(Integer.MIN_VALUE, Integer.MAX_VALUE, 1, 0x80000001, Long.MIN_VALUE));
  }

  @ParameterizedTest
  @CsvFileSource(resources = VECTORS)
  void readsAndWritesTheHandlesOfTheOriginalByteForByte(
      String hex, long pageId, long offset, long size, long generation, long timestampMillis) {
    BlobHandle handle = BlobHandle.fromHex(hex);

    assertThat(Integer.toUnsignedLong(handle.pageId())).isEqualTo(pageId);
    assertThat(handle.offsetBytes()).isEqualTo(offset);
    assertThat(handle.sizeBytes()).isEqualTo(size);
    assertThat(Integer.toUnsignedLong(handle.generation())).isEqualTo(generation);
    assertThat(handle.timestampMillis()).isEqualTo(timestampMillis);
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertThat(handle.toBytes()).isEqualTo(bytes);
    assertThat(written(handle)).isEqualTo(bytes);
    assertThat(BlobHandle.readFrom(MemorySegment.ofArray(bytes), 0)).isEqualTo(handle);
    assertThat(handle.toHex()).isEqualTo(hex);
  }

  @Test
  void vectorsOfTheOriginalAreThere() throws IOException {
    try (InputStream in = requireNonNull(BlobHandleTest.class.getResourceAsStream(VECTORS))) {
      List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      assertThat(lines.stream().filter(line -> !line.startsWith("#"))).hasSize(14);
    }
  }

  @Test
  void fieldsStandInTheDocumentedOrderLittleEndian() {
    byte[] expected = new byte[BlobHandle.BYTES];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = (byte) i;
    }
    assertThat(DISTINCT.toBytes()).isEqualTo(expected);
    assertThat(written(DISTINCT)).isEqualTo(expected);
    assertThat(BlobHandle.fromBytes(expected)).isEqualTo(DISTINCT);
    assertThat(BlobHandle.readFrom(MemorySegment.ofArray(expected), 0)).isEqualTo(DISTINCT);
    assertThat(DISTINCT.toHex()).isEqualTo("000102030405060708090a0b0c0d0e0f1011121314151617");
  }

  @ParameterizedTest
  @MethodSource("samples")
  void everyFormGivesTheSameHandleBack(BlobHandle handle) {
    assertThat(BlobHandle.fromBytes(handle.toBytes())).isEqualTo(handle);
    assertThat(BlobHandle.fromHex(handle.toHex())).isEqualTo(handle);
    assertThat(written(handle)).isEqualTo(handle.toBytes());
  }

  @Test
  void everyFormGivesRandomHandlesBack() {
    long seed = new Random().nextLong();
    System.out.println("BlobHandleTest seed=" + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      BlobHandle handle =
          new BlobHandle(
              random.nextInt(),
              random.nextInt(),
              random.nextInt(),
              random.nextInt(),
              random.nextLong());
      assertThat(BlobHandle.fromBytes(handle.toBytes())).isEqualTo(handle);
      assertThat(BlobHandle.fromHex(handle.toHex())).isEqualTo(handle);
      assertThat(BlobHandle.readFrom(MemorySegment.ofArray(written(handle)), 0)).isEqualTo(handle);
    }
  }

  @Test
  void writesAndReadsAtOddOffsetsOfNativeMemoryAndLeavesTheRestAlone() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(64, 8);
      for (long offset = 0; offset <= 64 - BlobHandle.BYTES; offset++) {
        segment.fill((byte) 0x5A);
        ONES.writeTo(segment, offset);
        assertThat(BlobHandle.readFrom(segment, offset)).isEqualTo(ONES);
        byte[] expected = new byte[64];
        Arrays.fill(expected, (byte) 0x5A);
        Arrays.fill(expected, (int) offset, (int) offset + BlobHandle.BYTES, (byte) 0xFF);
        assertThat(segment.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
      }
    }
  }

  @Test
  void writesIntoAndReadsFromHeapSegmentsOfOtherElementTypes() {
    MemorySegment longs = MemorySegment.ofArray(new long[4]);
    DISTINCT.writeTo(longs, 5);
    assertThat(BlobHandle.readFrom(longs, 5)).isEqualTo(DISTINCT);
  }

  @Test
  void aReadOnlySegmentCanBeReadAndIsRefusedForWriting() {
    MemorySegment readOnly = MemorySegment.ofArray(DISTINCT.toBytes()).asReadOnly();
    assertThat(BlobHandle.readFrom(readOnly, 0)).isEqualTo(DISTINCT);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ZERO.writeTo(readOnly, 0))
        .withMessageContaining("read-only");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 9, 32, 33, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 23})
  void anOffsetWhereTheHandleDoesNotFitIsRefusedBeforeAnythingIsWritten(long offset) {
    byte[] target = new byte[32];
    MemorySegment segment = MemorySegment.ofArray(target);

    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> ONES.writeTo(segment, offset))
        .withMessage(
            "targetOffset=" + offset + ": must be between 0 and 8 in a segment of 32 bytes");
    assertThat(target).containsOnly(0);
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> BlobHandle.readFrom(segment, offset))
        .withMessage(
            "sourceOffset=" + offset + ": must be between 0 and 8 in a segment of 32 bytes");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 23})
  void aSegmentShorterThanAHandleIsRefusedBeforeAnythingIsWritten(int length) {
    byte[] target = new byte[length];
    MemorySegment segment = MemorySegment.ofArray(target);

    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> ONES.writeTo(segment, 0))
        .withMessage(
            "targetOffset=0: no offset is legal, a handle takes 24 bytes in a segment of "
                + length
                + " bytes");
    assertThat(target).doesNotContain(0xFF);
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> BlobHandle.readFrom(segment, 0));
  }

  @Test
  void aSegmentOfAClosedArenaIsRefused() {
    MemorySegment dead;
    try (Arena arena = Arena.ofConfined()) {
      dead = arena.allocate(BlobHandle.BYTES);
    }
    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> ONES.writeTo(dead, 0));
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> BlobHandle.readFrom(dead, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 23, 25, 48})
  void bytesOfAnotherLengthAreRefused(int length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BlobHandle.fromBytes(new byte[length]))
        .withMessage("bytes.length=" + length + ": must be 24 bytes");
  }

  @Test
  void hexIsReadInEitherCase() {
    String lower = DISTINCT.toHex();
    assertThat(BlobHandle.fromHex(lower.toUpperCase(Locale.ROOT))).isEqualTo(DISTINCT);
    assertThat(BlobHandle.fromHex("0001020304050607" + "08090A0B0c0D0e0F" + "1011121314151617"))
        .isEqualTo(DISTINCT);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 46, 47, 49, 50})
  void hexOfAnotherLengthIsRefused(int length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BlobHandle.fromHex("0".repeat(length)))
        .withMessage("hex.length=" + length + ": must be 48 hexadecimal digits");
  }

  @ParameterizedTest
  @ValueSource(strings = {"g", " ", "-", "+", "\u0660", "\uFF11"})
  void hexWithAnotherCharacterIsRefusedAndTheMessageSaysWhere(String wrong) {
    for (int index : new int[] {0, 17, 47}) {
      String hex = "0".repeat(index) + wrong + "0".repeat(47 - index);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BlobHandle.fromHex(hex))
          .withMessage("hex=" + hex + ": must be 48 hexadecimal digits, not so at index " + index);
    }
  }

  @Test
  void sizesAreUnsigned() {
    assertThat(ONES.offsetBytes()).isEqualTo(4_294_967_295L);
    assertThat(ONES.sizeBytes()).isEqualTo(4_294_967_295L);
  }

  @Test
  void textShowsUnsignedValues() {
    assertThat(ONES)
        .hasToString(
            "BlobHandle[pageId=4294967295, offset=4294967295, size=4294967295,"
                + " generation=4294967295, timestampMillis=18446744073709551615]");
    assertThat(new BlobHandle(0, 1, 13, 1, 1_795_220_670_278L))
        .hasToString(
            "BlobHandle[pageId=0, offset=1, size=13, generation=1,"
                + " timestampMillis=1795220670278]");
  }

  private static byte[] written(BlobHandle handle) {
    byte[] bytes = new byte[BlobHandle.BYTES];
    handle.writeTo(MemorySegment.ofArray(bytes), 0);
    return bytes;
  }
}
