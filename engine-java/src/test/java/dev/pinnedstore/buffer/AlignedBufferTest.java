package dev.pinnedstore.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.os.NativeTier;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a buffer holds and what it refuses, whichever kind it is. */
@Tag("contract")
class AlignedBufferTest {
  /** A factory of zeros, by its name. */
  enum Kind {
    CONFINED {
      @Override
      AlignedBuffer zeroed(long length) {
        return AlignedBuffer.zeroed(length);
      }
    },
    SHARED {
      @Override
      AlignedBuffer zeroed(long length) {
        return AlignedBuffer.shared(length);
      }
    };

    abstract AlignedBuffer zeroed(long length);
  }

  static Stream<Kind> kinds() {
    return Stream.of(Kind.values());
  }

  // ---- sizes

  @Test
  void aPageIsAlignedZeroedAndFull() {
    try (AlignedBuffer page = AlignedBuffer.page()) {
      assertThat(page.length()).isEqualTo(AlignedBuffer.PAGE_SIZE).isEqualTo(4096);
      assertThat(page.capacity()).isEqualTo(4096);
      assertThat(page.segment().address() % AlignedBuffer.ALIGNMENT).isZero();
      assertThat(page.segment().toArray(JAVA_BYTE)).hasSize(4096).containsOnly(0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 4096",
    "1, 4096",
    "4096, 4096",
    "4097, 8192",
    "5000, 8192",
    "1048575, 1048576",
    "1048577, 1052672",
    "5000000, 5001216",
    "9000001, 9003008"
  })
  void capacityIsAlwaysAMultipleOfTheAlignment(long bytes, long capacity) {
    for (Kind kind : Kind.values()) {
      try (AlignedBuffer buffer = kind.zeroed(bytes)) {
        assertThat(buffer.length()).isEqualTo(bytes);
        assertThat(buffer.capacity()).isEqualTo(capacity);
        MemorySegment memory = buffer.slice().memory();
        assertThat(memory.byteSize()).isEqualTo(capacity);
        assertThat(memory.address() % AlignedBuffer.ALIGNMENT).isZero();
        memory.fill((byte) 0x5A);
        assertThat(memory.get(JAVA_BYTE, capacity - 1)).isEqualTo((byte) 0x5A);
      }
    }
    try (AlignedBuffer buffer = AlignedBuffer.withCapacity(bytes)) {
      assertThat(buffer.length()).isZero();
      assertThat(buffer.capacity()).isEqualTo(capacity);
      assertThat(buffer.slice().memory().address() % AlignedBuffer.ALIGNMENT).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, (1L << 61) + 1, Long.MAX_VALUE, Long.MAX_VALUE - 4095})
  void aSizeOutOfRangeIsRefusedByName(long bytes) {
    String range = "=" + bytes + ": must be between 0 and 2305843009213693952 bytes";
    assertThatThrownBy(() -> AlignedBuffer.zeroed(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("length" + range);
    assertThatThrownBy(() -> AlignedBuffer.shared(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("length" + range);
    assertThatThrownBy(() -> AlignedBuffer.withCapacity(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("capacity" + range);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void memoryThatWasUsedBeforeIsZerosAgain(Kind kind) {
    for (long bytes : new long[] {4096, 16384, 100_000, 1 << 20, 3 << 20}) {
      for (int round = 0; round < 3; round++) {
        try (AlignedBuffer buffer = kind.zeroed(bytes)) {
          MemorySegment zeros = MemorySegment.ofArray(new byte[(int) buffer.capacity()]);
          assertThat(buffer.slice().memory().mismatch(zeros)).isEqualTo(-1);
          buffer.slice().memory().fill((byte) 1);
        }
      }
    }
  }

  @Test
  void buffersAliveAtOnceShareNoByte() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    AlignedBuffer[] alive = new AlignedBuffer[64];
    for (int i = 0; i < 4000; i++) {
      int at = random.nextInt(alive.length);
      AlignedBuffer old = alive[at];
      if (old != null) {
        byte[] expected = new byte[(int) old.length()];
        Arrays.fill(expected, (byte) at);
        assertThat(old.segment().mismatch(MemorySegment.ofArray(expected)))
            .as("seed=%d", seed)
            .isEqualTo(-1);
        old.close();
      }
      Kind kind = random.nextBoolean() ? Kind.CONFINED : Kind.SHARED;
      alive[at] = kind.zeroed(1 + random.nextInt(40_000));
      alive[at].segment().fill((byte) at);
    }
    for (AlignedBuffer buffer : alive) {
      if (buffer != null) {
        buffer.close();
      }
    }
  }

  // ---- data

  @ParameterizedTest
  @MethodSource("kinds")
  void extendAppendsUntilTheCapacityIsFull(Kind kind) {
    try (AlignedBuffer buffer = kind.zeroed(0)) {
      buffer.extend(new byte[] {1, 2, 3});
      buffer.extend(MemorySegment.ofArray(new byte[] {4, 5}));
      buffer.extend(new byte[0]);
      assertThat(buffer.segment().toArray(JAVA_BYTE)).containsExactly(1, 2, 3, 4, 5);
      assertThatThrownBy(() -> buffer.extend(new byte[4092]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("bytes.length=4092: must be between 0 and 4091 bytes");
      assertThat(buffer.length()).as("a refused one appends nothing").isEqualTo(5);
      buffer.extend(new byte[4091]);
      assertThat(buffer.length()).isEqualTo(buffer.capacity()).isEqualTo(4096);
      assertThatThrownBy(() -> buffer.extend(new byte[1]))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(buffer.capacity()).as("it never grows").isEqualTo(4096);
    }
  }

  @Test
  @SuppressWarnings("restricted")
  void extendBySizesWhoseSumOverflowsIsRefused() {
    assumeTrue(
        NativeTier.current() == NativeTier.GRANTED, "makes a segment of a size that nothing has");
    try (AlignedBuffer buffer = AlignedBuffer.withCapacity(4096)) {
      buffer.extend(new byte[10]);
      for (long size : new long[] {Long.MAX_VALUE, Long.MAX_VALUE - 9, 4087}) {
        MemorySegment huge = MemorySegment.ofAddress(0).reinterpret(size);
        assertThatThrownBy(() -> buffer.extend(huge))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("bytes.length=" + size + ": must be between 0 and 4086 bytes");
      }
      assertThat(buffer.length()).isEqualTo(10);
    }
  }

  @Test
  void extendFromADeadSegmentAppendsNothing() {
    try (AlignedBuffer buffer = AlignedBuffer.withCapacity(4096)) {
      MemorySegment dead;
      try (Arena arena = Arena.ofConfined()) {
        dead = arena.allocate(8);
      }
      assertThatThrownBy(() -> buffer.extend(dead)).isInstanceOf(IllegalStateException.class);
      assertThat(buffer.length()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void clearAndTruncateOnlyShrink(Kind kind) {
    try (AlignedBuffer buffer = kind.zeroed(100)) {
      buffer.truncate(100);
      buffer.truncate(40);
      assertThat(buffer.length()).isEqualTo(40);
      for (long wrong : new long[] {41, 100, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
        assertThatThrownBy(() -> buffer.truncate(wrong))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("length=" + wrong + ": must be between 0 and 40 bytes");
      }
      assertThat(buffer.length()).isEqualTo(40);
      buffer.clear();
      assertThat(buffer.length()).isZero();
      assertThat(buffer.segment().byteSize()).isZero();
      assertThat(buffer.capacity()).isEqualTo(4096);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void lengthIsSetWithinTheCapacity(Kind kind) {
    try (AlignedBuffer buffer = kind.zeroed(0)) {
      buffer.setLength(4096);
      assertThat(buffer.length()).isEqualTo(4096);
      for (long wrong : new long[] {4097, -1, Long.MAX_VALUE}) {
        assertThatThrownBy(() -> buffer.setLength(wrong))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("length=" + wrong + ": must be between 0 and 4096 bytes");
      }
    }
  }

  @Test
  void readingBeyondTheLengthIsRefused() {
    try (AlignedBuffer buffer = AlignedBuffer.withCapacity(4096)) {
      buffer.extend(new byte[10]);
      assertThat(buffer.segment().byteSize()).isEqualTo(10);
      assertThatThrownBy(() -> buffer.segment().get(JAVA_BYTE, 10))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThat(buffer.asByteBuffer().capacity()).isEqualTo(10);
      assertThatThrownBy(() -> buffer.slice().slice(5, 6))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aCopyIsItsOwn(Kind kind) {
    try (AlignedBuffer buffer = kind.zeroed(20_000)) {
      byte[] bytes = new byte[20_000];
      new Random(7).nextBytes(bytes);
      buffer.segment().copyFrom(MemorySegment.ofArray(bytes));
      buffer.truncate(19_999);
      try (AlignedBuffer copy = buffer.copy()) {
        assertThat(copy.length()).isEqualTo(19_999);
        assertThat(copy.capacity()).isEqualTo(buffer.capacity());
        assertThat(copy.isConfined()).isEqualTo(buffer.isConfined());
        assertThat(copy.segment().mismatch(buffer.segment())).isEqualTo(-1);
        buffer.segment().fill((byte) 0);
        assertThat(copy.segment().get(JAVA_BYTE, 5)).isEqualTo(bytes[5]);
        assertThat(copy.segment().get(JAVA_BYTE, 19_998)).isEqualTo(bytes[19_998]);
      }
      assertThat(buffer.length()).isEqualTo(19_999);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aByteBufferIsTheSameMemory(Kind kind) {
    try (AlignedBuffer buffer = kind.zeroed(100)) {
      ByteBuffer bytes = buffer.asByteBuffer();
      assertThat(bytes.isDirect()).isTrue();
      assertThat(bytes.position()).isZero();
      assertThat(bytes.limit()).isEqualTo(100);
      bytes.put(99, (byte) 9);
      assertThat(buffer.segment().get(JAVA_BYTE, 99)).isEqualTo((byte) 9);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void itsTextNamesLengthAndCapacity(Kind kind) throws Exception {
    AlignedBuffer buffer = kind.zeroed(100);
    String threads = kind == Kind.SHARED ? "shared" : "confined";
    assertThat(buffer).hasToString("AlignedBuffer[length=100, capacity=4096, " + threads + "]");
    assertThat(buffer.slice().toString()).startsWith("IoSlice[").contains("length=100", "4096");
    CompletableFuture<String> elsewhere = CompletableFuture.supplyAsync(buffer::toString);
    assertThat(elsewhere.get()).isEqualTo(buffer.toString());
    buffer.close();
    assertThat(buffer).hasToString("AlignedBuffer[closed, capacity=4096, " + threads + "]");
  }

  // ---- frames

  @ParameterizedTest
  @MethodSource("kinds")
  void framesCoverTheBufferAndTheTailIsLeftOut(Kind kind) {
    try (AlignedBuffer buffer = kind.zeroed(5 * 4096)) {
      assertThat(buffer.slices(4096)).hasSize(5);
      assertThat(buffer.slices(5 * 4096)).hasSize(1);
      assertThat(buffer.slices(6 * 4096)).isEmpty();
      List<IoSlice> frames = buffer.slices(2 * 4096);
      assertThat(frames).hasSize(2);
      for (int i = 0; i < 2; i++) {
        assertThat(frames.get(i).capacity()).isEqualTo(8192);
        assertThat(frames.get(i).length()).isEqualTo(8192);
        assertThat(frames.get(i).memory().address())
            .isEqualTo(buffer.segment().address() + i * 8192L);
      }
      frames.get(1).memory().fill((byte) 3);
      assertThat(buffer.segment().get(JAVA_BYTE, 8191)).isZero();
      assertThat(buffer.segment().get(JAVA_BYTE, 8192)).isEqualTo((byte) 3);
      assertThatThrownBy(() -> frames.get(2)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> frames.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void aFrameHoldsTheDataThatTheBufferHoldsThere() {
    try (AlignedBuffer buffer = AlignedBuffer.withCapacity(3 * 4096)) {
      assertThat(buffer.slices(4096)).extracting(IoSlice::length).containsExactly(0L, 0L, 0L);
      buffer.extend(new byte[5000]);
      assertThat(buffer.slices(4096)).extracting(IoSlice::length).containsExactly(4096L, 904L, 0L);
      assertThat(buffer.slices(4096)).extracting(IoSlice::capacity).containsOnly(4096L);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -4096, 1, 100, 4095, 4097, Long.MIN_VALUE, Long.MAX_VALUE})
  void aChunkThatIsNotAlignedIsRefused(long chunk) {
    try (AlignedBuffer buffer = AlignedBuffer.page()) {
      assertThatThrownBy(() -> buffer.slices(chunk))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("chunk=" + chunk + ": must be a multiple of 4096 bytes, and more than 0");
    }
  }

  // ---- the end

  @ParameterizedTest
  @MethodSource("kinds")
  void everyUseAfterCloseIsRefused(Kind kind) {
    AlignedBuffer buffer = kind.zeroed(2 * 4096);
    IoSlice slice = buffer.slice();
    List<IoSlice> frames = buffer.slices(4096);
    IoSlice frame = frames.get(1);
    buffer.close();
    buffer.close();
    assertThat(buffer.capacity()).isEqualTo(8192);
    assertThat(slice.capacity()).as("leads to no memory").isEqualTo(8192);
    assertThat(slice.length()).isEqualTo(8192);
    for (Runnable use :
        List.<Runnable>of(
            buffer::length,
            buffer::segment,
            buffer::asByteBuffer,
            buffer::slice,
            buffer::copy,
            buffer::clear,
            () -> buffer.truncate(0),
            () -> buffer.setLength(0),
            () -> buffer.extend(new byte[1]),
            () -> buffer.slices(4096),
            () -> frames.get(0),
            slice::memory,
            slice::segment,
            () -> slice.slice(0, 1),
            () -> slice.sliceCapacity(0, 1),
            () -> slice.withLength(1),
            frame::memory,
            frame::segment)) {
      assertThatThrownBy(use::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the buffer is closed");
    }
  }

  @Test
  void segmentsAndByteBuffersOfAConfinedBufferDieWithIt() {
    AlignedBuffer buffer = AlignedBuffer.page();
    MemorySegment segment = buffer.segment();
    ByteBuffer bytes = buffer.asByteBuffer();
    MemorySegment part = buffer.slices(4096).get(0).slice(8, 8).memory();
    buffer.close();
    // Its memory may be another's by now.
    try (AlignedBuffer next = AlignedBuffer.page()) {
      assertThatThrownBy(() -> segment.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> bytes.get(0)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> part.set(JAVA_BYTE, 0, (byte) 1))
          .isInstanceOf(IllegalStateException.class);
      assertThat(next.segment().toArray(JAVA_BYTE)).containsOnly(0);
    }
  }

  @Test
  void aConfinedBufferRefusesOtherThreads() throws Exception {
    try (AlignedBuffer buffer = AlignedBuffer.zeroed(100)) {
      IoSlice slice = buffer.slice();
      MemorySegment segment = buffer.segment();
      for (Runnable use :
          List.<Runnable>of(
              buffer::length,
              buffer::clear,
              buffer::close,
              buffer::copy,
              () -> buffer.extend(new byte[1]),
              () -> buffer.truncate(1),
              slice::segment,
              () -> segment.get(JAVA_BYTE, 0))) {
        Throwable[] thrown = new Throwable[1];
        Thread other =
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        use.run();
                      } catch (Throwable e) {
                        thrown[0] = e;
                      }
                    });
        other.join();
        assertThat(thrown[0]).isInstanceOf(WrongThreadException.class);
      }
      assertThat(buffer.length()).isEqualTo(100);
    }
  }
}
