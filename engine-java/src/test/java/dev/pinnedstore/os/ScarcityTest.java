package dev.pinnedstore.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each limit of the system is a refusal that names it, in a child that really runs into it. */
class ScarcityTest {
  private static final String DENY = "--illegal-native-access=deny";
  private static final String GRANT = "--enable-native-access=ALL-UNNAMED";

  @TempDir Path directory;

  @BeforeEach
  void needsLinux() {
    assumeTrue(OperatingSystem.CURRENT == OperatingSystem.LINUX, "sets limits by a Linux shell");
  }

  @Test
  void openFilesRunOut() throws Exception {
    assertThat(run("ulimit -n 64; " + child(DENY, "exhaust", directory.toString(), "4096")))
        .isEqualTo("OPEN_FILES after some true");
  }

  @Test
  void addressSpaceRunsOutOfFiles() throws Exception {
    assertThat(run("ulimit -v 8000000; " + child(DENY, "alias", directory.toString(), "67108864")))
        .isEqualTo("ADDRESS_SPACE 0");
  }

  @Test
  void addressSpaceRunsOutOfAnonymousMemory() throws Exception {
    assertThat(run("ulimit -v 8000000; " + child(GRANT, "exhaust", "-", "67108864")))
        .isEqualTo("ADDRESS_SPACE after some true");
  }

  @Test
  void dataSizeRunsOutOfAnonymousMemory() throws Exception {
    assertThat(run("ulimit -d 2000000; " + child(GRANT, "exhaust", "-", "67108864")))
        .isEqualTo("ADDRESS_SPACE after some true");
  }

  @Test
  void addressSpaceRunsOutOfReservations() throws Exception {
    assertThat(run("ulimit -v 8000000; " + child(GRANT, "reserve", "-", "67108864")))
        .isEqualTo("ADDRESS_SPACE after some, named: true");
  }

  @Test
  void dataSizeRunsOutOfCommits() throws Exception {
    assertThat(run("ulimit -d 400000; " + child(GRANT, "commit", "-", "16777216")))
        .isEqualTo("MEMORY, named: true, then 1 0 true");
  }

  @Test
  void mappingsRunOut() throws Exception {
    long most =
        Long.parseLong(Files.readAllLines(Path.of("/proc/sys/vm/max_map_count")).getFirst());
    assumeTrue(most < 80_000, "vm.max_map_count is small enough to be reached soon");
    assertThat(run(child(DENY, "alias", directory.toString(), "4096"))).isEqualTo("MAP_COUNT 0");
  }

  @Test
  void tmpfsRunsOut() throws Exception {
    String mount = "mount -t tmpfs -o size=1m none " + directory;
    assumeTrue(succeeds("unshare -Urm sh -c '" + mount + "'"), "may mount in a namespace");
    // Refused at the brim, and what was given is written to without a SIGBUS.
    assertThat(
            run(
                "exec unshare -Urm sh -c '"
                    + mount
                    + "; "
                    + child(DENY, "exhaust", directory.toString(), "614400")
                    + "'"))
        .isEqualTo("DISK_SPACE after one true");
  }

  @Test
  void fileThatCannotBeFilledIsRefusedAndLeavesNothing() throws Exception {
    assertThat(run("ulimit -f 1000; " + child(DENY, "exhaust", directory.toString(), "8388608")))
        .isEqualTo("OTHER at once, leaking files: false");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void killedJvmLeavesNoFile() throws Exception {
    Process child = shell(child(DENY, "hold", directory.toString(), "1048576"));
    try (BufferedReader out = child.inputReader()) {
      assertThat(out.readLine()).isEqualTo("holding 1");
    } finally {
      child.destroyForcibly().waitFor();
    }
    assertThat(directory).isEmptyDirectory();
  }

  private static String child(String jvmOptions, String... args) throws Exception {
    return ChildMapper.command(jvmOptions, args);
  }

  /** Returns the one line that a command prints; warnings of the JVM would be more. */
  private static String run(String command) throws Exception {
    Process process = shell(command);
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed.strip();
  }

  private static boolean succeeds(String command) throws Exception {
    Process process = shell(command);
    process.getInputStream().readAllBytes();
    return process.waitFor() == 0;
  }

  private static Process shell(String command) throws IOException {
    return new ProcessBuilder("sh", "-c", command).redirectErrorStream(true).start();
  }
}
