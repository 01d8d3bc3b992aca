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
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every mapping promises, wherever its memory comes from. */
@Tag("contract")
abstract class MappingContract {
  static final long MIB = 1L << 20;

  private final Deque<Mapping> mappings = new ArrayDeque<>();

  /** The source under test; skips the test where it cannot be had. */
  abstract MemorySource source();

  final Mapping map(long dataBytes, long extraBytes, boolean hugePages)
      throws MappingFailedException {
    Mapping mapping = source().map(dataBytes, extraBytes, hugePages);
    mappings.push(mapping);
    return mapping;
  }

  @AfterEach
  void closeAll() {
    for (Mapping mapping : mappings) {
      assertThat(mapping.close()).as("nobody holds it").isTrue();
    }
  }

  @Test
  void memoryIsZeroedAndWritableToItsLastByte() throws Exception {
    Mapping mapping = map(MIB, 1000, false);
    MemorySegment base = mapping.base();
    assertThat(base.byteSize()).isEqualTo(MIB + 1000);
    assertThat(base.address()).isEqualTo(mapping.address());
    assertThat(mapping.dataBytes()).isEqualTo(MIB);
    assertThat(base.toArray(JAVA_BYTE)).containsOnly(0);
    base.fill((byte) 0x5A);
    assertThat(base.toArray(JAVA_BYTE)).containsOnly(0x5A);
  }

  @Test
  void aliasesSeeEachOthersWrites() throws Exception {
    Mapping mapping = map(MIB, 4096, false);
    try (Arena shared = Arena.ofShared();
        Arena confined = Arena.ofConfined()) {
      MemorySegment view = mapping.view(shared);
      MemorySegment window = mapping.window(4096 + 8, 64, shared);
      MemorySegment own = mapping.window(100, 3, confined);
      MemorySegment extra = mapping.window(MIB, 4096, confined);
      assertThat(view.byteSize()).isEqualTo(MIB);
      assertThat(window.byteSize()).isEqualTo(64);

      mapping.base().set(JAVA_LONG, 4096 + 16, 7);
      assertThat(window.get(JAVA_LONG, 8)).isEqualTo(7);
      window.set(JAVA_LONG, 0, 8);
      own.set(JAVA_BYTE, 2, (byte) 9);
      extra.set(JAVA_LONG, 0, 10);
      assertThat(view.get(JAVA_LONG, 4096 + 8)).isEqualTo(8);
      assertThat(view.get(JAVA_BYTE, 102)).isEqualTo((byte) 9);
      assertThat(mapping.base().get(JAVA_LONG, MIB)).isEqualTo(10);
    }
  }

  @Test
  void viewCannotBeWritten() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment view = map(4096, 0, false).view(arena);
      assertThat(view.isReadOnly()).isTrue();
      assertThatThrownBy(() -> view.set(JAVA_LONG, 0, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aliasDiesWithItsArenaAndTheMappingLivesOn() throws Exception {
    Mapping mapping = map(4096, 0, false);
    MemorySegment view;
    MemorySegment window;
    try (Arena arena = Arena.ofShared()) {
      view = mapping.view(arena);
      window = mapping.window(0, 8, arena);
    }
    assertThatThrownBy(() -> view.get(JAVA_LONG, 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> window.set(JAVA_LONG, 0, 1)).isInstanceOf(IllegalStateException.class);
    mapping.base().set(JAVA_LONG, 0, 5);
    try (Arena arena = Arena.ofShared()) {
      assertThat(mapping.view(arena).get(JAVA_LONG, 0)).isEqualTo(5);
    }
  }

  @Test
  void closeKillsTheBaseAndMayBeRepeated() throws Exception {
    Mapping mapping = map(4096, 0, false);
    MemorySegment base = mapping.base();
    assertThat(mapping.close()).isTrue();
    assertThat(mapping.close()).isTrue();
    assertThatThrownBy(() -> base.get(JAVA_LONG, 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(mapping::touch).isInstanceOf(IllegalStateException.class);
    try (Arena shared = Arena.ofShared();
        Arena confined = Arena.ofConfined()) {
      assertThatThrownBy(() -> mapping.view(shared)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> mapping.window(0, 8, confined))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void closeAnswersFalseWhileSomeThreadHoldsTheArena() throws Exception {
    Mapping mapping = map(4 * MIB, 0, false);
    Pipe pipe = Pipe.open();
    ByteBuffer buffer = mapping.base().asByteBuffer();
    FutureTask<Integer> write = new FutureTask<>(() -> pipe.sink().write(buffer));
    Thread.ofPlatform().start(write);
    try (Pipe.SourceChannel source = pipe.source()) {
      // One byte arrived, and no pipe takes the rest: the writer is inside its system call.
      assertThat(source.read(ByteBuffer.allocate(1))).isEqualTo(1);
      assertThat(mapping.close()).isFalse();
      assertThat(mapping.base().get(JAVA_LONG, 0)).isZero();
      ByteBuffer drain = ByteBuffer.allocate((int) MIB);
      for (long read = 1; read < 4 * MIB; drain.clear()) {
        read += source.read(drain);
      }
      assertThat(write.get()).isEqualTo((int) (4 * MIB));
    } finally {
      pipe.sink().close();
    }
    assertThat(mapping.close()).isTrue();
  }

  @Test
  void touchMakesTheDataResidentAndChangesNoByte() throws Exception {
    assumeTrue(Proc.isThere(), "reads /proc/self/smaps");
    Mapping mapping = map(8 * MIB, 4096, false);
    long before = Proc.residentBytes(mapping.address());
    mapping.touch();
    assertThat(Proc.residentBytes(mapping.address()) - before).isGreaterThanOrEqualTo(8 * MIB);
    byte[] bytes = new byte[(int) (8 * MIB)];
    new Random(1).nextBytes(bytes);
    mapping.base().copyFrom(MemorySegment.ofArray(bytes));
    mapping.touch();
    assertThat(mapping.base().asSlice(0, bytes.length).mismatch(MemorySegment.ofArray(bytes)))
        .isEqualTo(-1);
  }

  @Test
  void nothingStaysMappedOrOpenAfterManyRounds() throws Exception {
    assumeTrue(Proc.isThere(), "reads /proc/self");
    round();
    long openFiles = Proc.openFiles();
    long addressSpace = Proc.addressSpaceBytes();
    long files = Proc.pageFileMappings();
    for (int i = 0; i < 300; i++) {
      round();
    }
    // A leak in each round would be 300 files and 300 MiB; the JVM itself may open and map some.
    assertThat(Proc.openFiles()).isLessThan(openFiles + 20);
    assertThat(Proc.addressSpaceBytes()).isLessThan(addressSpace + 200 * MIB);
    assertThat(Proc.pageFileMappings()).isEqualTo(files);
  }

  private void round() throws MappingFailedException {
    Mapping mapping = source().map(MIB, 4096, true);
    try (Arena shared = Arena.ofShared();
        Arena confined = Arena.ofConfined()) {
      MemorySegment view = mapping.view(shared);
      mapping.window(0, MIB, confined).set(JAVA_LONG, 0, 3);
      assertThat(view.get(JAVA_LONG, 0)).isEqualTo(3);
    }
    assertThat(mapping.close()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -4096, 100, 4097, (1L << 61) + 4096, Long.MAX_VALUE})
  void wrongDataBytesAreRefusedByName(long dataBytes) {
    assertThatThrownBy(() -> map(dataBytes, 0, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("dataBytes=" + dataBytes)
        .hasMessageContaining("multiple of 4096");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, (1L << 61) + 1})
  void wrongExtraBytesAreRefusedByName(long extraBytes) {
    assertThatThrownBy(() -> map(4096, extraBytes, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("extraBytes=" + extraBytes);
  }

  @Test
  void windowOutsideTheMappingIsRefused() throws Exception {
    Mapping mapping = map(4096, 10, false);
    try (Arena arena = Arena.ofShared()) {
      assertThatThrownBy(() -> mapping.window(4096, 11, arena))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> mapping.window(-1, 1, arena))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> mapping.window(8, Long.MAX_VALUE, arena))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void aliasInAClosedArenaIsRefused() throws Exception {
    Mapping mapping = map(4096, 0, false);
    Arena arena = Arena.ofShared();
    arena.close();
    assertThatThrownBy(() -> mapping.view(arena)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> mapping.window(0, 8, arena)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void interruptedThreadMapsAndStaysInterrupted() throws Exception {
    Thread.currentThread().interrupt();
    try {
      Mapping mapping = map(MIB, 0, false);
      mapping.touch();
      try (Arena shared = Arena.ofShared();
          Arena confined = Arena.ofConfined()) {
        mapping.window(0, 8, confined).set(JAVA_LONG, 0, 4);
        assertThat(mapping.view(shared).get(JAVA_LONG, 0)).isEqualTo(4);
      }
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      var _ = Thread.interrupted();
    }
  }

  @Test
  void interruptDuringACallLosesNoPage() throws Exception {
    assumeTrue(Proc.isThere(), "elsewhere it costs a file its aliases, as PageFile says");
    Mapping mapping = map(64 << 10, 0, false);
    FutureTask<Integer> user =
        new FutureTask<>(
            () -> {
              int interrupts = 0;
              for (int i = 0; interrupts < 300; i++) {
                try (Arena shared = Arena.ofShared();
                    Arena confined = Arena.ofConfined()) {
                  mapping.window(8 * (i % 100), 8, confined).set(JAVA_LONG, 0, i);
                  assertThat(mapping.view(shared).get(JAVA_LONG, 8 * (i % 100))).isEqualTo(i);
                  if (i % 100 == 0) {
                    assertThat(source().map(64 << 10, 0, false).close()).isTrue();
                  }
                }
                interrupts += Thread.interrupted() ? 1 : 0;
              }
              return interrupts;
            });
    Thread thread = Thread.ofPlatform().start(user);
    while (thread.isAlive()) {
      thread.interrupt();
      Thread.onSpinWait();
    }
    assertThat(user.get()).as("interrupts that the calls kept").isEqualTo(300);
    try (Arena shared = Arena.ofShared()) {
      assertThat(mapping.view(shared).byteSize()).isEqualTo(64 << 10);
    }
  }
}
