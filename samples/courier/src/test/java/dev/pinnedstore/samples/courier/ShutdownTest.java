package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ends a courier in the middle of its delivery, in a JVM of its own. */
class ShutdownTest {
  private static final int SIGTERM = 128 + 15;
  private static final long MINUTES_OF_WORK = 1L << 38;

  private static final String SHARED = "courier.test.shared";

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
                  Path.of(System.getProperty(SHARED)),
                  null,
                  FileOpener.OF_FILES,
                  PieceChecksum::crc32c),
              args));
    }
  }

  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a process cannot be asked to end there")
  @ParameterizedTest
  @CsvSource({
    "segmented, --enable-native-access=ALL-UNNAMED",
    "segmented, --illegal-native-access=deny",
    "shared, --enable-native-access=ALL-UNNAMED"
  })
  void anInterruptedCourierLeavesNothingBehind(String backend, String access) throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("temporary"));
    Process courier = start(backend, access, temporary);
    try (InputStream out = courier.getInputStream()) {
      awaitWork(out);
      List<ProcessHandle> children = courier.descendants().toList();
      // Not Process.destroy(), which closes the stream.
      courier.toHandle().destroy();
      String rest = new String(out.readAllBytes(), StandardCharsets.UTF_8);

      assertThat(courier.waitFor()).isEqualTo(SIGTERM);
      assertThat(rest).endsWith("\r").doesNotContain("Delivered");
      assertThat(children).hasSize(backend.equals("shared") ? 3 : 0);
      assertThat(children).noneMatch(ProcessHandle::isAlive);
    } finally {
      courier.destroyForcibly();
    }
    assertThat(Files.readString(directory.resolve("errors")))
        .doesNotContain("Exception", "courier:");
    assertThat(temporary).isEmptyDirectory();
  }

  /** Nobody is left to tell the children, and the last of them cleans up. */
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no /dev/shm")
  @Test
  void theChildrenOfAKilledCourierEndAndLeaveNothingBehind() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("temporary"));
    Process courier = start("shared", "--enable-native-access=ALL-UNNAMED", temporary);
    try (InputStream out = courier.getInputStream()) {
      awaitWork(out);
      List<ProcessHandle> children = courier.descendants().toList();
      assertThat(children).hasSize(3);
      courier.toHandle().destroyForcibly();
      for (ProcessHandle child : children) {
        child.onExit().join();
      }
    } finally {
      courier.destroyForcibly();
    }
    assertThat(temporary).isEmptyDirectory();
  }

  private Process start(String backend, String access, Path temporary) throws IOException {
    Path files = Files.createDirectory(directory.resolve("files"));
    try (RandomAccessFile sparse = new RandomAccessFile(files.resolve("file").toFile(), "rw")) {
      sparse.setLength(MINUTES_OF_WORK);
    }
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            access,
            "-XX:-UsePerfData",
            "-Djava.io.tmpdir=" + temporary,
            "-D" + SHARED + "=" + temporary,
            "-cp",
            System.getProperty("java.class.path"),
            Watched.class.getName(),
            "--dir",
            files.toString(),
            "--backend",
            backend)
        .redirectError(directory.resolve("errors").toFile())
        .start();
  }

  /** The first line is drawn before the delivery, the second one in its middle. */
  private static void awaitWork(InputStream out) throws IOException {
    readUntil(out, '\r');
    readUntil(out, '\r');
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
