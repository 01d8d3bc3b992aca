package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pinnedstore.os.FileDisk;
import dev.pinnedstore.os.LockFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;

/** How files come into being beside others who have them, or want the same name. */
class PagerFilesTest extends PagerFixture {

  @Test
  void aRenamedFileHasOneWriter() throws IOException {
    assumeThat(Files.readAttributes(path, BasicFileAttributes.class).fileKey())
        .as("files have keys")
        .isNotNull();
    PageId id = pager.alloc();
    Path renamed = Files.move(path, directory.resolve("renamed"));
    assertThatExceptionOfType(PagerLockedException.class)
        .isThrownBy(() -> Pager.open(renamed, PAGE));
    pager.close();
    pager = Pager.open(renamed, PAGE);
    assertThat(list(pager.allocated())).containsExactly(id);
    Path again = Files.move(renamed, directory.resolve("again"));
    assertThatExceptionOfType(PagerLockedException.class).isThrownBy(() -> Pager.open(again, PAGE));
  }

  @Test
  void aSnapshotDoesNotDeleteAPagerOfTheNameOfItsUnfinishedFile() throws IOException {
    Path live = directory.resolve("copy.unfinished");
    Path copy = directory.resolve("copy");
    try (Pager source = Pager.create(live, PAGE)) {
      PageId id = source.alloc();
      for (Pager one : List.of(source, pager)) {
        assertThatExceptionOfType(PagerLockedException.class).isThrownBy(() -> one.snapshot(copy));
      }
      assertThatExceptionOfType(PagerLockedException.class)
          .isThrownBy(() -> Pager.create(copy, PAGE));
      assertThat(live).exists();
      assertThat(copy).doesNotExist();
      assertThat(list(source.allocated())).containsExactly(id);
    }
    // What nobody has open is taken for what a crash left.
    pager.snapshot(copy);
    assertThat(copy).exists();
    assertThat(live).doesNotExist();
  }

  @Test
  void twoThatMakeOneFileDoNotDisturbEachOther() throws IOException {
    Path copy = directory.resolve("copy");
    Path unfinished = directory.resolve("copy.unfinished");
    try (LockFile.Hold other = LockFile.tryWrite(copy)) {
      assertThat(other).isNotNull();
      Files.createFile(unfinished);
      assertThatExceptionOfType(PagerLockedException.class).isThrownBy(() -> pager.snapshot(copy));
      assertThatExceptionOfType(PagerLockedException.class)
          .isThrownBy(() -> Pager.create(copy, PAGE));
      assertThat(unfinished).exists();
    }
    pager.snapshot(copy);
    assertThat(unfinished).doesNotExist();
    assertThat(copy).exists();
  }

  @Test
  void aFileThatAppearsMeanwhileIsNotReplaced() throws IOException {
    Path target = directory.resolve("target");
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(
            () ->
                PagerFiles.makeLocked(
                    target,
                    disk -> {
                      disk.close();
                      return Files.writeString(target, "of somebody else");
                    }));
    assertThat(target).hasContent("of somebody else");
    assertThat(directory.resolve("target.unfinished")).doesNotExist();
  }

  /** The directory is synced when the file has its name: a crash later does not lose that. */
  @Test
  void aFileThatIsMadeIsDurableInItsDirectory() throws IOException {
    assertThat(directoriesSyncedBy(() -> Pager.create(directory.resolve("made"), PAGE).close()))
        .contains(directory.toString());
    assertThat(directoriesSyncedBy(() -> pager.snapshot(directory.resolve("copy"))))
        .contains(directory.toString());
    assertThat(directoriesSyncedBy(() -> FileDisk.create(directory.resolve("disk")).close()))
        .as("told by its move only")
        .doesNotContain(directory.toString());
  }

  private interface Making {
    void make() throws IOException;
  }

  /** The paths that were forced, as the JDK tells. */
  private List<String> directoriesSyncedBy(Making making) throws IOException {
    Path events = directory.resolve("events.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jdk.FileForce").withoutThreshold();
      recording.start();
      making.make();
      recording.stop();
      recording.dump(events);
    }
    return RecordingFile.readAllEvents(events).stream()
        .map(event -> event.getString("path"))
        .toList();
  }
}
