package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ends a courier in the middle of its delivery, in a JVM of its own. */
class ShutdownTest {
  private static final int SIGTERM = 128 + 15;
  private static final long MINUTES_OF_WORK = 1L << 38;

  @TempDir Path directory;

  /** A courier that believes that somebody watches. */
  static final class Watched {
    private Watched() {}

    public static void main(String[] args) {
      System.exit(
          Courier.run(
              new Surroundings(
                  new PrintWriter(System.out, true),
                  new PrintWriter(System.err, true),
                  true,
                  false,
                  null,
                  FileOpener.OF_FILES,
                  PieceChecksum::crc32c),
              args));
    }
  }

  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a process cannot be asked to end there")
  @ParameterizedTest
  @ValueSource(strings = {"--enable-native-access=ALL-UNNAMED", "--illegal-native-access=deny"})
  void anInterruptedCourierLeavesNothingBehind(String access) throws Exception {
    Path files = Files.createDirectory(directory.resolve("files"));
    Path temporary = Files.createDirectory(directory.resolve("temporary"));
    try (RandomAccessFile sparse = new RandomAccessFile(files.resolve("file").toFile(), "rw")) {
      sparse.setLength(MINUTES_OF_WORK);
    }
    Path errors = directory.resolve("errors");
    Process courier =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                access,
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                System.getProperty("java.class.path"),
                Watched.class.getName(),
                "--dir",
                files.toString())
            .redirectError(errors.toFile())
            .start();
    try (InputStream out = courier.getInputStream()) {
      // The first line is drawn before the delivery, the second one in its middle.
      readUntil(out, '\r');
      readUntil(out, '\r');
      // Not Process.destroy(), which closes the stream.
      courier.toHandle().destroy();
      String rest = new String(out.readAllBytes(), StandardCharsets.UTF_8);

      assertThat(courier.waitFor()).isEqualTo(SIGTERM);
      assertThat(rest).endsWith("\r").doesNotContain("Delivered");
    } finally {
      courier.destroyForcibly();
    }
    assertThat(Files.readString(errors)).doesNotContain("Exception", "courier:");
    try (var left = Files.list(temporary)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aGuardThatWasClosedIsGone() {
    ShutdownGuard guard = new ShutdownGuard(() -> {});
    guard.close();
    guard.close();

    assertThat(guard.isTriggered()).isFalse();
  }

  private static void readUntil(InputStream in, char last) throws IOException {
    StringBuilder seen = new StringBuilder();
    int read = in.read();
    while (read != last) {
      assertThat(read).as("the end of the output after '%s'", seen).isNotNegative();
      seen.append((char) read);
      read = in.read();
    }
  }
}
