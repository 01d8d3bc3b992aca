package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The courier over processes, which really run and really die. */
class SharedCourierTest {
  private static final int PIECE = FileFeed.PIECE_BYTES;

  @TempDir Path files;
  @TempDir Path shared;
  private Stage stage;

  @BeforeEach
  void prepare() {
    stage = new Stage().withShared(shared);
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(shared).isEmptyDirectory();
    assertThat(ProcessHandle.current().children().filter(it -> isCouriers(it))).isEmpty();
  }

  private static boolean isCouriers(ProcessHandle child) {
    return child.info().commandLine().filter(it -> it.contains("samples.courier")).isPresent();
  }

  private int run(String... options) {
    String[] args = new String[options.length + 4];
    args[0] = "--dir";
    args[1] = files.toString();
    args[2] = "--backend";
    args[3] = "shared";
    System.arraycopy(options, 0, args, 4, options.length);
    return stage.run(args);
  }

  @Test
  void aTreeArrivesWholeThroughProcesses() throws IOException {
    Bytes.file(files.resolve("empty"), 0);
    Bytes.file(files.resolve("a/one"), 1);
    Bytes.file(files.resolve("a/ä ö\nü"), PIECE + 1);
    // More than the store holds at a time.
    Bytes.file(files.resolve("b"), 80 * PIECE);
    Path broken = Bytes.file(files.resolve("c/unreadable"), 10);
    boolean isDenied = broken.toFile().setReadable(false) && !Files.isReadable(broken);

    assertThat(run()).isZero();

    assertThat(stage.err().lines().toList()).hasSize(isDenied ? 1 : 0);
    assertThat(stage.figure("files")).isEqualTo(isDenied ? "4" : "5");
    assertThat(stage.figure("blobs")).isEqualTo(isDenied ? "83" : "84");
    assertThat(stage.figure("verified")).isEqualTo(stage.figure("blobs"));
    assertThat(stage.figure("blobs lost")).isEqualTo("0");
    assertThat(stage.figure("files left")).isEqualTo("0");
    assertThat(stage.figure("consumers killed")).isEqualTo("0");
  }

  @Test
  void theLimitIsKeptToTheByte() throws IOException {
    Bytes.file(files.resolve("a"), PIECE);
    Bytes.file(files.resolve("b"), 2 * PIECE);

    assertThat(run("--consumers", "1", "--limit", String.valueOf(2 * PIECE - 7))).isZero();

    assertThat(stage.err()).isEmpty();
    assertThat(stage.figure("bytes")).isEqualTo(Units.bytes(2 * PIECE - 7));
    assertThat(stage.figure("files")).isEqualTo("2");
    assertThat(stage.figure("verified")).isEqualTo("2");
  }

  @Test
  void nothingIsLostWhileProcessesAreKilled() throws IOException {
    for (int i = 0; i < 6; i++) {
      Bytes.file(files.resolve("file" + i), 12 * PIECE + i);
    }

    assertThat(run("--kill-consumer-every", "200ms", "--kill-producer-every", "300ms")).isZero();

    assertThat(stage.err()).isEmpty();
    assertThat(kills("consumers killed")).isGreaterThanOrEqualTo(3);
    assertThat(kills("producers killed")).isGreaterThanOrEqualTo(3);
    assertThat(stage.figure("verified")).isEqualTo(stage.figure("blobs"));
    assertThat(stage.figure("blobs lost")).isEqualTo("0");
    assertThat(stage.figure("files left")).isEqualTo("0");
  }

  private long kills(String row) {
    return Long.parseLong(stage.figure(row).replace(",", ""));
  }

  @Test
  void anEmptyDirectoryIsDelivered() {
    assertThat(run("--kill-consumer-every", "10ms")).isZero();

    assertThat(stage.figure("blobs")).isEqualTo("0");
    assertThat(stage.figure("files")).isEqualTo("0");
  }

  @Test
  void killsNeedTheSharedBackend() {
    String rule = "--kill-consumer-every, --kill-producer-every: only with the shared backend";
    assertThat(stage.run("--backend", "segmented", "--kill-consumer-every", "1s")).isEqualTo(2);
    assertThat(stage.err()).startsWith(rule + System.lineSeparator());

    Stage without = new Stage();
    assertThat(without.run("--kill-producer-every", "1s")).isEqualTo(2);
    assertThat(without.err()).startsWith(rule + ", which needs /nowhere, which is not there");
    assertThat(new Stage().run("--backend", "shared")).isEqualTo(2);
    assertThat(stage.run("--kill-producer-every", "1h")).isEqualTo(2);
    assertThat(stage.err()).contains("--kill-producer-every=1h: must be a time between 10ms and");
  }

  @Test
  void aNamespaceThatLosesItsDirectoryIsAFailureAndNoHang() throws IOException {
    Bytes.file(files.resolve("file"), PIECE);
    Path full = Files.createDirectory(shared.resolve("full"));
    assertThat(full.toFile().setWritable(false)).isTrue();
    boolean isDenied = !Files.isWritable(full);
    Stage denied = new Stage().withShared(full);

    int code = denied.run("--dir", files.toString(), "--backend", "shared");

    assertThat(code).isEqualTo(isDenied ? 1 : 0);
    assertThat(full).isEmptyDirectory();
    Files.delete(full);
  }
}
