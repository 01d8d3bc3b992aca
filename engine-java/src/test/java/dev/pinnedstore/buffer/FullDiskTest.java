package dev.pinnedstore.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.os.Proc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file system of a MiB that is really full, for children in both tiers. */
class FullDiskTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"--enable-native-access=ALL-UNNAMED", "--illegal-native-access=deny"})
  void roomThatIsNotThereIsRefusedAndNothingIsLost(String access) throws Exception {
    assertThat(run(access, "preallocate"))
        .isEqualTo("room for 64 pages, then no space, size 524288, byte 7");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--enable-native-access=ALL-UNNAMED", "--illegal-native-access=deny"})
  void writesWorkAgainOnceThereIsRoom(String access) throws Exception {
    assertThat(run(access, "write")).isEqualTo("no space, size 8192, byte 7");
  }

  /** Returns the one line that the child prints. */
  private String run(String access, String what) throws Exception {
    String mount = "mount -t tmpfs -o size=1m none " + directory;
    assumeTrue(
        shell("unshare -Urm sh -c '" + mount + "'").waitFor() == 0, "may mount in a namespace");
    String java =
        String.join(
            " ",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            access,
            "-cp",
            Proc.classPathOf(DirectFile.class) + ":" + Proc.classPathOf(ChildDisk.class),
            ChildDisk.class.getName(),
            directory.toString(),
            what);
    Process child = shell("exec unshare -Urm sh -c '" + mount + "; exec " + java + "'");
    String printed = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).as(printed).isZero();
    return printed.strip();
  }

  private static Process shell(String command) throws IOException {
    return new ProcessBuilder("sh", "-c", command).redirectErrorStream(true).start();
  }
}
