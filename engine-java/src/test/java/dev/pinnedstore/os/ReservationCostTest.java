package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a reservation takes of memory, mappings and faults, as Linux counts them. */
@Tag("contract")
class ReservationCostTest {
  private static final long KIB = 1L << 10;
  private static final long MIB = 1L << 20;
  private static final long TIB = 1L << 40;

  private final Deque<Reservation> reservations = new ArrayDeque<>();

  @BeforeAll
  static void needsLinuxAndNativeAccess() {
    assumeTrue(
        NativeTier.current() == NativeTier.GRANTED, "native access is not granted to this JVM");
    assumeTrue(Proc.isThere(), "reads /proc/self/smaps");
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

  private static long mappings(Reservation reservation) throws Exception {
    return Proc.mappingsOf(reservation.address(), reservation.bytes());
  }

  @Test
  void reservingATebibyteCostsNoMemoryAndEachEndOfItWorks() throws Exception {
    Reservation reservation = reserve(TIB);
    assertThat(Proc.residentBytes(reservation.address())).isZero();
    assertThat(mappings(reservation)).isEqualTo(1);
    reservation.commit(0, 2 * MIB);
    reservation.commit(TIB - 2 * MIB, 2 * MIB);
    reservation.base().set(JAVA_LONG, TIB - 8, 1);
    reservation.base().set(JAVA_LONG, 0, 2);
    assertThat(Proc.residentBytes(reservation.address())).isEqualTo(4 * MIB);
  }

  @Test
  void largestSizeIsAskedOfTheSystem() {
    try {
      assertThat(reserve(1L << 46).bytes()).isEqualTo(1L << 46);
    } catch (MappingFailedException e) {
      // Half the addresses of most processors, which may not be there in one piece.
      assertThat(e.limit()).isEqualTo(Limit.ADDRESS_SPACE);
      assertThat(e).hasMessageContaining("70368744177664").hasMessageContaining("ulimit -v");
    }
  }

  @Test
  void closeGivesTheAddressesBack() throws Exception {
    long before = Proc.addressSpaceBytes();
    for (int i = 0; i < 100; i++) {
      Reservation reservation = reserve(TIB);
      reservation.commit(MIB, MIB);
      assertThat(reservation.close()).isTrue();
    }
    assertThat(Proc.addressSpaceBytes()).isLessThan(before + TIB);
  }

  @ParameterizedTest
  @ValueSource(longs = {64 * KIB, 2 * MIB})
  void commitMakesResidentAndDecommitGivesBack(long unit) throws Exception {
    Reservation reservation = reserve(64 * MIB);
    for (long at = 0; at < 64 * MIB; at += unit) {
      reservation.commit(at, unit);
      if (at % (16 * MIB) == 0) {
        assertThat(Proc.residentBytes(reservation.address())).isEqualTo(at + unit);
      }
    }
    reservation.base().fill((byte) 1);
    assertThat(Proc.residentBytes(reservation.address())).isEqualTo(64 * MIB);
    for (long at = 0; at < 64 * MIB; at += 2 * unit) {
      reservation.decommit(at, unit);
    }
    assertThat(Proc.residentBytes(reservation.address())).isEqualTo(32 * MIB);
    long before = Proc.residentBytes();
    reservation.decommit(0, 64 * MIB);
    assertThat(Proc.residentBytes()).as("of the process").isLessThan(before - 16 * MIB);
    assertThat(Proc.residentBytes(reservation.address())).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {64 * KIB, 2 * MIB})
  void readingDecommittedMemoryTakesNoneAndTheNextCommitIsWhole(long unit) throws Exception {
    Reservation reservation = reserve(16 * MIB);
    reservation.commit(0, 16 * MIB);
    reservation.decommit(0, 16 * MIB);
    for (long at = 0; at < 16 * MIB; at += 4096) {
      assertThat(reservation.base().get(JAVA_BYTE, at)).isZero();
    }
    assertThat(Proc.residentBytes(reservation.address())).isZero();
    for (long at = 0; at < 16 * MIB; at += unit) {
      reservation.commit(at, unit);
    }
    assertThat(Proc.residentBytes(reservation.address())).isEqualTo(16 * MIB);
  }

  @ParameterizedTest
  @ValueSource(longs = {64 * KIB, 2 * MIB})
  void commitsInOrderAndDecommitsBetweenStayTwoMappings(long unit) throws Exception {
    Reservation reservation = reserve(TIB);
    for (int i = 0; i < 1000; i++) {
      reservation.commit(i * unit, unit);
      reservation.base().set(JAVA_BYTE, i * unit, (byte) 1);
      if (i % 2 == 1) {
        // Every second unit stays committed a little longer, so that ranges alternate.
        reservation.decommit((i - 1) * unit, unit);
      }
      if (i >= 16 && i % 2 == 1) {
        reservation.decommit((i - 16) * unit, unit);
      }
      if (i % 100 == 0) {
        assertThat(mappings(reservation)).isEqualTo(2);
      }
    }
    assertThat(mappings(reservation)).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(longs = {64 * KIB, 2 * MIB})
  void commitsInAnyOrderStayTwoMappings(long unit) throws Exception {
    Reservation reservation = reserve(TIB);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      order.add(i);
    }
    long seed = 5;
    Collections.shuffle(order, new Random(seed));
    for (int i : order) {
      reservation.commit(i * unit, unit);
      reservation.base().set(JAVA_BYTE, i * unit, (byte) 1);
      if (i % 3 != 0) {
        reservation.decommit(i * unit, unit);
      }
      assertThat(mappings(reservation)).as("seed " + seed).isEqualTo(2);
    }
  }

  @Test
  void hugePagesAreAskedForWhereCommitsAreWholeOnes() throws Exception {
    assumeTrue(
        Files.exists(Path.of("/sys/kernel/mm/transparent_hugepage/enabled")),
        "the kernel has transparent huge pages");
    Reservation large = reserve(16 * MIB);
    large.commit(4 * MIB, 2 * MIB);
    large.commit(0, 4 * MIB);
    large.commit(6 * MIB, 6 * MIB);
    assertThat(Proc.flags(large.address()).split(" ")).contains("hg");
    assertThat(mappings(large)).isEqualTo(2);

    Reservation small = reserve(16 * MIB);
    small.commit(0, MIB);
    small.commit(MIB, 2 * MIB);
    assertThat(Proc.flags(small.address()).split(" ")).doesNotContain("hg");
    small.commit(4 * MIB, 2 * MIB);
    assertThat(Proc.flags(small.address()).split(" ")).doesNotContain("hg");
    assertThat(Proc.flags(small.address() + 4 * MIB).split(" ")).contains("hg");
    small.commit(6 * MIB, MIB);
    assertThat(Proc.flags(small.address() + 6 * MIB).split(" ")).doesNotContain("hg");
    assertThat(mappings(small)).as("each change costs one").isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(longs = {64 * KIB, 2 * MIB})
  void writingOverACommitFaultsNoMore(long unit) throws Exception {
    assumeTrue(ThreadUsage.available(), "counts faults by getrusage of Linux");
    Reservation reservation = reserve(16 * MIB);
    for (int round = 0; round < 3; round++) {
      for (long at = 0; at < 16 * MIB; at += unit) {
        reservation.commit(at, unit);
      }
      ThreadUsage before = ThreadUsage.current();
      reservation.base().fill((byte) 3);
      ThreadUsage after = ThreadUsage.current();
      assertThat(after.minorFaults() - before.minorFaults()).isLessThanOrEqualTo(16);
      assertThat(after.majorFaults() - before.majorFaults()).isZero();
      reservation.decommit(0, 16 * MIB);
    }
  }

  @Test
  void lockedMemoryIsZeroedWhereItCannotBeGivenBack() throws Exception {
    MethodHandle mlock =
        NativeCalls.bind("mlock", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    Reservation reservation = reserve(2 * MIB);
    reservation.commit(0, 64 * KIB);
    MemorySegment part = reservation.base().asSlice(0, 64 * KIB);
    MemorySegment locked = part.asSlice(16 * KIB, 16 * KIB);
    long result =
        NativeCalls.call(-1, state -> (int) mlock.invokeExact(state, locked, locked.byteSize()));
    assumeTrue(result == 0, "this process may lock 16 KiB");
    try (Arena arena = Arena.ofShared()) {
      MemorySegment view = reservation.view(0, 64 * KIB, arena);
      part.fill((byte) 1);
      reservation.decommit(0, 64 * KIB);
      assertThat(view.toArray(JAVA_BYTE)).containsOnly(0);
      part.fill((byte) 2);
      reservation.commit(0, 64 * KIB);
      assertThat(view.toArray(JAVA_BYTE)).containsOnly(0);
    }
  }
}
