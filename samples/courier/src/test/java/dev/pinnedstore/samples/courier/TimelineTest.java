package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.StoreEvent.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimelineTest {
  private static final long SPAN = Timeline.FIRST_SPAN_NANOS;

  private final Timeline timeline = new Timeline();

  @Test
  void keepsTheLowestAndTheHighestOfEachSpan() {
    timeline.sample(0, 5, 10);
    timeline.sample(1, 3, 20);
    timeline.sample(SPAN, 7, 10);
    assertThat(timeline.spans()).isEqualTo(2);
    assertThat(timeline.live().low(0)).isEqualTo(3);
    assertThat(timeline.live().high(0)).isEqualTo(5);
    assertThat(timeline.live().high(1)).isEqualTo(7);
    assertThat(timeline.committed().peak()).isEqualTo(20);
    assertThat(timeline.live().has(2)).isFalse();
  }

  @Test
  void nothingSeenIsNoValue() {
    assertThat(timeline.spans()).isEqualTo(1);
    assertThat(timeline.live().peak()).isZero();
    assertThat(timeline.count(Kind.STALL)).isZero();
    assertThat(timeline.durationNanos(Kind.STALL)).isZero();
  }

  /** From a second to a year: the same memory, no event lost, no peak flattened. */
  @ParameterizedTest
  @ValueSource(longs = {1_000_000_000L, 60_000_000_000L, 31_536_000_000_000_000L})
  void aLongRunIsFoldedAndLosesNothing(long nanos) {
    int samples = 10_000;
    for (int i = 0; i < samples; i++) {
      long at = nanos / samples * i;
      timeline.sample(at, i % 7, i == samples / 2 ? 99 : 50);
      timeline.event(Kind.STALL, at, 2);
    }
    assertThat(timeline.spans()).isBetween(Timeline.SPANS / 2, Timeline.SPANS);
    assertThat(timeline.spanNanos() * Timeline.SPANS).isGreaterThanOrEqualTo(nanos / samples);
    assertThat(timeline.count(Kind.STALL)).isEqualTo(samples);
    assertThat(timeline.durationNanos(Kind.STALL)).isEqualTo(2L * samples);
    assertThat(timeline.committed().peak()).isEqualTo(99);
    assertThat(timeline.live().peak()).isEqualTo(6);
    assertThat(timeline.live().low(0)).isZero();
  }

  @Test
  void foldingJoinsNeighbours() {
    for (int span = 0; span < Timeline.SPANS; span++) {
      timeline.sample(span * SPAN, span, span);
      timeline.event(Kind.PAGE_MADE, span * SPAN, 0);
    }
    timeline.event(Kind.PAGE_MADE, Timeline.SPANS * SPAN, 0);
    assertThat(timeline.spanNanos()).isEqualTo(2 * SPAN);
    assertThat(timeline.live().low(3)).isEqualTo(6);
    assertThat(timeline.live().high(3)).isEqualTo(7);
    assertThat(timeline.count(Kind.PAGE_MADE, 3)).isEqualTo(2);
    assertThat(timeline.count(Kind.PAGE_MADE, Timeline.SPANS / 2)).isOne();
    assertThat(timeline.live().has(Timeline.SPANS / 2)).isFalse();
  }
}
