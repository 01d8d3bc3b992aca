package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where large buffers come from without native access. */
class ArenaMemoryTest {
  private static final Path SHM = Path.of("/dev/shm");
  private static final long BYTES = 4L << 20;

  @TempDir private Path disk;

  @BeforeEach
  void needsTmpfs() throws Exception {
    assumeTrue(
        Proc.isThere() && Files.isDirectory(SHM) && type(SHM).equals("tmpfs"),
        "/dev/shm is no tmpfs here");
  }

  private static String type(Path directory) throws Exception {
    return Files.getFileStore(directory).type();
  }

  @Test
  void noMemoryFileSystemHoldsTheBytesOfABuffer() throws Exception {
    long before = Proc.pageFileMappings();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = new ArenaMemory(SHM).take(BYTES, true, arena);
      assertThat(memory.byteSize()).isEqualTo(BYTES);
      assertThat(memory.address() % 4096).isZero();
      assertThat(memory.get(JAVA_BYTE, BYTES - 1)).isZero();
      assertThat(Proc.pageFileMappings()).isEqualTo(before);
    }
  }

  @Test
  void anotherDirectoryIsTakenInItsPlace() throws Exception {
    assumeTrue(!type(disk).equals("tmpfs"), "the temporary directory is a tmpfs");
    long before = Proc.pageFileMappings();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = new ArenaMemory(SHM, disk).take(BYTES, true, arena);
      assertThat(memory.get(JAVA_BYTE, BYTES - 1)).isZero();
      assertThat(Proc.pageFileMappings()).isEqualTo(before + 1);
    }
  }
}
