package dev.pinnedstore.pager;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two processes with one file, and a writer that is killed. */
class ProcessTest {
  @TempDir Path directory;

  @Test
  void anotherProcessSeesWhatThisOneCommits() throws Exception {
    Path path = directory.resolve("pages");
    try (Pager pager = Pager.create(path, 1024)) {
      assertThat(ChildPager.run("open", path)).isEqualTo("PagerLockedException");
      Process child = ChildPager.start("read", path.toString(), "0");
      try (BufferedReader answers =
              new BufferedReader(new InputStreamReader(child.getInputStream(), UTF_8));
          PrintWriter questions = new PrintWriter(child.getOutputStream(), true, UTF_8)) {
        assertThat(answers.readLine()).isEqualTo("ready");
        for (int i = 1; i < 60; i++) {
          PageId id = pager.allocBulk(200).getLast();
          PagerFixture.set(pager, id, i);
          questions.println(id.value());
          assertThat(answers.readLine()).isEqualTo("" + i);
        }
      }
      assertThat(child.waitFor()).isZero();
    }
    assertThat(ChildPager.run("open", path)).startsWith("opened");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--enable-native-access=ALL-UNNAMED", "--illegal-native-access=deny"})
  void aFullFileSystemIsRefusedAndCostsNothing(String tier) throws Exception {
    Path mountPoint = Files.createDirectory(directory.resolve("full"));
    String mount = "mount -t tmpfs -o size=3m none " + mountPoint;
    assumeTrue(
        new ProcessBuilder("sh", "-c", "unshare -Urm sh -c '" + mount + "'").start().waitFor() == 0,
        "may mount in a namespace");
    String command =
        String.join(
            " ", ChildPager.command(List.of(tier), "fill", mountPoint.resolve("pages").toString()));
    Process child =
        new ProcessBuilder("sh", "-c", "unshare -Urm sh -c '" + mount + " && " + command + "'")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String out = new String(child.getInputStream().readAllBytes(), UTF_8).strip();
    assertThat(out).isEqualTo("PagerFullException after some=true, truetrue");
    assertThat(child.waitFor()).isZero();
  }

  /** As a backup, or for a user who may only read. */
  @Test
  void aReaderNeedsNoRightToWrite() throws Exception {
    Path medium = Files.createDirectory(directory.resolve("medium"));
    Path path = medium.resolve("pages");
    PageId id;
    try (Pager pager = Pager.create(path, 1024)) {
      id = pager.alloc();
      PagerFixture.set(pager, id, 9);
    }
    String mount =
        "mount --bind %s %s && mount -o remount,bind,ro %s".formatted(medium, medium, medium);
    assumeTrue(
        new ProcessBuilder("sh", "-c", "unshare -Urm sh -c '" + mount + "'").start().waitFor() == 0,
        "may mount in a namespace");
    String command = String.join(" ", ChildPager.command(List.of(), "read", path.toString(), "0"));
    Process child =
        new ProcessBuilder("sh", "-c", "unshare -Urm sh -c '" + mount + " && " + command + "'")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (PrintWriter questions = new PrintWriter(child.getOutputStream(), true, UTF_8)) {
      questions.println(id.value());
    }
    String out = new String(child.getInputStream().readAllBytes(), UTF_8).strip();
    assertThat(out.lines()).containsExactly("ready", "9");
    assertThat(child.waitFor()).isZero();
  }

  @Test
  void aKilledWriterLosesNothingDurable() throws Exception {
    killRounds(4, 1);
  }

  @Test
  @Tag("slow")
  void aWriterKilledTwoHundredTimesLosesNothingDurable() throws Exception {
    killRounds(200, 1000);
    System.out.println("kill -9 of a writer: 200 rounds");
  }

  private void killRounds(int rounds, long seed) throws Exception {
    Path path = directory.resolve("pages");
    try (Pager pager = Pager.create(path, 1024)) {
      pager.setRoot(1, pager.allocProtected().value());
    }
    SplittableRandom random = new SplittableRandom(seed);
    long last = 0;
    for (int round = 0; round < rounds; round++) {
      last = writeAndKill(path, seed + round, random.nextInt(60), random.nextInt(3_000_000), last);
      try (Pager pager = Pager.open(path, 1024)) {
        assertThat(pager.verify().problems()).as("seed %d round %d", seed, round).isEmpty();
        long number = pager.root(0);
        assertThat(number).as("seed %d round %d", seed, round).isGreaterThanOrEqualTo(last);
        long stamp = PagerState.stampOf(onlyProtected(pager).segment());
        // The commit of the page goes before that of the root.
        assertThat(stamp - number).as("seed %d round %d", seed, round).isBetween(0L, 1L);
        keepOne(pager, number);
        last = number;
      }
    }
  }

  /** A kill inside a compaction may leave the page twice, with the same bytes. */
  private static ProtectedPage onlyProtected(Pager pager) {
    ProtectedPage first = pager.protectedPages().allocated().iterator().next();
    long stamp = PagerState.stampOf(first.segment());
    for (ProtectedPage other : pager.protectedPages().allocated()) {
      assertThat(PagerState.stampOf(other.segment())).isEqualTo(stamp);
    }
    return first;
  }

  private static void keepOne(Pager pager, long number) {
    ProtectedPage first = onlyProtected(pager);
    for (ProtectedPage other : PagerFixture.list(pager.protectedPages().allocated())) {
      if (!other.equals(first)) {
        pager.freeProtected(other);
      }
    }
    pager.setRoot(1, first.value());
    pager.setRoot(0, number);
  }

  /** Lets a child write for some changes and a moment, and kills it; the last number it told. */
  private static long writeAndKill(Path path, long seed, int changes, long spins, long before)
      throws Exception {
    long last = before;
    Process child = ChildPager.start("write", path.toString(), "" + seed);
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(child.getInputStream(), UTF_8))) {
      String line = "";
      for (int i = 0; i <= changes && line != null; i++) {
        line = lines.readLine();
        last = line == null ? last : Long.parseLong(line);
      }
      assertThat(line).as("the child died by itself").isNotNull();
      for (long i = 0; i < spins; i++) {
        Thread.onSpinWait();
      }
      child.toHandle().destroyForcibly();
      for (line = lines.readLine(); line != null; line = lines.readLine()) {
        // The last line may be half of one.
        last += line.equals("" + (last + 1)) ? 1 : 0;
      }
    }
    child.waitFor();
    return last;
  }
}
