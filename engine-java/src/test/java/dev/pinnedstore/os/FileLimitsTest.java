package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a system may answer that this one does not. */
class FileLimitsTest {
  private static final long CALL = ChannelFileIo.MAX_CALL_BYTES;

  @ParameterizedTest
  @ValueSource(ints = {1, 512, 4096})
  void multiplesThatBuffersHaveAreTaken(int alignment) {
    assertThat(FileOpener.usable(alignment)).isEqualTo(alignment);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 3000, 8192, 65_536, Integer.MAX_VALUE})
  void multiplesThatBuffersHaveNotMeanBufferedIo(int alignment) {
    assertThatThrownBy(() -> FileOpener.usable(alignment))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage(
            "it takes multiples of %d bytes, and buffers begin at multiples of 4096", alignment);
  }

  @Test
  void aKernelWithoutTheCallThatTakesRoomIsNoError() throws Exception {
    assumeTrue(OperatingSystem.CURRENT == OperatingSystem.LINUX, "error codes of Linux");
    assumeTrue(
        NativeTier.current() == NativeTier.GRANTED, "native access is not granted to this JVM");
    Path path = Path.of("some");
    assertThat(LinuxFile.allocated(path, 0)).isTrue();
    assertThat(LinuxFile.allocated(path, LinuxFile.EOPNOTSUPP)).isFalse();
    assertThat(LinuxFile.allocated(path, LinuxFile.ENOSYS)).isFalse();
    assertThatThrownBy(() -> LinuxFile.allocated(path, LinuxFile.ENOSPC))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("No space left on device");
  }

  @Test
  void gatheredPartsAreCutWhereOneCallEnds() {
    assumeTrue(
        NativeTier.current() == NativeTier.GRANTED, "makes segments of sizes that nothing has");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment vectors = arena.allocate(4 * IoVector.BYTES, Long.BYTES);
      MemorySegment[] parts = {part(4096), part(CALL - 8192), part(CALL), part(4096)};
      assertThat(IoVector.set(vectors, 0, parts, 4)).isEqualTo(3);
      assertThat(length(vectors, 0)).isEqualTo(4096);
      assertThat(length(vectors, 1)).isEqualTo(CALL - 8192);
      assertThat(length(vectors, 2)).as("the rest of the call").isEqualTo(4096);
      assertThat(IoVector.set(vectors, 0, parts, 1)).isEqualTo(1);
      assertThat(IoVector.set(vectors, 0, new MemorySegment[] {parts[2], parts[0]}, 4))
          .isEqualTo(1);
      assertThat(length(vectors, 0)).isEqualTo(CALL);
    }
  }

  @SuppressWarnings("restricted")
  private static MemorySegment part(long bytes) {
    return MemorySegment.ofAddress(1L << 40).reinterpret(bytes);
  }

  private static long length(MemorySegment vectors, int index) {
    return vectors.get(JAVA_LONG, index * IoVector.BYTES + 8);
  }
}
