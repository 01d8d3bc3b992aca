package dev.pinnedstore.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bounds of slices, and what they do when their memory is gone. */
@Tag("contract")
class IoSliceTest {
  @Test
  void aSegmentIsASliceOfAllItsBytes() {
    MemorySegment heap = MemorySegment.ofArray(new byte[] {1, 2, 3});
    IoSlice slice = IoSlice.of(heap);
    assertThat(slice.length()).isEqualTo(3);
    assertThat(slice.capacity()).isEqualTo(3);
    assertThat(slice.owner()).isNull();
    assertThat(slice.segment().toArray(JAVA_BYTE)).containsExactly(1, 2, 3);
    assertThat(slice).isEqualTo(IoSlice.of(heap)).hasSameHashCodeAs(IoSlice.of(heap));
  }

  @Test
  void partsAreOfTheDataOrOfTheRoom() {
    try (AlignedBuffer buffer = AlignedBuffer.withCapacity(8192)) {
      buffer.extend(new byte[] {10, 11, 12, 13});
      IoSlice whole = buffer.slice();
      IoSlice data = whole.slice(1, 2);
      assertThat(data.length()).isEqualTo(2);
      assertThat(data.capacity()).isEqualTo(2);
      assertThat(data.segment().toArray(JAVA_BYTE)).containsExactly(11, 12);
      IoSlice room = whole.sliceCapacity(4096, 4096);
      assertThat(room.length()).isZero();
      assertThat(room.capacity()).isEqualTo(4096);
      room.memory().set(JAVA_BYTE, 0, (byte) 5);
      IoSlice filled = room.withLength(1);
      assertThat(filled.segment().toArray(JAVA_BYTE)).containsExactly(5);
      assertThat(room.length()).as("a slice does not change").isZero();
      assertThat(filled.slice(0, 1).owner()).isSameAs(buffer);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 101",
    "101, 0",
    "100, 1",
    "-1, 1",
    "1, -1",
    "100, 8388608",
    "1, 9223372036854775807",
    "9223372036854775807, 1",
    "9223372036854775807, 9223372036854775807",
    "-9223372036854775808, -9223372036854775808"
  })
  void aPartOutsideIsRefusedOverflowIncluded(long offset, long size) {
    IoSlice slice = IoSlice.of(MemorySegment.ofArray(new byte[100]));
    assertThatThrownBy(() -> slice.slice(offset, size))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("offset=" + offset + ", length=" + size + ": must be within 0 and 100");
    assertThatThrownBy(() -> slice.sliceCapacity(offset, size))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("offset=" + offset + ", capacity=" + size + ": must be within 0 and 100");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 101, Long.MAX_VALUE, Long.MIN_VALUE})
  void aLengthBeyondTheCapacityIsRefused(long length) {
    MemorySegment memory = MemorySegment.ofArray(new byte[100]);
    String message = "length=" + length + ": must be between 0 and 100 bytes";
    assertThatThrownBy(() -> IoSlice.of(memory).withLength(length))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> new IoSlice(memory, length, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void emptyPartsAtBothEndsAreLegal() {
    IoSlice slice = IoSlice.of(MemorySegment.ofArray(new byte[100]));
    assertThat(slice.slice(0, 0).capacity()).isZero();
    assertThat(slice.slice(100, 0).capacity()).isZero();
    assertThat(slice.sliceCapacity(100, 0).capacity()).isZero();
  }

  @Test
  void aBufferOwnsOnlyItsOwnMemory() {
    try (AlignedBuffer buffer = AlignedBuffer.page();
        AlignedBuffer other = AlignedBuffer.page()) {
      MemorySegment foreign = other.segment();
      assertThatThrownBy(() -> new IoSlice(foreign, 0, buffer))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must be a part of the owner's");
    }
  }

  @Test
  void aForeignSegmentIsRefusedOnceItsArenaIsClosed() {
    IoSlice slice;
    MemorySegment memory;
    try (Arena arena = Arena.ofConfined()) {
      memory = arena.allocate(100);
      slice = IoSlice.of(memory);
    }
    assertThatThrownBy(slice::memory).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(slice::segment).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> slice.slice(0, 1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> IoSlice.of(memory)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aSliceOfASharedBufferWorksOnAnotherThread() throws Exception {
    try (AlignedBuffer buffer = AlignedBuffer.shared(4096)) {
      IoSlice slice = buffer.slice();
      FutureTask<Integer> other =
          new FutureTask<>(
              () -> {
                slice.slice(8, 8).segment().fill((byte) 4);
                return (int) slice.segment().get(JAVA_BYTE, 15);
              });
      Thread.ofPlatform().start(other);
      assertThat(other.get()).isEqualTo(4);
      assertThat(buffer.segment().get(JAVA_BYTE, 8)).isEqualTo((byte) 4);
    }
  }
}
