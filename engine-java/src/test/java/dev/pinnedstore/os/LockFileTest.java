package dev.pinnedstore.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may have a file, within one process; that of others is tested where they are. */
@Tag("contract")
class LockFileTest {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void makeFile() throws IOException {
    file = Files.createFile(directory.resolve("file"));
  }

  @Test
  void oneWriterAtATimeByWhateverName() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    LockFile.Hold first = LockFile.tryWrite(file);
    assertThat(first).isNotNull();
    assertThat(LockFile.tryWrite(file)).isNull();
    assertThat(LockFile.tryWrite(link)).isNull();
    first.close();
    first.close();
    try (LockFile.Hold second = LockFile.tryWrite(link)) {
      assertThat(second).isNotNull();
    }
  }

  /** The second name would have a lock file of its own, beside it. */
  @Test
  void aFileWithTwoNamesIsRefusedByBoth() throws IOException {
    assumeThat(file.getFileSystem().supportedFileAttributeViews())
        .as("the file system counts links")
        .contains("unix");
    LockFile.Hold writer = LockFile.tryWrite(file);
    assertThat(writer).isNotNull();
    Path link = Files.createLink(directory.resolve("link"), file);
    for (Path name : List.of(file, link)) {
      assertThatExceptionOfType(FileSystemException.class)
          .isThrownBy(() -> LockFile.tryWrite(name))
          .withMessageContaining("links=2: must be 1");
      assertThatExceptionOfType(FileSystemException.class).isThrownBy(() -> LockFile.tryRead(name));
    }
    Files.delete(link);
    assertThat(LockFile.tryWrite(file)).isNull();
    writer.close();
  }

  private void assumeKeys() throws IOException {
    assumeThat(Files.readAttributes(file, BasicFileAttributes.class).fileKey())
        .as("files have keys")
        .isNotNull();
  }

  @Test
  void aFileHasTheSameLockUnderTheNameThatItGetsMeanwhile() throws IOException {
    assumeKeys();
    Path renamed = directory.resolve("renamed");
    try (LockFile.Hold writer = LockFile.tryWrite(file)) {
      assertThat(writer).isNotNull();
      Files.move(file, renamed);
      assertThat(LockFile.tryWrite(renamed)).isNull();
      try (LockFile.Hold reader = LockFile.tryRead(renamed)) {
        assertThat(reader).isNotNull();
        assertThat(LockFile.tryExcludeReaders(file)).as("its old name").isNull();
      }
      Files.createLink(file, renamed);
      Files.delete(renamed);
      assertThat(LockFile.tryWrite(file)).isNull();
      // Another file takes the name, and cannot have the lock file of that name.
      Files.move(file, renamed);
      Files.createFile(file);
      assertThat(LockFile.tryWrite(file)).isNull();
    }
    for (Path name : List.of(file, renamed)) {
      try (LockFile.Hold next = LockFile.tryWrite(name)) {
        assertThat(next).isNotNull();
      }
    }
  }

  @Test
  void aFileIsGuardedThoughItsLockFileIsDeleted() throws IOException {
    assumeKeys();
    try (LockFile.Hold writer = LockFile.tryWrite(file)) {
      assertThat(writer).isNotNull();
      Files.delete(directory.resolve("file.lock"));
      assertThat(LockFile.tryWrite(file)).isNull();
    }
  }

  @Test
  void aFileThatWasMadeUnderTheLockIsKnownByWhateverName() throws IOException {
    assumeKeys();
    Path none = directory.resolve("none");
    try (LockFile.Hold hold = LockFile.tryWrite(none)) {
      assertThat(hold).isNotNull();
      Files.createFile(none);
      LockFile.made(none);
      Path renamed = Files.move(none, directory.resolve("renamed"));
      assertThat(LockFile.tryWrite(renamed)).isNull();
    }
  }

  @Test
  void readersShareAndKeepThoseOutWhoWantNone() throws IOException {
    LockFile.Hold writer = LockFile.tryWrite(file);
    LockFile.Hold first = LockFile.tryRead(file);
    LockFile.Hold second = LockFile.tryRead(file);
    assertThat(first).isNotNull();
    assertThat(second).isNotNull();
    assertThat(LockFile.tryExcludeReaders(file)).isNull();
    first.close();
    assertThat(LockFile.tryExcludeReaders(file)).isNull();
    second.close();
    LockFile.Hold alone = LockFile.tryExcludeReaders(file);
    assertThat(alone).isNotNull();
    assertThat(LockFile.tryRead(file)).isNull();
    alone.close();
    LockFile.tryRead(file).close();
    writer.close();
  }

  @Test
  void aFileThatDoesNotExistYetCanBeHeld() throws IOException {
    Path none = directory.resolve("none");
    try (LockFile.Hold hold = LockFile.tryWrite(none)) {
      assertThat(hold).isNotNull();
      Files.createFile(none);
      assertThat(LockFile.tryWrite(none)).isNull();
    }
  }
}
