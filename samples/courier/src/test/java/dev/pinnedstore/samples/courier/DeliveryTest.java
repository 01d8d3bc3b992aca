package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.store.StoreConfig;
import dev.pinnedstore.store.StoreStats;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeliveryTest {
  private static final int PAGE = 1 << 20;

  @TempDir Path directory;
  private final Stage stage = new Stage();

  /** Holds all consumers until the thread that calls this, which sends, waits for room. */
  private static Supplier<PieceChecksum> onceTheSenderWaits(PieceChecksum then) {
    Thread sender = Thread.currentThread();
    AtomicBoolean seen = new AtomicBoolean();
    return () ->
        bytes -> {
          while (!seen.get()) {
            seen.compareAndSet(false, waitsForRoom(sender));
          }
          return then.of(bytes);
        };
  }

  private static boolean waitsForRoom(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(
            frame ->
                frame.getClassName().equals("java.util.concurrent.CompletableFuture")
                    && frame.getMethodName().equals("join"));
  }

  private static StoreConfig atMost(long bytes) {
    return StoreConfig.builder()
        .pageSize(PAGE)
        .maxBytes(bytes)
        .decayTimeout(Duration.ofMillis(1))
        .build();
  }

  private Outcome deliver(int consumers, StoreConfig config) throws IOException {
    FileList files = FileList.scan(directory, stage.screen());
    return new Delivery(files, consumers, Long.MAX_VALUE, stage.surroundings(), stage.screen())
        .run(config);
  }

  @ParameterizedTest
  @ValueSource(longs = {PAGE, 2 * PAGE, 3 * PAGE})
  void aFullStoreHoldsTheSenderBackAndEverythingArrives(long maxBytes) throws IOException {
    Bytes.file(directory.resolve("a"), 6 * PAGE);
    Bytes.file(directory.resolve("b"), 5);
    Bytes.file(directory.resolve("c"), 3 * PAGE + 1);
    stage.checking(onceTheSenderWaits(PieceChecksum.crc32c()));

    Outcome outcome = deliver(1, atMost(maxBytes));

    assertThat(stage.err()).isEmpty();
    assertThat(outcome.waits()).isPositive();
    assertThat(outcome.isComplete()).isTrue();
    assertThat(outcome.bytes()).isEqualTo(9L * PAGE + 6);
    assertThat(outcome.blobs()).isEqualTo(4 * 6 + 1 + 4 * 3 + 1);
    assertThat(outcome.verifiedBlobs()).isEqualTo(outcome.blobs());
    assertThat(outcome.stats().peakCommittedBytes()).isLessThanOrEqualTo(maxBytes);
    assertThat(outcome.stats().storeFull()).isGreaterThanOrEqualTo(outcome.waits());
    assertThat(outcome.appendNanos().getTotalCount()).isEqualTo(outcome.blobs());
  }

  @Test
  void memoryHasGoneBackWhenTheFiguresAreTaken() throws IOException {
    Bytes.file(directory.resolve("file"), 32 * PAGE);

    StoreStats stats = deliver(2, atMost(16 * PAGE)).stats();

    assertThat(stats.liveBlobs()).isZero();
    assertThat(stats.committedBytes()).isBetween(1L, 2L * PAGE);
  }

  @Test
  void aConsumerThatFailsEndsADeliveryThatWaitsForRoom() throws IOException {
    Bytes.file(directory.resolve("file"), 4 * PAGE);
    RuntimeException bug = new UnsupportedOperationException("a bug");
    stage.checking(
        onceTheSenderWaits(
            bytes -> {
              throw bug;
            }));

    assertThatThrownBy(() -> deliver(2, atMost(PAGE))).isSameAs(bug);
  }

  @Test
  void aConsumerThatFailsEndsADeliveryThatIsSentAlready() throws IOException {
    Bytes.file(directory.resolve("file"), 1);
    Error bug = new AssertionError("a bug");
    stage.checking(
        () ->
            bytes -> {
              throw bug;
            });

    assertThatThrownBy(() -> deliver(1, atMost(PAGE))).hasCause(bug);
  }

  @Test
  void aSenderThatFailsEndsTheConsumersToo() throws IOException {
    Bytes.file(directory.resolve("file"), 1);
    RuntimeException bug = new UnsupportedOperationException("a bug");
    stage.opening(
        file -> {
          throw bug;
        });

    assertThatThrownBy(() -> deliver(2, atMost(PAGE))).isSameAs(bug);
  }

  @Test
  void threadsEndWithTheDelivery() throws IOException {
    Bytes.file(directory.resolve("file"), 1);

    assertThat(deliver(3, atMost(PAGE)).isComplete()).isTrue();

    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("courier-"));
  }
}
