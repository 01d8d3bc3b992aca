package dev.pinnedstore.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.os.BufferMemory;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MappingFailedException.Limit;
import dev.pinnedstore.os.NativeTier;
import dev.pinnedstore.os.Proc;
import dev.pinnedstore.os.ThreadUsage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What buffers take from the system, and that they give it back. */
@Tag("contract")
class BufferMemoryTest {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  @ParameterizedTest
  @EnumSource
  void aGibibyteOfZerosTakesNoMemoryUntilItIsTouched(AlignedBufferTest.Kind kind) throws Exception {
    assumeTrue(Proc.isThere(), "reads /proc/self");
    long before = Proc.residentBytes();
    try (AlignedBuffer buffer = kind.zeroed(GIB)) {
      assertThat(Proc.residentBytes() - before).isLessThan(64 * MIB);
      buffer.segment().set(JAVA_BYTE, GIB / 2, (byte) 1);
      assertThat(buffer.segment().get(JAVA_BYTE, GIB - 1)).isZero();
      assertThat(Proc.residentBytes() - before).isLessThan(64 * MIB);
      buffer.slice().slice(0, 128 * MIB).segment().fill((byte) 1);
      assertThat(Proc.residentBytes() - before).isGreaterThan(100 * MIB);
    }
    assertThat(Proc.residentBytes() - before).as("given back").isLessThan(64 * MIB);
  }

  @ParameterizedTest
  @EnumSource
  void aBufferBeyondTwoGibibytesIsUsableToItsLastByte(AlignedBufferTest.Kind kind) {
    long bytes = 5 * GIB + 1;
    try (AlignedBuffer buffer = kind.zeroed(bytes)) {
      assertThat(buffer.capacity()).isEqualTo(5 * GIB + 4096);
      buffer.segment().set(JAVA_BYTE, bytes - 1, (byte) 7);
      IoSlice last = buffer.slices(GIB).get(4);
      assertThat(last.segment().get(JAVA_BYTE, GIB - 1)).isZero();
      assertThat(buffer.slice().slice(bytes - 1, 1).segment().get(JAVA_BYTE, 0))
          .isEqualTo((byte) 7);
      assertThatThrownBy(buffer::asByteBuffer)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("length=" + bytes);
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatTheMachineHasNotIsATypedErrorThatLeavesNothing(AlignedBufferTest.Kind kind)
      throws Exception {
    assumeTrue(Proc.isThere(), "reads /proc/self");
    refuse(kind);
    long addresses = Proc.addressSpaceBytes();
    long files = Proc.openFiles();
    for (int i = 0; i < 50; i++) {
      refuse(kind);
    }
    assertThat(Proc.addressSpaceBytes()).isLessThan(addresses + 256 * MIB);
    assertThat(Proc.openFiles()).isLessThan(files + 20);
    try (AlignedBuffer buffer = kind.zeroed(4096)) {
      assertThat(buffer.segment().get(JAVA_BYTE, 0)).isZero();
    }
  }

  private static void refuse(AlignedBufferTest.Kind kind) {
    assertThatThrownBy(() -> kind.zeroed(1L << 60))
        .isInstanceOfSatisfying(
            AllocationFailedException.class,
            e -> assertThat(e.requestedBytes()).isEqualTo(1L << 60))
        .hasMessageContaining("1152921504606846976 bytes")
        .hasMessageContaining("limit=");
  }

  @Test
  void aRefusedCopyLeavesTheOriginalAsItWas() {
    Refusing memory = new Refusing();
    BufferPlace place = new BufferPlace(memory);
    try (AlignedBuffer confined = AlignedBuffer.confined(place, 10, 4096, true);
        AlignedBuffer shared = AlignedBuffer.shared(place, 10, 4096, true)) {
      memory.refuses = true;
      assertThatThrownBy(confined::copy).isInstanceOf(AllocationFailedException.class);
      assertThatThrownBy(shared::copy).isInstanceOf(AllocationFailedException.class);
      assertThat(confined.length()).isEqualTo(10);
      assertThat(shared.length()).isEqualTo(10);
    }
    assertThat(memory.taken).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource
  void nothingIsLeftAfterManyRounds(AlignedBufferTest.Kind kind) throws Exception {
    assumeTrue(Proc.isThere(), "reads /proc/self");
    round(kind);
    long addresses = Proc.addressSpaceBytes();
    long resident = Proc.residentBytes();
    long files = Proc.openFiles();
    for (int i = 0; i < 100; i++) {
      round(kind);
    }
    // A leak in each round would be 900 MiB.
    assertThat(Proc.addressSpaceBytes()).isLessThan(addresses + 300 * MIB);
    assertThat(Proc.residentBytes()).isLessThan(resident + 200 * MIB);
    assertThat(Proc.openFiles()).isLessThan(files + 20);
  }

  private static void round(AlignedBufferTest.Kind kind) {
    List<AlignedBuffer> buffers = new ArrayList<>();
    for (long bytes : new long[] {4096, 8192, 100_000, MIB, 2 * MIB, 6 * MIB}) {
      AlignedBuffer buffer = kind.zeroed(bytes);
      buffer.segment().fill((byte) 1);
      buffers.add(buffer);
      buffers.add(buffer.copy());
    }
    buffers.forEach(AlignedBuffer::close);
  }

  @Test
  void pagesThatLiveTakeLittleMoreThanTheirBytes() throws Exception {
    assumeTrue(Proc.isThere(), "reads /proc/self");
    assumeTrue(NativeTier.current() == NativeTier.GRANTED, "without it the JVM's malloc decides");
    List<AlignedBuffer> pages = new ArrayList<>(20_000);
    List<Long> addresses = new ArrayList<>(20_000);
    for (int i = 0; i < 20_000; i++) {
      AlignedBuffer page = AlignedBuffer.page();
      page.segment().fill((byte) 1);
      pages.add(page);
      addresses.add(page.segment().address());
    }
    // The heap and what else the JVM does are not theirs.
    long each = Proc.residentBytes(addresses) / 20_000;
    pages.forEach(AlignedBuffer::close);
    // The original takes 8400.
    assertThat(each).isBetween(4096L, 5200L);
  }

  @ParameterizedTest
  @EnumSource
  void steadyStateTakesNoPageFault(AlignedBufferTest.Kind kind) {
    assumeTrue(ThreadUsage.available(), "counts faults by getrusage of Linux");
    long bytes = 16 * MIB;
    long sum = 0;
    for (long size : new long[] {4096, 65_536, MIB}) {
      long rounds = bytes / size * 4;
      // Twice as many for the cache and the heap to warm up.
      for (long i = 0; i < 2 * rounds; i++) {
        sum += use(kind, size);
      }
      ThreadUsage before = ThreadUsage.current();
      for (long i = 0; i < rounds; i++) {
        sum += use(kind, size);
      }
      long faults = ThreadUsage.current().minorFaults() - before.minorFaults();
      // Each fresh page would be a fault: 16384 of them. What there is comes from the heap.
      assertThat(faults).as("faults for %d buffers of %d bytes", rounds, size).isLessThan(1500);
    }
    assertThat(sum).isPositive();
  }

  private static long use(AlignedBufferTest.Kind kind, long size) {
    try (AlignedBuffer buffer = kind.zeroed(size)) {
      MemorySegment segment = buffer.segment();
      for (long at = 0; at < size; at += 4096) {
        segment.set(JAVA_BYTE, at, (byte) 1);
      }
      return segment.get(JAVA_BYTE, size - 4096);
    }
  }

  /** Memory that can be told to refuse. */
  private static final class Refusing implements BufferMemory {
    private final BufferMemory real = BufferMemory.forTier(NativeTier.DENIED);
    boolean refuses;
    int taken;

    @Override
    public MemorySegment take(long bytes, boolean zeroed, Arena arena)
        throws MappingFailedException {
      if (refuses) {
        throw new MappingFailedException(Limit.MEMORY, "no more", -1, -1, null);
      }
      taken++;
      return real.take(bytes, zeroed, arena);
    }

    @Override
    public void release(long address, long bytes) {
      real.release(address, bytes);
    }

    @Override
    public boolean outlivesArena() {
      return real.outlivesArena();
    }
  }
}
