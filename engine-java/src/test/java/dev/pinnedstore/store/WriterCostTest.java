package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.os.ThreadUsage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the writing thread asks of the operating system, counted and not timed. */
class WriterCostTest {
  private static final int PAGE = 2 << 20;

  @BeforeEach
  void needsCounters() {
    assumeTrue(ThreadUsage.available(), "counts faults by getrusage, which needs native access");
  }

  @ParameterizedTest
  @EnumSource(names = {"SEGMENTED", "VIRTUAL"})
  void inSteadyStateTheWriterTakesNextToNoPageFault(StoreKind kind) throws Exception {
    assertFaults(kind, 512L << 20);
  }

  @ParameterizedTest
  @EnumSource(names = {"SEGMENTED", "VIRTUAL"})
  @Tag("slow")
  void overEightGibibytesTheWriterTakesNextToNoPageFault(StoreKind kind) throws Exception {
    assertFaults(kind, 8L << 30);
  }

  /** A JVM of its own, so that no heap is touched for the first time while it is counted. */
  private static void assertFaults(StoreKind kind, long bytes) throws Exception {
    String options = "--enable-native-access=ALL-UNNAMED -Xms128m -Xmx128m -XX:+AlwaysPreTouch";
    String command = ChildStore.command(options, "faults", kind.name(), "" + bytes);
    Process process =
        new ProcessBuilder("sh", "-c", command)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    System.out.printf("WriterCostTest %s bytes=%d %s%n", kind, bytes, printed.strip());
    String[] counts = printed.strip().split("[^0-9]+");
    assertThat(Long.parseLong(counts[1])).as("major faults: %s", printed).isZero();
    assertThat(Long.parseLong(counts[2])).as("minor faults: %s", printed).isBetween(0L, 16L);
  }

  @ParameterizedTest
  @EnumSource(names = {"SEGMENTED", "VIRTUAL"})
  void allMemoryButTwoPagesGoesBackOnceAllIsAcknowledged(StoreKind kind) {
    StoreConfig.Builder config = kind.config().pageSize(PAGE).decayTimeout(Duration.ofMillis(500));
    try (PinnedStore store = kind.open(config)) {
      List<BlobHandle> handles = new ArrayList<>();
      List<Long> addresses = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        handles.add(store.append(Blobs.of(i, i % 8 == 0 ? 3 * PAGE : PAGE / 2)));
        addresses.add(store.view(handles.getLast()).address());
      }
      assertThat(Footprint.residentBytes(addresses)).isGreaterThan(40L * PAGE);
      store.startLifecycle(Duration.ofMillis(10));
      handles.forEach(store::acknowledge);
      long start = System.nanoTime();
      Waiting.until(
          "at most two pages are resident",
          () -> Footprint.residentBytes(addresses) <= 2 * PAGE,
          store::stats);
      System.out.printf(
          "WriterCostTest %s gave all back after %d ms, decayTimeout=500 ms%n",
          kind, Duration.ofNanos(System.nanoTime() - start).toMillis());
    }
  }
}
