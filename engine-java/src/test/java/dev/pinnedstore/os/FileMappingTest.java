package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tier without native access, which works with it too. */
class FileMappingTest extends MappingContract {
  @TempDir Path directory;

  @Override
  MemorySource source() {
    return MemorySource.forTier(NativeTier.DENIED);
  }

  @Test
  void fileHasNoNameWhileItIsMapped() throws Exception {
    assumeFalse(
        OperatingSystem.CURRENT == OperatingSystem.WINDOWS, "Windows deletes a file at its end");
    Mapping mapping = new FileSource(directory).map(MIB, 0, false);
    assertThat(directory).isEmptyDirectory();
    assertThat(mapping.close()).isTrue();
  }

  @Test
  void aliasOutlivesTheMappingSafely() throws Exception {
    Mapping mapping = map(MIB, 0, false);
    mapping.base().set(JAVA_LONG, 0, 6);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment view = mapping.view(arena);
      assertThat(mapping.close()).isTrue();
      assertThat(view.get(JAVA_LONG, 0)).isEqualTo(6);
    }
  }

  @Test
  void closedFileNeverMapsTheOneThatGotItsDescriptor() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PageFile file = PageFile.create(directory);
      file.fill(MIB);
      file.map(MapMode.READ_WRITE, 0, 4096, arena);
      file.close();
      PageFile next = PageFile.create(directory);
      next.fill(MIB);
      assertThatThrownBy(() -> file.map(MapMode.READ_WRITE, 0, 4096, arena))
          .isInstanceOf(IOException.class);
      next.close();
    }
  }

  @Test
  void moreThanTheFileSystemHasIsRefusedBeforeItIsWritten() {
    assertThatThrownBy(() -> map(1L << 60, 0, false))
        .isInstanceOfSatisfying(
            MappingFailedException.class,
            e -> {
              assertThat(e.limit()).isEqualTo(Limit.DISK_SPACE);
              assertThat(e.freeBytes()).isBetween(0L, e.totalBytes());
              assertThat(e.totalBytes()).isPositive();
            })
        .hasMessageContaining("freeBytes=")
        .hasMessageContaining("--shm-size")
        .hasMessageContaining(NativeTier.flag());
  }

  @ParameterizedTest
  @CsvSource({
    "x: Too many open files, OPEN_FILES",
    "x: Too many open files in system, OPEN_FILES",
    "No space left on device, DISK_SPACE",
    "Disk quota exceeded, DISK_SPACE",
    "There is not enough space on the disk, DISK_SPACE",
    "File too large, OTHER"
  })
  void wordsOfTheSystemNameTheLimit(String words, Limit limit) {
    IOException said = new IOException(words);
    MappingFailedException refusal = FileRefusals.explain(directory, 4096, said);
    assertThat(refusal.limit()).isEqualTo(limit);
    assertThat(refusal).hasMessageContaining(words).hasCause(said);
  }
}
