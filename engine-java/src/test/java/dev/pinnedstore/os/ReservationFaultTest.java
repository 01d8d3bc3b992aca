package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.os.MappingFailedException.Limit;
import dev.pinnedstore.os.NativeMemory.Region;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left of a reservation when the system refuses. */
@Tag("contract")
class ReservationFaultTest {
  private static final long MIB = 1L << 20;

  @Test
  void filesReserveNoAddressesAndNameTheFlag(@TempDir Path directory) throws Exception {
    for (MemorySource source :
        new MemorySource[] {
          MemorySource.forTier(NativeTier.DENIED), new FileSource(directory),
        }) {
      assertThatThrownBy(() -> source.reserve(2 * MIB))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(NativeTier.flag());
    }
  }

  @Nested
  class Granted {
    private Refusing space;
    private MemorySource source;
    private Reservation reservation;

    @BeforeEach
    void needsNativeAccess() throws Exception {
      assumeTrue(
          NativeTier.current() == NativeTier.GRANTED, "native access is not granted to this JVM");
      space = new Refusing(AddressSpace.current());
      source = new AnonymousSource(Objects.requireNonNull(NativeMemory.current()), space);
      reservation = source.reserve(64 * MIB);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 4096, 2 * MIB - 65536})
    void rangeStartsAtAHugePageWhereverTheSystemMaps(long shift) throws Exception {
      space.shiftBytes = shift;
      Reservation shifted = source.reserve(4 * MIB);
      assertThat(shifted.address() % (2 * MIB)).isZero();
      shifted.commit(0, 4 * MIB);
      shifted.base().fill((byte) 1);
      assertThat(shifted.close()).isTrue();
    }

    @Test
    void refusedCommitHoldsNoMemoryAndSucceedsLater() throws Exception {
      reservation.commit(0, 2 * MIB);
      reservation.base().asSlice(0, 2 * MIB).fill((byte) 1);
      space.refusals = 1;
      assertThatThrownBy(() -> reservation.commit(2 * MIB, 4 * MIB))
          .isInstanceOf(MappingFailedException.class);
      MemorySegment refused = reservation.base().asSlice(2 * MIB, 4 * MIB);
      assertZero(refused);
      if (Proc.isThere()) {
        assertThat(Proc.residentBytes(reservation.address())).isEqualTo(2 * MIB);
      }
      assertThat(reservation.base().get(JAVA_BYTE, 2 * MIB - 1)).isEqualTo((byte) 1);
      reservation.commit(2 * MIB, 4 * MIB);
      refused.fill((byte) 2);
      assertThat(reservation.close()).isTrue();
    }

    @Test
    void errorDuringACommitHoldsNoMemoryEither() throws Exception {
      space.errors = 1;
      assertThatThrownBy(() -> reservation.commit(0, 4 * MIB)).isInstanceOf(OutOfMemoryError.class);
      if (Proc.isThere()) {
        assertThat(Proc.residentBytes(reservation.address())).isZero();
      }
      assertThat(reservation.close()).isTrue();
    }

    @Test
    void refusedAccessLeavesEverythingAsItWas() throws Exception {
      reservation.commit(0, MIB);
      space.closedDoors = 1;
      assertThatThrownBy(() -> reservation.commit(MIB, MIB))
          .isInstanceOf(MappingFailedException.class);
      // Had the mark risen, this would end the JVM: it would zero what cannot be written.
      space.zeroing = true;
      reservation.decommit(0, 64 * MIB);
      reservation.commit(MIB, MIB);
      reservation.base().set(JAVA_BYTE, 2 * MIB - 1, (byte) 1);
      assertThat(reservation.close()).isTrue();
    }
  }

  private static void assertZero(MemorySegment segment) {
    assertThat(segment.mismatch(MemorySegment.ofArray(new byte[(int) segment.byteSize()])))
        .as("first byte that is not zero")
        .isEqualTo(-1);
  }

  /** Refuses after the work was half done. */
  private static final class Refusing implements AddressSpace {
    private final AddressSpace space;
    int refusals;
    int errors;
    int closedDoors;
    long shiftBytes;
    boolean zeroing;

    Refusing(AddressSpace space) {
      this.space = space;
    }

    @Override
    public Region reserve(long bytes, long spareBytes) throws MappingFailedException {
      Region region = space.reserve(bytes, spareBytes);
      return new Region(region.address() + shiftBytes, region.bytes() - shiftBytes);
    }

    @Override
    public long pageBytes() {
      return space.pageBytes();
    }

    @Override
    public void open(MemorySegment part, boolean hugePages) throws MappingFailedException {
      if (closedDoors-- > 0) {
        throw new MappingFailedException(Limit.MEMORY, "planted", -1, -1, null);
      }
      space.open(part, hugePages);
    }

    @Override
    public void populate(MemorySegment part) throws MappingFailedException {
      space.populate(part.asSlice(0, part.byteSize() / 2));
      if (refusals-- > 0) {
        throw new MappingFailedException(Limit.MEMORY, "planted", -1, -1, null);
      }
      if (errors-- > 0) {
        throw new OutOfMemoryError("planted");
      }
      space.populate(part);
    }

    @Override
    public void discard(MemorySegment part) {
      if (zeroing) {
        part.fill((byte) 0);
      }
      space.discard(part);
    }
  }
}
