package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tier with native access. */
class AnonymousMappingTest extends MappingContract {
  private static final long HUGE = 2 * MIB;

  @BeforeAll
  static void needsNativeAccess() {
    assumeTrue(
        NativeTier.current() == NativeTier.GRANTED, "native access is not granted to this JVM");
  }

  @Override
  MemorySource source() {
    return MemorySource.forTier(NativeTier.GRANTED);
  }

  @ParameterizedTest
  @ValueSource(longs = {HUGE, HUGE + 4096, 8 * MIB})
  void hugeMappingStartsAtAHugePage(long dataBytes) throws Exception {
    for (int i = 0; i < 8; i++) {
      Mapping mapping = map(dataBytes, 12_345, true);
      assertThat(mapping.address() % HUGE).isZero();
      assertThat(mapping.base().byteSize()).isEqualTo(dataBytes + 12_345);
      mapping.base().fill((byte) 1);
    }
  }

  @Test
  void hugePagesAreAskedFor() throws Exception {
    assumeTrue(
        Files.exists(Path.of("/sys/kernel/mm/transparent_hugepage/enabled")),
        "the kernel has transparent huge pages");
    assertThat(Proc.flags(map(HUGE, 4096, true).address()).split(" ")).contains("hg");
    assertThat(Proc.flags(map(HUGE, 4096, false).address()).split(" ")).doesNotContain("hg");
  }

  @Test
  void whatIsTrimmedForAlignmentIsGivenBack() throws Exception {
    assumeTrue(Proc.isThere(), "reads /proc/self/status");
    long before = Proc.addressSpaceBytes();
    for (int i = 0; i < 200; i++) {
      map(HUGE, 4096, true);
    }
    // 800 MiB more if what was over-mapped stayed.
    assertThat(Proc.addressSpaceBytes() - before).isBetween(400 * MIB, 600 * MIB);
  }

  @Test
  void writingOverATouchedMappingFaultsNoMore() throws Exception {
    assumeTrue(ThreadUsage.available(), "counts faults by getrusage of Linux");
    Mapping mapping = map(8 * MIB, 4096, false);
    mapping.touch();
    ThreadUsage before = ThreadUsage.current();
    mapping.base().asSlice(0, 8 * MIB).fill((byte) 3);
    ThreadUsage after = ThreadUsage.current();
    assertThat(after.minorFaults() - before.minorFaults()).isLessThanOrEqualTo(16);
    assertThat(after.majorFaults() - before.majorFaults()).isZero();
  }

  @Test
  void touchingByWritesMakesResidentAndChangesNoByte() throws Exception {
    assumeTrue(Proc.isThere(), "reads /proc/self/smaps");
    Mapping mapping = map(8 * MIB, 0, false);
    byte[] bytes = new byte[(int) MIB];
    new Random(2).nextBytes(bytes);
    mapping.base().asSlice(MIB).copyFrom(MemorySegment.ofArray(bytes));
    long before = Proc.residentBytes(mapping.address());
    NativeMemory.populateByWriting(mapping.base());
    assertThat(Proc.residentBytes(mapping.address()) - before).isGreaterThanOrEqualTo(7 * MIB);
    assertThat(mapping.base().asSlice(MIB, MIB).mismatch(MemorySegment.ofArray(bytes)))
        .isEqualTo(-1);
    assertThat(mapping.base().get(JAVA_LONG, 0)).isZero();
  }

  @Test
  void moreThanTheProcessorAddressesIsRefusedAsAddressSpace() {
    assertThatThrownBy(() -> map(1L << 60, 0, false))
        .isInstanceOfSatisfying(
            MappingFailedException.class, e -> assertThat(e.limit()).isEqualTo(Limit.ADDRESS_SPACE))
        .hasMessageContaining("RLIMIT_AS")
        .hasMessageContaining("errno=12");
  }

  @Test
  void aliasIsTheSameAddress() throws Exception {
    Mapping mapping = map(MIB, 0, false);
    try (Arena arena = Arena.ofConfined()) {
      assertThat(mapping.view(arena).address()).isEqualTo(mapping.address());
      assertThat(mapping.window(64, 8, arena).address()).isEqualTo(mapping.address() + 64);
    }
  }

  @Test
  void regionThatIsRefusedBackIsTriedAgain() throws Exception {
    RefusingOnce memory = new RefusingOnce(Objects.requireNonNull(NativeMemory.current()));
    MemorySource source = new AnonymousSource(memory);
    Mapping first = source.map(MIB, 0, false);
    Mapping second = source.map(MIB, 0, false);
    assertThat(first.close()).isTrue();
    assertThat(memory.alive).as("refused once").isEqualTo(2);
    assertThat(second.close()).isTrue();
    assertThat(memory.alive).as("both are gone").isZero();
  }

  /** Refuses the first unmapping, as Linux does at vm.max_map_count. */
  private static final class RefusingOnce implements NativeMemory {
    private final NativeMemory memory;
    private boolean refused;
    int alive;

    RefusingOnce(NativeMemory memory) {
      this.memory = memory;
    }

    @Override
    public Region map(long bytes, boolean hugePages) throws MappingFailedException {
      alive++;
      return memory.map(bytes, hugePages);
    }

    @Override
    public boolean unmap(Region region) {
      if (!refused) {
        refused = true;
        return false;
      }
      alive--;
      return memory.unmap(region);
    }

    @Override
    public void populate(MemorySegment segment) throws MappingFailedException {
      memory.populate(segment);
    }
  }
}
