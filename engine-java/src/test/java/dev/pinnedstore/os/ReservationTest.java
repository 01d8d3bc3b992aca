package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a reservation promises on each system. */
@Tag("contract")
class ReservationTest {
  private static final long KIB = 1L << 10;
  private static final long MIB = 1L << 20;

  private final Deque<Reservation> reservations = new ArrayDeque<>();

  @BeforeAll
  static void needsNativeAccess() {
    assumeTrue(
        NativeTier.current() == NativeTier.GRANTED, "native access is not granted to this JVM");
  }

  private Reservation reserve(long bytes) throws MappingFailedException {
    Reservation reservation = MemorySource.forTier(NativeTier.GRANTED).reserve(bytes);
    reservations.push(reservation);
    return reservation;
  }

  @AfterEach
  void closeAll() {
    for (Reservation reservation : reservations) {
      assertThat(reservation.close()).as("nobody holds it").isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {64 * KIB, 2 * MIB})
  void committedMemoryIsZeroedAndWritableToItsLastByte(long bytes) throws Exception {
    Reservation reservation = reserve(8 * MIB);
    assertThat(reservation.bytes()).isEqualTo(8 * MIB);
    assertThat(reservation.base().byteSize()).isEqualTo(8 * MIB);
    assertThat(reservation.base().address()).isEqualTo(reservation.address());
    reservation.commit(bytes, bytes);
    MemorySegment part = reservation.base().asSlice(bytes, bytes);
    assertZero(part);
    part.fill((byte) 0x5A);
    assertThat(part.toArray(JAVA_BYTE)).containsOnly(0x5A);
    reservation.commit(8 * MIB - bytes, bytes);
    reservation.base().set(JAVA_BYTE, 8 * MIB - 1, (byte) 1);
    assertThat(part.toArray(JAVA_BYTE)).as("nothing moved").containsOnly(0x5A);
  }

  @ParameterizedTest
  @ValueSource(longs = {2 * MIB, 6 * MIB, 64 * MIB})
  void rangeStartsAtAHugePage(long bytes) throws Exception {
    for (int i = 0; i < 8; i++) {
      assertThat(reserve(bytes).address() % (2 * MIB)).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {64 * KIB, 2 * MIB})
  void decommittedMemoryReadsAsZerosThroughOldAliases(long bytes) throws Exception {
    Reservation reservation = reserve(8 * MIB);
    reservation.commit(0, 2 * bytes);
    try (Arena shared = Arena.ofShared();
        Arena confined = Arena.ofConfined()) {
      MemorySegment view = reservation.view(0, 2 * bytes, shared);
      MemorySegment window = reservation.window(bytes, bytes, confined);
      window.fill((byte) 7);
      reservation.base().asSlice(0, bytes).fill((byte) 6);
      reservation.decommit(bytes, bytes);
      assertZero(window);
      assertZero(view.asSlice(bytes));
      assertThat(view.asSlice(0, bytes).toArray(JAVA_BYTE)).as("beside it").containsOnly(6);
      reservation.decommit(0, bytes);
      assertZero(view);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {64 * KIB, 2 * MIB})
  void memoryCommittedAgainNeverShowsOldBytes(long bytes) throws Exception {
    Reservation reservation = reserve(4 * MIB);
    MemorySegment part = reservation.base().asSlice(0, bytes);
    for (int i = 1; i <= 20; i++) {
      reservation.commit(0, bytes);
      assertZero(part);
      part.fill((byte) i);
      reservation.decommit(0, bytes);
      // A writer that is late. What it leaves must not be found by the next owner.
      part.set(JAVA_LONG, bytes / 2, i);
    }
    reservation.commit(0, bytes);
    part.fill((byte) 1);
    reservation.commit(0, bytes);
    assertZero(part);
  }

  @Test
  void partsAreCommittedInAnyOrderAndWithoutNeighbours() throws Exception {
    Reservation reservation = reserve(64 * MIB);
    long[] offsets = {40 * MIB, 2 * MIB, 63 * MIB, 0, 39 * MIB, 41 * MIB};
    for (long offset : offsets) {
      reservation.commit(offset, MIB);
      assertZero(reservation.base().asSlice(offset, MIB));
      reservation.base().set(JAVA_LONG, offset, offset + 1);
    }
    for (long offset : offsets) {
      assertThat(reservation.base().get(JAVA_LONG, offset)).isEqualTo(offset + 1);
    }
    assertZero(reservation.base().asSlice(3 * MIB, MIB));
  }

  @Test
  void partThatWasNeverCommittedMayBeDecommitted() throws Exception {
    Reservation reservation = reserve(8 * MIB);
    reservation.decommit(0, 8 * MIB);
    reservation.commit(0, MIB);
    reservation.base().set(JAVA_LONG, 0, 5);
    reservation.decommit(2 * MIB, 2 * MIB);
    assertThat(reservation.base().get(JAVA_LONG, 0)).isEqualTo(5);
    reservation.decommit(0, 8 * MIB);
    assertThat(reservation.base().get(JAVA_LONG, 0)).isZero();
    reservation.commit(MIB, 7 * MIB);
    assertZero(reservation.base());
  }

  @Test
  void aliasIsTheSameAddressAndDiesWithItsArena() throws Exception {
    Reservation reservation = reserve(4 * MIB);
    reservation.commit(0, MIB);
    MemorySegment view;
    MemorySegment window;
    try (Arena arena = Arena.ofShared()) {
      view = reservation.view(4096, 100, arena);
      window = reservation.window(4096 + 8, 8, arena);
      assertThat(view.address()).isEqualTo(reservation.address() + 4096);
      assertThat(view.byteSize()).isEqualTo(100);
      assertThat(window.address()).isEqualTo(reservation.address() + 4096 + 8);
      window.set(JAVA_LONG, 0, 9);
      assertThat(view.get(JAVA_LONG, 8)).isEqualTo(9);
      assertThat(view.isReadOnly()).isTrue();
      assertThatThrownBy(() -> view.set(JAVA_LONG, 8, 1))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(reservation.view(4 * MIB, 0, arena).byteSize()).isZero();
    }
    assertThatThrownBy(() -> view.get(JAVA_LONG, 8)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> window.set(JAVA_LONG, 0, 1)).isInstanceOf(IllegalStateException.class);
    assertThat(reservation.base().get(JAVA_LONG, 4096 + 8)).isEqualTo(9);
  }

  @Test
  void closeKillsTheBaseAndMayBeRepeated() throws Exception {
    Reservation reservation = reserve(2 * MIB);
    reservation.commit(0, MIB);
    MemorySegment base = reservation.base();
    assertThat(reservation.close()).isTrue();
    assertThat(reservation.close()).isTrue();
    assertThat(reservation.address()).isEqualTo(base.address());
    assertThat(reservation.bytes()).isEqualTo(2 * MIB);
    assertThatThrownBy(() -> base.get(JAVA_LONG, 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> reservation.commit(0, MIB)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> reservation.commit(MIB, MIB))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> reservation.decommit(0, MIB))
        .isInstanceOf(IllegalStateException.class);
    try (Arena arena = Arena.ofShared()) {
      assertThatThrownBy(() -> reservation.view(0, 8, arena))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> reservation.window(0, 8, arena))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void closeAnswersFalseWhileSomeThreadHoldsTheArena() throws Exception {
    Reservation reservation = reserve(4 * MIB);
    reservation.commit(0, 4 * MIB);
    Pipe pipe = Pipe.open();
    ByteBuffer buffer = reservation.base().asByteBuffer();
    FutureTask<Integer> write = new FutureTask<>(() -> pipe.sink().write(buffer));
    Thread.ofPlatform().start(write);
    try (Pipe.SourceChannel source = pipe.source()) {
      // One byte arrived, and no pipe takes the rest: the writer is inside its system call.
      assertThat(source.read(ByteBuffer.allocate(1))).isEqualTo(1);
      assertThat(reservation.close()).isFalse();
      assertThat(reservation.base().get(JAVA_LONG, 0)).isZero();
      ByteBuffer drain = ByteBuffer.allocate((int) MIB);
      for (long read = 1; read < 4 * MIB; drain.clear()) {
        read += source.read(drain);
      }
      assertThat(write.get()).isEqualTo((int) (4 * MIB));
    } finally {
      pipe.sink().close();
    }
    assertThat(reservation.close()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, MIB, 3 * MIB, 2 * MIB + 4096, (1L << 46) + 2 * MIB, Long.MAX_VALUE})
  void wrongSizeIsRefusedByName(long bytes) {
    assertThatThrownBy(() -> reserve(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "bytes="
                + bytes
                + ": must be a multiple of 2097152 between 2097152 and 70368744177664 bytes");
  }

  @ParameterizedTest
  @CsvSource({
    "100, 65536, offset=100",
    "-65536, 65536, offset=-65536",
    "4194304, 65536, offset=4194304",
    "9223372036854710272, 65536, offset=9223372036854710272",
    "0, 0, bytes=0",
    "0, 100, bytes=100",
    "0, -65536, bytes=-65536",
    "2097152, 2162688, bytes=2162688",
    "65536, 9223372036854710272, bytes=9223372036854710272",
  })
  void wrongPartIsRefusedByName(long offset, long bytes, String named) throws Exception {
    Reservation reservation = reserve(4 * MIB);
    assertThatThrownBy(() -> reservation.commit(offset, bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(named + ": must be a multiple of ");
    assertThatThrownBy(() -> reservation.decommit(offset, bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(named + ": must be a multiple of ");
  }

  @Test
  void aliasOutsideTheRangeIsRefused() throws Exception {
    Reservation reservation = reserve(2 * MIB);
    try (Arena arena = Arena.ofShared()) {
      assertThatThrownBy(() -> reservation.view(2 * MIB, 1, arena))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> reservation.window(-1, 1, arena))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> reservation.window(8, Long.MAX_VALUE, arena))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
    Arena closed = Arena.ofShared();
    closed.close();
    assertThatThrownBy(() -> reservation.view(0, 8, closed))
        .isInstanceOf(IllegalStateException.class);
  }

  /** Faster than byte by byte, for ranges of megabytes. */
  private static void assertZero(MemorySegment segment) {
    assertThat(segment.mismatch(MemorySegment.ofArray(new byte[(int) segment.byteSize()])))
        .as("first byte that is not zero")
        .isEqualTo(-1);
  }
}
