package dev.pinnedstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.pinnedstore.os.Machine;
import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import dev.pinnedstore.store.StoreStats;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

/** The tables of README.md say what the code does. */
class ReadmeTablesTest {
  private static final long DAY_MILLIS = 86_400_000;
  private static final Duration TTL = Duration.ofSeconds(1);

  private final Readme readme = Readme.read();
  private final AtomicLong nanos = new AtomicLong();

  // ---- settings

  @Test
  void presetsAreThoseOfTheCode() {
    assertThat(readme.table("| preset |"))
        .extracting(row -> row.subList(0, 4))
        .containsExactly(
            preset("StoreConfig.defaults()", StoreConfig.defaults()),
            preset("StoreConfig.performance()", StoreConfig.performance()),
            preset("StoreConfig.memoryEfficient()", StoreConfig.memoryEfficient()));
  }

  @Test
  void everySettingHasARowWithItsDefault() throws Exception {
    StoreConfig config = StoreConfig.defaults();
    String[] settings =
        Arrays.stream(StoreConfig.Builder.class.getDeclaredMethods())
            .filter(method -> method.getParameterCount() == 1 && !method.isSynthetic())
            .map(Method::getName)
            .toArray(String[]::new);
    assertThat(readme.table("| setting |"))
        .hasSize(settings.length + 6)
        .extracting(List::getFirst)
        .contains(settings);

    assertThat(setting("backend", 1)).isEqualTo(config.backend().name());
    assertThat(setting("pageSize", 1)).isEqualTo(size(config.pageSize()));
    assertThat(setting("prefetchThreshold", 1)).isEqualTo("" + config.prefetchThreshold());
    assertThat(setting("decayTimeout", 1)).isEqualTo(seconds(config.decayTimeout()));
    assertThat(setting("ttl", 1)).isEqualTo("none; shared 30 s");
    assertThat(config.ttl()).isEmpty();
    assertThat(setting("maxPages", 1)).isEqualTo("unlimited");
    assertThat(config.maxPages()).isEqualTo(Integer.MAX_VALUE);
    assertThat(setting("maxBytes", 1)).isEqualTo("half of the memory");
    assertThat(config.maxBytes()).isEqualTo(Machine.memoryLimitBytes() / 2);
    assertThat(setting("Backend.virtual(reserveBytes)", 1)).isEqualTo("1 TiB");
    assertThat(Backend.virtual()).isEqualTo(Backend.virtual(1L << 40));
    Backend.Shared shared = Backend.shared("orders");
    assertThat(setting(".chunkSize(bytes)", 1)).isEqualTo(size(shared.chunkSize()));
    assertThat(setting(".maxChunks(chunks)", 1)).isEqualTo("unlimited");
    assertThat(shared.maxChunks()).isEqualTo(Long.MAX_VALUE);
    assertThat(setting(".directory(path)", 1)).isEqualTo(shared.directory().toString());
    assertThat(setting("clock", 1)).isEqualTo(config.clock().toString());
    try (PinnedStore store = open(StoreConfig.builder())) {
      assertThat(setting("startLifecycle(interval)", 1))
          .isEqualTo(store.startLifecycle().interval().toMillis() + " ms");
    }
  }

  @Test
  void rangesAreThoseOfTheCode() {
    StoreConfig.Builder builder = StoreConfig.builder();
    assertThat(setting("pageSize", 2)).isEqualTo("4 KiB to 1 GiB, in steps of 4 KiB");
    range(builder::pageSize, 4 << 10, 1 << 30, 4 << 10);
    assertThatIllegalArgumentException().isThrownBy(() -> builder.pageSize(6 << 10));

    assertThat(setting("prefetchThreshold", 2)).isEqualTo("0.1 to 1.0");
    range(tenths -> builder.prefetchThreshold(tenths / 10.0), 1, 10, 1);

    assertThat(setting("decayTimeout", 2)).isEqualTo("1 ms to 365 days");
    range(millis -> builder.decayTimeout(Duration.ofMillis(millis)), 1, 365 * DAY_MILLIS, 1);
    assertThat(setting("ttl", 2)).isEqualTo("1 ms to 365 days");
    range(millis -> builder.ttl(Duration.ofMillis(millis)), 1, 365 * DAY_MILLIS, 1);

    assertThat(setting("maxPages", 2)).isEqualTo("1 to " + Integer.MAX_VALUE);
    builder.maxPages(1).maxPages(Integer.MAX_VALUE);
    assertThatIllegalArgumentException().isThrownBy(() -> builder.maxPages(0));

    assertThat(setting("maxBytes", 2)).isEqualTo("4 KiB to 2^63 - 1, pageSize at least");
    builder.maxBytes(4 << 10).maxBytes(Long.MAX_VALUE);
    assertThatIllegalArgumentException().isThrownBy(() -> builder.maxBytes((4 << 10) - 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StoreConfig.builder().pageSize(8 << 10).maxBytes(4 << 10).build());

    assertThat(setting("Backend.virtual(reserveBytes)", 2))
        .isEqualTo("2 MiB to 64 TiB, in steps of 2 MiB, pageSize at least");
    range(Backend::virtual, 2 << 20, 1L << 46, 2 << 20);

    assertThat(setting("startLifecycle(interval)", 2)).isEqualTo("1 ms to 1 h");
    try (PinnedStore store = open(StoreConfig.builder())) {
      range(
          millis -> store.startLifecycle(Duration.ofMillis(millis)).close(), 1, DAY_MILLIS / 24, 1);
    }
  }

  @Test
  void blobsCostWhatIsTold() {
    assertThat(readme.section("Presets and tuning"))
        .contains("rounded up to 64 bytes", "8 bytes per 64 bytes of page, 12.5 %")
        .contains("a multiple\nof 4 KiB");
    try (PinnedStore store = open(StoreConfig.builder().maxBytes(16 << 10))) {
      assertThat(store.append(new byte[1]).offsetBytes()).isZero();
      assertThat(store.append(new byte[65]).offsetBytes()).isEqualTo(64);
      assertThat(store.append(new byte[1]).offsetBytes()).isEqualTo(192);
      StoreStats stats = store.stats();
      assertThat(stats.tableBytes()).isEqualTo(stats.committedBytes() / 8);
      store.append(new byte[(12 << 10) - 1]);
      assertThat(store.stats().committedBytes())
          .as("a page and a large one fill maxBytes, tables are beside it")
          .isEqualTo(16 << 10);
    }
  }

  // ---- handles

  @Test
  void handlesDoWhatTheTableSays() {
    try (PinnedStore store = open(StoreConfig.builder())) {
      BlobHandle handle = store.append(new byte[100]);
      assertThat(outcomes(store, handle)).isEqualTo(row("live"));
      assertThat(outcomes(store, handle)).isEqualTo(row("acknowledged"));
      String neverIssued = "never issued: forged, damaged, another store's";
      for (BlobHandle other : strangers(handle)) {
        assertThat(outcomes(store, other)).isEqualTo(row(neverIssued));
      }
    }
    assertThat(readme.table("| the handle is |")).hasSize(6);
  }

  @Test
  void handlesOfAClosedStoreDoWhatTheTableSays() {
    PinnedStore store = open(StoreConfig.builder());
    BlobHandle handle = store.append(new byte[100]);
    store.close();
    assertThat(outcomes(store, handle)).isEqualTo(row("any, and the store is closed"));
  }

  @Test
  void handlesOfPagesThatMovedOnDoWhatTheTableSays() {
    List<String> stale = row("stale: its page was used again or given back");
    try (PinnedStore store = open(StoreConfig.builder().maxPages(1))) {
      BlobHandle handle = store.append(new byte[4096]);
      store.acknowledge(handle);
      assertThat(store.append(new byte[4096]).pageId()).isEqualTo(handle.pageId());
      assertThat(outcomes(store, handle)).as("used again").isEqualTo(stale);
    }
    try (PinnedStore store = open(StoreConfig.builder().maxPages(2))) {
      BlobHandle handle = store.append(new byte[4096]);
      store.append(new byte[4096]);
      store.acknowledge(handle);
      nanos.addAndGet(Duration.ofDays(1).toNanos());
      assertThat(store.maintain().pagesGivenBack()).isEqualTo(1);
      assertThat(outcomes(store, handle)).as("given back").isEqualTo(stale);
    }
  }

  @Test
  void expiredHandlesDoWhatTheTableSays() {
    try (PinnedStore store = open(StoreConfig.builder().ttl(TTL))) {
      BlobHandle handle = store.append(new byte[100]);
      nanos.addAndGet(2 * TTL.toNanos());
      assertThat(outcomes(store, handle)).isEqualTo(row("expired"));
    }
  }

  /** Handles of which each differs from a true one in one field, and that of another store. */
  private List<BlobHandle> strangers(BlobHandle handle) {
    int page = handle.pageId();
    int offset = handle.offset();
    int size = handle.size();
    int generation = handle.generation();
    long time = handle.timestampMillis();
    try (PinnedStore other = open(StoreConfig.builder())) {
      return List.of(
          new BlobHandle(page + 1, offset, size, generation, time),
          new BlobHandle(page, offset + 64, size, generation, time),
          new BlobHandle(page, offset, size + 1, generation, time),
          new BlobHandle(page, offset, size, generation + 1, time),
          new BlobHandle(page, offset, size, generation, time + 1),
          other.append(new byte[100]));
    }
  }

  private static List<String> outcomes(PinnedStore store, BlobHandle handle) {
    return List.of(
        outcome(() -> store.view(handle)),
        outcome(() -> store.resolve(handle)),
        outcome(() -> store.acknowledge(handle)));
  }

  private static String outcome(Callable<?> call) {
    try {
      return switch (call.call()) {
        case null -> "null";
        case MemorySegment _ -> "segment";
        case byte[] _ -> "bytes";
        case Object other -> other.toString();
      };
    } catch (Exception e) {
      return e.getClass().getSimpleName();
    }
  }

  // ---- helpers

  private PinnedStore open(StoreConfig.Builder settings) {
    return PinnedStore.open(settings.pageSize(4096).clock(nanos::get).build());
  }

  private List<String> row(String first) {
    List<String> row = row("| the handle is |", first);
    return row.subList(1, row.size());
  }

  private String setting(String name, int column) {
    return row("| setting |", name).get(column);
  }

  private List<String> row(String head, String first) {
    return readme.table(head).stream()
        .filter(row -> row.getFirst().equals(first))
        .findFirst()
        .orElseThrow(() -> new AssertionError("README.md has no row " + first));
  }

  /** Asserts that both ends are legal, and what lies a step beyond them is not. */
  private static void range(LongConsumer set, long least, long most, long step) {
    set.accept(least);
    set.accept(most);
    assertThatIllegalArgumentException().isThrownBy(() -> set.accept(least - step));
    assertThatIllegalArgumentException().isThrownBy(() -> set.accept(most + step));
  }

  private static List<String> preset(String name, StoreConfig config) {
    return List.of(
        name,
        size(config.pageSize()),
        "" + config.prefetchThreshold(),
        seconds(config.decayTimeout()));
  }

  private static String seconds(Duration duration) {
    return duration.toSeconds() + " s";
  }

  private static String size(long bytes) {
    return bytes >= 1 << 20 ? (bytes >> 20) + " MiB" : (bytes >> 10) + " KiB";
  }
}
