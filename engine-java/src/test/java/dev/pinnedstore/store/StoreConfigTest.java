package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.pinnedstore.os.Machine;
import dev.pinnedstore.os.NativeTier;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoreConfigTest {

  private static final Ticker STOPPED = () -> 0;
  private static final Duration NANO = Duration.ofNanos(1);

  @ParameterizedTest
  @ValueSource(longs = {4096, 8192, 12_288, 1 << 20, (1 << 30) - 4096, 1 << 30})
  void aPageSizeInRangeIsKept(long bytes) {
    assertThat(StoreConfig.builder().maxBytes(1L << 40).pageSize(bytes).build().pageSize())
        .isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        Long.MIN_VALUE,
        -4096,
        -1,
        0,
        1,
        100,
        4095,
        4097,
        6144,
        (1L << 30) - 1,
        (1L << 30) + 1,
        (1L << 30) + 4096,
        1L << 32,
        Long.MAX_VALUE
      })
  void aPageSizeOutOfRangeIsRefusedWhenSet(long bytes) {
    StoreConfig.Builder builder = StoreConfig.builder();
    refused(
        () -> builder.pageSize(bytes),
        "pageSize=" + bytes + ": must be a multiple of 4096 between 4096 and 1073741824 bytes");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.5, 0.8, 1.0})
  void aPrefetchThresholdInRangeIsKept(double threshold) {
    assertThat(StoreConfig.builder().prefetchThreshold(threshold).build().prefetchThreshold())
        .isEqualTo(threshold);
  }

  static Stream<Double> thresholdsOutOfRange() {
    return Stream.of(
        Double.NaN,
        Double.NEGATIVE_INFINITY,
        -0.8,
        -0.0,
        0.0,
        Math.nextDown(0.1),
        Math.nextUp(1.0),
        80.0,
        Double.POSITIVE_INFINITY);
  }

  @ParameterizedTest
  @MethodSource("thresholdsOutOfRange")
  void aPrefetchThresholdOutOfRangeIsRefusedWhenSet(double threshold) {
    StoreConfig.Builder builder = StoreConfig.builder();
    refused(
        () -> builder.prefetchThreshold(threshold),
        "prefetchThreshold=" + threshold + ": must be between 0.1 and 1.0");
  }

  static Stream<Duration> durationsInRange() {
    return Stream.of(Duration.ofMillis(1), Duration.ofSeconds(30), Duration.ofDays(365));
  }

  static Stream<Duration> durationsOutOfRange() {
    return Stream.of(
        Duration.ofSeconds(Long.MIN_VALUE),
        Duration.ofMillis(-1),
        Duration.ZERO,
        NANO,
        Duration.ofMillis(1).minus(NANO),
        Duration.ofDays(365).plus(NANO),
        Duration.ofSeconds(Long.MAX_VALUE));
  }

  @ParameterizedTest
  @MethodSource("durationsInRange")
  void durationsInRangeAreKept(Duration duration) {
    StoreConfig config = StoreConfig.builder().decayTimeout(duration).ttl(duration).build();
    assertThat(config.decayTimeout()).isEqualTo(duration);
    assertThat(config.ttl()).contains(duration);
  }

  @ParameterizedTest
  @MethodSource("durationsOutOfRange")
  void durationsOutOfRangeAreRefusedWhenSet(Duration duration) {
    StoreConfig.Builder builder = StoreConfig.builder();
    String range = "=" + duration + ": must be between PT0.001S (1 ms) and PT8760H (365 days)";
    refused(() -> builder.decayTimeout(duration), "decayTimeout" + range);
    refused(() -> builder.ttl(duration), "ttl" + range);
  }

  @Test
  void everyDurationInRangeFitsIntoNanoseconds() {
    assertThat(ConfigRules.MAX_DURATION.toNanos()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, Integer.MAX_VALUE})
  void aPageLimitInRangeIsKept(int pages) {
    assertThat(StoreConfig.builder().maxPages(pages).build().maxPages()).isEqualTo(pages);
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0})
  void aPageLimitOutOfRangeIsRefusedWhenSet(int pages) {
    StoreConfig.Builder builder = StoreConfig.builder();
    refused(
        () -> builder.maxPages(pages),
        "maxPages=" + pages + ": must be between 1 and 2147483647 pages");
  }

  @ParameterizedTest
  @ValueSource(longs = {4096, 4097, Long.MAX_VALUE})
  void aMemoryLimitOfAtLeastThePageSizeIsKept(long bytes) {
    assertThat(StoreConfig.builder().pageSize(4096).maxBytes(bytes).build().maxBytes())
        .isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 4095})
  void aMemoryLimitBelowAnyPageSizeIsRefusedWhenSet(long bytes) {
    StoreConfig.Builder builder = StoreConfig.builder();
    refused(
        () -> builder.maxBytes(bytes),
        "maxBytes="
            + bytes
            + ": must be at least the page size, between 4096 and 9223372036854775807 bytes");
  }

  @Test
  void aMemoryLimitBelowThePageSizeIsRefusedWhenBuiltInWhateverOrderTheyWereSet() {
    String message =
        "maxBytes=8191: must be at least the page size, between 8192 and"
            + " 9223372036854775807 bytes";
    refused(() -> StoreConfig.builder().maxBytes(8191).pageSize(8192).build(), message);
    refused(() -> StoreConfig.builder().pageSize(8192).maxBytes(8191).build(), message);
    assertThat(StoreConfig.builder().maxBytes(8192).pageSize(8192).build().maxBytes())
        .isEqualTo(8192);
  }

  @Test
  void messagesDoNotDependOnTheLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      refused(
          () -> StoreConfig.builder().pageSize(100),
          "pageSize=100: must be a multiple of 4096 between 4096 and 1073741824 bytes");
      assertThat(custom().build().toString()).contains("pageSize=8192");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  @SuppressWarnings("NullAway") // what a caller without null checks does
  void nullIsRefusedByName() {
    StoreConfig.Builder builder = StoreConfig.builder();
    assertThatNullPointerException().isThrownBy(() -> builder.backend(null)).withMessage("backend");
    assertThatNullPointerException()
        .isThrownBy(() -> builder.decayTimeout(null))
        .withMessage("decayTimeout");
    assertThatNullPointerException().isThrownBy(() -> builder.ttl(null)).withMessage("ttl");
    assertThatNullPointerException().isThrownBy(() -> builder.clock(null)).withMessage("clock");
  }

  @Test
  void aRefusedValueLeavesTheBuilderAsItWas() {
    StoreConfig.Builder builder = custom();
    StoreConfig before = builder.build();
    List<ThrowingCallable> wrong =
        List.of(
            () -> builder.pageSize(1),
            () -> builder.prefetchThreshold(2),
            () -> builder.decayTimeout(Duration.ZERO),
            () -> builder.ttl(Duration.ZERO),
            () -> builder.maxPages(0),
            () -> builder.maxBytes(0));
    for (ThrowingCallable set : wrong) {
      assertThatIllegalArgumentException().isThrownBy(set);
      assertThat(builder.build()).isEqualTo(before);
    }
  }

  @Test
  void theTtlKnowsUnsetNoneAndAValueApart() {
    StoreConfig unset = StoreConfig.builder().build();
    StoreConfig none = StoreConfig.builder().noTtl().build();
    StoreConfig value = StoreConfig.builder().ttl(Duration.ofSeconds(9)).build();

    assertThat(unset.ttl()).isEmpty();
    assertThat(unset.ttlIsSet()).isFalse();
    assertThat(none.ttl()).isEmpty();
    assertThat(none.ttlIsSet()).isTrue();
    assertThat(value.ttl()).contains(Duration.ofSeconds(9));
    assertThat(value.ttlIsSet()).isTrue();
    assertThat(unset).isNotEqualTo(none).isNotEqualTo(value);
    assertThat(none).isNotEqualTo(value);
    assertThat(unset.toString()).contains("ttl=unset");
    assertThat(none.toString()).contains("ttl=none");
    assertThat(value.toString()).contains("ttl=PT9S");
  }

  @Test
  void theLastWordOnTheTtlCounts() {
    assertThat(StoreConfig.builder().ttl(Duration.ofSeconds(9)).noTtl().build())
        .isEqualTo(StoreConfig.builder().noTtl().build());
    assertThat(StoreConfig.builder().noTtl().ttl(Duration.ofSeconds(9)).build())
        .isEqualTo(StoreConfig.builder().ttl(Duration.ofSeconds(9)).build());
  }

  static Stream<StoreConfig> configs() {
    return Stream.of(
        StoreConfig.defaults(),
        StoreConfig.performance(),
        StoreConfig.memoryEfficient(),
        custom().build(),
        custom().noTtl().build());
  }

  @ParameterizedTest
  @MethodSource("configs")
  void toBuilderKeepsEverything(StoreConfig config) {
    StoreConfig copy = config.toBuilder().build();

    assertThat(copy.backend()).isEqualTo(config.backend());
    assertThat(copy.pageSize()).isEqualTo(config.pageSize());
    assertThat(copy.prefetchThreshold()).isEqualTo(config.prefetchThreshold());
    assertThat(copy.decayTimeout()).isEqualTo(config.decayTimeout());
    assertThat(copy.ttl()).isEqualTo(config.ttl());
    assertThat(copy.ttlIsSet()).isEqualTo(config.ttlIsSet());
    assertThat(copy.maxPages()).isEqualTo(config.maxPages());
    assertThat(copy.maxBytes()).isEqualTo(config.maxBytes());
    assertThat(copy.clock()).isSameAs(config.clock());
    assertThat(copy).isEqualTo(config).hasSameHashCodeAs(config);
  }

  static Stream<Consumer<StoreConfig.Builder>> changes() {
    return Stream.of(
        b -> b.pageSize(4096),
        b -> b.prefetchThreshold(0.7),
        b -> b.decayTimeout(Duration.ofSeconds(1)),
        b -> b.ttl(Duration.ofSeconds(1)),
        StoreConfig.Builder::noTtl,
        b -> b.maxPages(8),
        b -> b.maxBytes(1L << 21),
        b -> b.clock(() -> 1));
  }

  @ParameterizedTest
  @MethodSource("changes")
  void equalityCountsEverySettingAndABuiltConfigNeverChanges(Consumer<StoreConfig.Builder> change) {
    StoreConfig.Builder builder = custom();
    StoreConfig before = builder.build();
    change.accept(builder);
    assertThat(builder.build()).isNotEqualTo(before);
    assertThat(before).isEqualTo(custom().build());
  }

  @Test
  void aConfigIsEqualToNothingElse() {
    assertThat(StoreConfig.defaults()).isNotEqualTo(null).isNotEqualTo("StoreConfig");
  }

  @Test
  void textNamesEverySetting() {
    assertThat(custom().clock(Ticker.system()).build())
        .hasToString(
            "StoreConfig[backend=segmented, pageSize=8192, prefetchThreshold=0.6,"
                + " decayTimeout=PT3S, ttl=PT4S, maxPages=7, maxBytes=1048576, clock=system]");
  }

  @Test
  void presetsAreWhatTheirTableSays() {
    Backend segmented = Backend.segmented();
    Backend fastest = NativeTier.current() == NativeTier.GRANTED ? Backend.virtual() : segmented;
    preset(StoreConfig.builder().build(), segmented, 1 << 20, 0.80, Duration.ofSeconds(5));
    preset(StoreConfig.defaults(), segmented, 1 << 20, 0.80, Duration.ofSeconds(5));
    preset(StoreConfig.performance(), fastest, 2 << 20, 0.80, Duration.ofSeconds(7));
    preset(StoreConfig.memoryEfficient(), segmented, 512 << 10, 0.90, Duration.ofSeconds(1));
  }

  private static void preset(
      StoreConfig config, Backend backend, long pageSize, double threshold, Duration decay) {
    assertThat(config.backend()).isEqualTo(backend);
    assertThat(config.pageSize()).isEqualTo(pageSize);
    assertThat(config.prefetchThreshold()).isEqualTo(threshold);
    assertThat(config.decayTimeout()).isEqualTo(decay);
    assertThat(config.ttl()).isEmpty();
    assertThat(config.ttlIsSet()).isFalse();
    assertThat(config.maxPages()).isEqualTo(Integer.MAX_VALUE);
    assertThat(config.maxBytes())
        .isEqualTo(Machine.memoryLimitBytes() / 2)
        .isGreaterThanOrEqualTo(pageSize);
    assertThat(config.clock()).isSameAs(Ticker.system());
  }

  private static StoreConfig.Builder custom() {
    return StoreConfig.builder()
        .backend(Backend.segmented())
        .pageSize(8192)
        .prefetchThreshold(0.6)
        .decayTimeout(Duration.ofSeconds(3))
        .ttl(Duration.ofSeconds(4))
        .maxPages(7)
        .maxBytes(1 << 20)
        .clock(STOPPED);
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }
}
