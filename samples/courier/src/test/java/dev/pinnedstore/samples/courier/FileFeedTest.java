package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileFeedTest {
  private static final int PIECE = FileFeed.PIECE_BYTES;

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5})
  void piecesTogetherAreTheFile(int size) throws IOException {
    Path file = Bytes.file(directory.resolve("file"), size);
    ByteArrayOutputStream together = new ByteArrayOutputStream();
    int pieces = 0;
    try (FileFeed feed = new FileFeed(FileOpener.OF_FILES)) {
      feed.open(file);
      while (feed.next(Long.MAX_VALUE)) {
        byte[] piece = feed.piece().toArray(ValueLayout.JAVA_BYTE);
        assertThat(feed.bytes().remaining()).isEqualTo(piece.length);
        together.write(piece);
        pieces++;
      }
    }
    assertThat(together.toByteArray()).isEqualTo(Bytes.of(size));
    assertThat(pieces).isEqualTo((size + PIECE - 1) / PIECE);
  }

  @Test
  void aPieceIsNoLongerThanAskedFor() throws IOException {
    Path file = Bytes.file(directory.resolve("file"), 10);
    try (FileFeed feed = new FileFeed(FileOpener.OF_FILES)) {
      feed.open(file);
      assertThat(feed.next(7)).isTrue();
      assertThat(feed.piece().byteSize()).isEqualTo(7);
      assertThat(feed.next(7)).isTrue();
      assertThat(feed.piece().byteSize()).isEqualTo(3);
      assertThat(feed.next(7)).isFalse();
    }
  }

  @Test
  void aFileThatShrinksIsAnError() throws IOException {
    failsAfterOnePiece(
        file -> {
          try (SeekableByteChannel channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
            channel.truncate(PIECE);
          }
        },
        "shrank while it was read");
  }

  @Test
  void aFileThatGrowsIsAnError() throws IOException {
    failsAfterOnePiece(
        file -> Files.write(file, Bytes.of(1), StandardOpenOption.APPEND),
        "changed while it was read");
  }

  @Test
  void aFileThatIsWrittenToIsAnError() throws IOException {
    failsAfterOnePiece(
        file -> Files.setLastModifiedTime(file, FileTime.fromMillis(1)),
        "changed while it was read");
  }

  @Test
  void aFileThatIsReplacedIsAnError() throws IOException {
    failsAfterOnePiece(
        file -> {
          Path other = Bytes.file(directory.resolve("other"), 2 * PIECE);
          Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
          Files.delete(file);
          Files.move(other, file);
        },
        "changed while it was read");
  }

  @Test
  void aLinkInPlaceOfAFileIsNotFollowed() throws IOException {
    Path file = Bytes.file(directory.resolve("file"), 1);
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    try (FileFeed feed = new FileFeed(FileOpener.OF_FILES)) {
      assertThatThrownBy(() -> feed.open(link)).hasMessage("is no regular file any more");
      assertThatThrownBy(() -> FileOpener.OF_FILES.open(link)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void everyFileThatIsOpenedIsClosed() throws IOException {
    Path file = Bytes.file(directory.resolve("file"), 1);
    List<SeekableByteChannel> opened = new ArrayList<>();
    FileOpener opener =
        path -> {
          SeekableByteChannel channel = FileOpener.OF_FILES.open(path);
          opened.add(channel);
          return channel;
        };
    try (FileFeed feed = new FileFeed(opener)) {
      feed.open(file);
      feed.closeFile();
      feed.open(file);
      assertThatThrownBy(() -> feed.open(directory.resolve("missing")))
          .isInstanceOf(NoSuchFileException.class);
    }
    assertThat(opened).hasSize(2).noneMatch(SeekableByteChannel::isOpen);
  }

  @FunctionalInterface
  private interface Change {
    void apply(Path file) throws IOException;
  }

  private void failsAfterOnePiece(Change change, String message) throws IOException {
    Path file = Bytes.file(directory.resolve("file"), 2 * PIECE);
    try (FileFeed feed = new FileFeed(FileOpener.OF_FILES)) {
      feed.open(file);
      assertThat(feed.next(Long.MAX_VALUE)).isTrue();
      change.apply(file);
      assertThatThrownBy(
              () -> {
                while (feed.next(Long.MAX_VALUE)) {
                  assertThat(feed.piece().byteSize()).isPositive();
                }
              })
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith(message);
    }
  }
}
