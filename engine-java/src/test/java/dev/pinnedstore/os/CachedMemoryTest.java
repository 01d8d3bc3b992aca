package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is asked of the system, and what is given back to it. */
class CachedMemoryTest {
  private final Arena arena = Arena.ofShared();
  private final Counting system = new Counting(arena);
  private final CachedMemory memory =
      new CachedMemory(new AnonymousSource(system, AddressSpace.current()));

  @BeforeAll
  static void needsNativeAccess() {
    assumeTrue(
        NativeTier.current() == NativeTier.GRANTED, "native access is not granted to this JVM");
  }

  private MemorySegment take(long bytes) throws MappingFailedException {
    return memory.take(bytes, true, arena);
  }

  private void release(MemorySegment segment) {
    memory.release(segment.address(), segment.byteSize());
  }

  @Test
  void whatIsGivenBackIsTakenAgainWithoutASystemCallAndZeroed() throws Exception {
    MemorySegment first = take(12_288);
    first.fill((byte) 7);
    release(first);
    MemorySegment again = take(16_384);
    assertThat(again.address()).isEqualTo(first.address());
    assertThat(again.toArray(JAVA_BYTE)).containsOnly(0);
    assertThat(system.maps).isEqualTo(1);
    assertThat(system.unmaps).isZero();
    release(again);
    MemorySegment raw = memory.take(4096 * 3, false, arena);
    raw.fill((byte) 9);
    release(raw);
    assertThat(memory.take(4096 * 4, false, arena).get(JAVA_BYTE, 0))
        .as("not zeroed where nobody asks")
        .isEqualTo((byte) 9);
  }

  @Test
  void memoryThatNoSegmentCouldBeMadeOfIsKept() throws Exception {
    Arena closed = Arena.ofShared();
    closed.close();
    assertThatThrownBy(() -> memory.take(8192, true, closed))
        .isInstanceOf(IllegalStateException.class);
    assertThat(system.maps).isEqualTo(1);
    take(8192);
    assertThat(system.maps).as("it is taken from the cache").isEqualTo(1);
    assertThatThrownBy(() -> memory.take(8 << 20, true, closed))
        .isInstanceOf(IllegalStateException.class);
    assertThat(system.unmaps).as("too large to be kept").isEqualTo(1);
  }

  @Test
  void whatTheCacheHasNoRoomForGoesBackInItsWholeSize() throws Exception {
    MemorySegment large = take(BlockCache.MAX_BLOCK_BYTES + 4096);
    release(large);
    assertThat(system.unmaps).isEqualTo(1);
    assertThat(system.mapped).isEmpty();
  }

  @Test
  void aSystemThatRefusesGetsBackWhatNobodyUsesAndIsAskedOnceMore() throws Exception {
    for (long bytes : new long[] {4096, 65_536, 1 << 20}) {
      release(take(bytes));
    }
    MemorySegment used = take(8192);
    system.refusals = 1;
    MemorySegment wanted = take(2 << 20);
    assertThat(system.unmaps).isEqualTo(3);
    assertThat(system.mapped).containsOnlyKeys(used.address(), wanted.address());
    system.refusals = 2;
    assertThatThrownBy(() -> take(4 << 20)).isInstanceOf(MappingFailedException.class);
    assertThat(system.mapped).hasSize(2);
  }

  /** A system that counts, and checks that a region goes back as it was taken. */
  private static final class Counting implements NativeMemory {
    private final Arena arena;
    final Map<Long, Long> mapped = new HashMap<>();
    int refusals;
    int maps;
    int unmaps;

    Counting(Arena arena) {
      this.arena = arena;
    }

    @Override
    public Region map(long bytes, boolean hugePages) throws MappingFailedException {
      if (refusals > 0) {
        refusals--;
        throw new MappingFailedException(Limit.MEMORY, "no more", -1, -1, null);
      }
      maps++;
      long address = arena.allocate(bytes, 4096).address();
      mapped.put(address, bytes);
      return new Region(address, bytes);
    }

    @Override
    public boolean unmap(Region region) {
      unmaps++;
      assertThat(mapped.remove(region.address())).isEqualTo(region.bytes());
      return true;
    }

    @Override
    public void populate(MemorySegment segment) {
      throw new AssertionError("nobody asks for that");
    }
  }
}
