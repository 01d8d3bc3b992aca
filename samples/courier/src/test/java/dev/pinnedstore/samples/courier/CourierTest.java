package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.store.PinnedStore;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CourierTest {
  private static final int PIECE = FileFeed.PIECE_BYTES;

  @TempDir Path directory;
  private final Stage stage = new Stage();

  @ParameterizedTest
  @ValueSource(strings = {"1", "2", "64"})
  void aTreeArrivesWhole(String consumers) throws IOException {
    Bytes.file(directory.resolve("empty"), 0);
    Bytes.file(directory.resolve("one"), 1);
    Bytes.file(directory.resolve("a/piece"), PIECE);
    Bytes.file(directory.resolve("a/b/more than a piece"), PIECE + 1);
    Bytes.file(directory.resolve("a/b/pieces"), 3 * PIECE);

    assertThat(stage.run("--dir", directory.toString(), "--consumers", consumers)).isZero();

    assertThat(stage.err()).isEmpty();
    assertThat(stage.figure("files")).isEqualTo("5");
    assertThat(stage.figure("bytes")).isEqualTo(Units.bytes(5L * PIECE + 2));
    assertThat(stage.figure("blobs")).isEqualTo("7");
    assertThat(stage.figure("verified")).isEqualTo("7");
    assertThat(stage.figure("unreadable")).isEqualTo("0");
  }

  @Test
  void anEmptyDirectoryIsDelivered() {
    assertThat(stage.deliver(directory)).isZero();

    assertThat(stage.err()).isEmpty();
    assertThat(stage.figure("files")).isEqualTo("0");
    assertThat(stage.figure("GB/s")).isEqualTo("-");
    assertThat(stage.figure("append p99.9")).isEqualTo("-");
  }

  @Test
  void moreThanTheStoreHoldsGoesThrough() throws IOException {
    Bytes.file(directory.resolve("large"), 32 << 20);

    assertThat(stage.deliver(directory)).isZero();

    assertThat(stage.figure("verified")).isEqualTo("128");
    assertThat(stage.figure("memory limit")).isEqualTo("8.0 MiB");
    long made = Long.parseLong(stage.figure("pages made"));
    assertThat(made).isBetween(1L, 8L);
    assertThat(Long.parseLong(stage.figure("pages reused"))).isGreaterThanOrEqualTo(32 - made);
  }

  @Test
  void aCorruptedBlobIsNamedAndFailsTheRun() throws IOException {
    byte[] content = Bytes.of(2 * PIECE);
    Path file = Bytes.file(directory.resolve("file"), content.length);
    Bytes.file(directory.resolve("other"), 9);
    int second = Bytes.crc32c(content, PIECE, 2 * PIECE);
    PieceChecksum crc32c = PieceChecksum.crc32c();
    stage.checking(
        () ->
            bytes -> {
              int checksum = crc32c.of(bytes);
              return checksum == second ? ~checksum : checksum;
            });

    assertThat(stage.run("--dir", directory.toString(), "--consumers", "1")).isEqualTo(1);

    HexFormat hex = HexFormat.of();
    assertThat(stage.err().lines())
        .containsExactly(
            "courier: %s, piece 1: CRC32C is %s, expected %s"
                .formatted(real(file), hex.toHexDigits(~second), hex.toHexDigits(second)),
            "courier: %s: %d of %d bytes verified".formatted(real(file), PIECE, 2 * PIECE),
            "courier: segmented: 1 of 3 blobs did not verify, in 1 of 2 files");
    assertThat(stage.figure("blobs")).isEqualTo("3");
    assertThat(stage.figure("verified")).isEqualTo("2");
  }

  @Test
  void aFileThatVanishesIsReportedAndTheRunGoesOn() throws IOException {
    Path gone = Bytes.file(directory.resolve("a gone"), 10);
    Bytes.file(directory.resolve("b there"), 10);
    stage.opening(
        file -> {
          Files.deleteIfExists(real(directory).resolve("a gone"));
          return FileOpener.OF_FILES.open(file);
        });
    Path named = real(gone);

    assertThat(stage.deliver(directory)).isZero();

    assertThat(stage.err().lines()).containsExactly("courier: " + named + ": no such file");
    assertThat(stage.figure("unreadable")).isEqualTo("1");
    assertThat(stage.figure("files")).isEqualTo("1");
    assertThat(stage.figure("verified")).isEqualTo("1");
  }

  @Test
  void aFileThatFailsHalfWayIsReportedAndWhatWasSentIsVerified() throws IOException {
    Path broken = Bytes.file(directory.resolve("broken"), 2 * PIECE);
    Bytes.file(directory.resolve("sound"), 10);
    stage.opening(
        file ->
            file.endsWith("broken")
                ? new FailingChannel(FileOpener.OF_FILES.open(file), PIECE)
                : FileOpener.OF_FILES.open(file));

    assertThat(stage.deliver(directory)).isZero();

    assertThat(stage.err().lines())
        .containsExactly("courier: " + real(broken) + ": the disk is gone");
    assertThat(stage.figure("unreadable")).isEqualTo("1");
    assertThat(stage.figure("files")).isEqualTo("1");
    assertThat(stage.figure("blobs")).isEqualTo("2");
    assertThat(stage.figure("verified")).isEqualTo("2");
  }

  @Test
  void linksAreNotFollowedAndLoopsEndNowhere() throws IOException {
    Path file = Bytes.file(directory.resolve("a/file"), 10);
    Files.createSymbolicLink(directory.resolve("a/to file"), file);
    Files.createSymbolicLink(directory.resolve("a/loop"), directory);
    Files.createSymbolicLink(directory.resolve("dangling"), directory.resolve("nowhere"));

    assertThat(stage.deliver(directory)).isZero();

    assertThat(stage.err().lines()).containsExactly("courier: 3 symbolic links not followed");
    assertThat(stage.figure("files")).isEqualTo("1");
    assertThat(stage.figure("bytes")).isEqualTo("10 B");
  }

  @Test
  void aLinkToADirectoryMayBeNamedOnTheCommandLine() throws IOException {
    Bytes.file(directory.resolve("a/file"), 10);
    Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("a"));

    assertThat(stage.deliver(link)).isZero();

    assertThat(stage.figure("bytes")).isEqualTo("10 B");
  }

  @Test
  void aSocketIsLeftOut() throws IOException {
    Bytes.file(directory.resolve("file"), 10);
    try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(directory.resolve("socket")));

      assertThat(stage.deliver(directory)).isZero();
    }

    assertThat(stage.err().lines()).containsExactly("courier: 1 special files left out");
    assertThat(stage.figure("files")).isEqualTo("1");
  }

  @Test
  void theLimitIsKeptToTheByte() throws IOException {
    Bytes.file(directory.resolve("a"), PIECE);
    Bytes.file(directory.resolve("b"), 2 * PIECE);
    Bytes.file(directory.resolve("c"), PIECE);

    assertThat(stage.run("--dir", directory.toString(), "--limit", String.valueOf(2 * PIECE - 7)))
        .isZero();

    assertThat(stage.err()).isEmpty();
    assertThat(stage.figure("bytes")).isEqualTo(Units.bytes(2 * PIECE - 7));
    assertThat(stage.figure("files")).isEqualTo("2");
    assertThat(stage.figure("blobs")).isEqualTo("2");
    assertThat(stage.figure("verified")).isEqualTo("2");
  }

  @Test
  void aTerminalShowsProgressAndIsLeftClean() throws IOException {
    Bytes.file(directory.resolve("file"), 10);

    assertThat(stage.onTerminal().deliver(directory)).isZero();

    assertThat(stage.out()).startsWith("\rsegmented [").contains("\r" + " ".repeat(50));
    assertThat(stage.out().substring(stage.out().lastIndexOf('\r') + 1)).startsWith("Delivered");
  }

  @Test
  void aPipeGetsNoProgressBar() throws IOException {
    Bytes.file(directory.resolve("file"), 10);

    assertThat(stage.deliver(directory)).isZero();

    assertThat(stage.out()).startsWith("Delivered").doesNotContain("\r", "[");
  }

  private static Path real(Path path) throws IOException {
    return path.getParent().toRealPath().resolve(path.getFileName());
  }

  @Test
  void eachBackendHasAColumnAndThePageShowsBoth(@TempDir Path folder) throws Exception {
    assumeTrue(
        PinnedStore.class.getModule().isNativeAccessEnabled(), "virtual needs native access");
    Path files = Files.createDirectory(folder.resolve("files"));
    Files.write(files.resolve("a"), new byte[700_000]);
    Path page = folder.resolve("page.html");
    Stage stage = new Stage().withNativeAccess(page);
    assertThat(stage.deliver(files)).isZero();
    assertThat(stage.out()).contains("segmented").contains("virtual").contains("charts: " + page);
    assertThat(Files.readString(page))
        .contains("Memory of the segmented store")
        .contains("Memory of the virtual store");
  }

  @Test
  void withoutNativeAccessABackendIsLeftOutAndThatIsSaid(@TempDir Path folder) throws Exception {
    Files.write(folder.resolve("a"), new byte[10]);
    Stage stage = new Stage();
    assertThat(stage.deliver(folder)).isZero();
    assertThat(stage.out()).contains("virtual: left out, needs native access: run java with");
    assertThat(stage.out()).doesNotContain("charts:");
    assertThat(new Stage().run("--backend", "virtual", "--dir", folder.toString())).isEqualTo(2);
  }
}
