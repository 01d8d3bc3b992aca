package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A store that has little of what it needs: pages, heap, addresses, files. */
class ScarcityTest {
  private static final String DENY = "--illegal-native-access=deny ";
  private static final String GRANT = "--enable-native-access=ALL-UNNAMED ";

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aFewPagesPassAnyAmountOfBlobs(int maxPages) {
    int page = 4096;
    StoreConfig config = StoreConfig.builder().pageSize(page).maxPages(maxPages).build();
    try (PinnedStore store = PinnedStore.open(config)) {
      store.maintain();
      Queue<BlobHandle> alive = new ArrayDeque<>();
      int first = 0;
      for (int i = 0; i < 20_000; i++) {
        byte[] blob = Blobs.of(i, 1 + (i * 31L) % page);
        BlobHandle handle = store.tryAppend(MemorySegment.ofArray(blob));
        while (handle == null) {
          assertThat(alive).as("something to release").isNotEmpty();
          Blobs.assertLive(store, alive.element(), first++);
          assertThat(store.acknowledge(alive.remove())).isTrue();
          handle = store.tryAppend(MemorySegment.ofArray(blob));
        }
        alive.add(handle);
      }
      assertThat(store.stats().pagesMade()).isEqualTo(maxPages);
      assertThat(store.stats().liveBlobs()).isEqualTo(alive.size());
    }
  }

  @ParameterizedTest
  @CsvSource({"100, 100000000", "4096, 600000000", "65536, 1000000000"})
  void aSmallHeapPassesGigabytes(int blobBytes, long totalBytes) throws Exception {
    assertThat(run(GRANT + "-Xmx32m", "", "stream", "" + blobBytes, "" + totalBytes))
        .isEqualTo("true");
  }

  @ParameterizedTest
  @CsvSource({"4096, 600000000", "1200000, 3000000000"})
  void aSmallHeapPassesGigabytesThroughVirtualPages(int blobBytes, long totalBytes)
      throws Exception {
    String[] stream = {"stream", "" + blobBytes, "" + totalBytes, "" + (1L << 40)};
    assertThat(run(GRANT + "-Xmx48m", "", stream)).isEqualTo("true");
  }

  @Test
  void aRangeThatIsTooLargeIsRefusedByNameAndHurtsNoOther() throws Exception {
    needsShell();
    assertThat(
            run(
                GRANT + "-Xmx64m",
                "ulimit -v 1200000; ",
                "reserve",
                "" + (64L << 20),
                "" + (1L << 40)))
        .isEqualTo("ADDRESS_SPACE, named=true, whole=true");
  }

  @Test
  void memoryThatRunsOutInTheRangeIsNamedAndNothingIsLost() throws Exception {
    needsShell();
    // The range is there, but only some of it may be data.
    assertThat(
            run(
                GRANT + "-Xmx64m",
                "ulimit -d 400000; ",
                "exhaust",
                "" + (16L << 20),
                "100",
                "" + (16L << 30)))
        .isEqualTo("MEMORY after some, whole=true");
  }

  @Test
  void aSmallHeapPassesBlobsWithoutNativeAccessToo() throws Exception {
    assertThat(run(DENY + "-Xmx32m", "", "stream", "4096", "300000000")).endsWith("true");
  }

  @Test
  void addressesThatRunOutAreNamedAndNothingIsLost() throws Exception {
    needsShell();
    // Beside the JVM itself there is room for a few pages of 32 MiB.
    assertThat(run(GRANT + "-Xmx64m", "ulimit -v 800000; ", "exhaust", "33554432", "100"))
        .isEqualTo("ADDRESS_SPACE after some, whole=true");
  }

  @Test
  void openFilesThatRunOutAreNamedAndNothingIsLost() throws Exception {
    needsShell();
    assertThat(run(DENY + "-Xmx64m", "ulimit -n 64; ", "exhaust", "4096", "1000"))
        .endsWith("OPEN_FILES after some, whole=true");
  }

  @ParameterizedTest
  @CsvSource({"neglected, 1", "maintained, 0", "lifecycle, 0"})
  void growthThatNobodyManagesIsLoggedOnce(String how, int warnings) throws Exception {
    assertThat(run(GRANT, "", "grow", how)).isEqualTo("true");
    assertThat(Files.readAllLines(log()).stream().filter(line -> line.contains("startLifecycle()")))
        .hasSize(warnings);
  }

  private static void needsShell() {
    assumeTrue(Footprint.isKnown(), "sets limits by a Linux shell");
  }

  private Path log() {
    return directory.resolve("log");
  }

  /** Returns what a child prints, without what it logs. */
  private String run(String options, String limits, String... args)
      throws IOException, InterruptedException {
    String command = limits + ChildStore.command(options, args);
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", command).redirectError(log().toFile());
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    Process process = builder.start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s%s", printed, Files.readString(log())).isZero();
    return printed.strip();
  }
}
