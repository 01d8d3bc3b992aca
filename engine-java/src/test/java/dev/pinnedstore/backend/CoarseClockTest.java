package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoarseClockTest {
  private static final long EPOCH = 1_700_000_000_000L;

  @ParameterizedTest
  @ValueSource(longs = {0, 123_456_789, -987_654_321, Long.MIN_VALUE, Long.MAX_VALUE - 5})
  void millisStartAtTheWallClockWhateverTheOrigin(long origin) {
    FakeNanos nanos = new FakeNanos(origin);
    CoarseClock clock = new CoarseClock(nanos, EPOCH);
    assertThat(clock.millis()).isEqualTo(EPOCH);
    assertThat(clock.nanos()).isEqualTo(origin);
    nanos.advance(Duration.ofNanos(999_999));
    assertThat(clock.millis()).as("a started millisecond").isEqualTo(EPOCH);
    nanos.advance(Duration.ofNanos(1));
    assertThat(clock.millis()).isEqualTo(EPOCH + 1);
    nanos.advance(Duration.ofDays(1));
    assertThat(clock.exactMillis()).isEqualTo(EPOCH + 1 + Duration.ofDays(1).toMillis());
  }

  @Test
  void aSourceThatStepsBackIsRoundedDown() {
    FakeNanos nanos = new FakeNanos(0);
    CoarseClock clock = new CoarseClock(nanos, EPOCH);
    nanos.advance(Duration.ofNanos(-1));
    assertThat(clock.millis()).isEqualTo(EPOCH - 1);
  }

  @Test
  void withoutTicksEachCallReadsTheSource() {
    FakeNanos nanos = new FakeNanos(0);
    CoarseClock clock = new CoarseClock(nanos, EPOCH);
    nanos.advance(Duration.ofMillis(7));
    assertThat(clock.millis()).isEqualTo(EPOCH + 7);
  }

  @Test
  void whileTickingTheTimeIsThatOfTheLastTick() {
    FakeNanos nanos = new FakeNanos(0);
    CoarseClock clock = new CoarseClock(nanos, EPOCH);
    nanos.advance(Duration.ofMillis(3));
    clock.setTicking(true);
    assertThat(clock.millis()).as("not the time of its making").isEqualTo(EPOCH + 3);
    nanos.advance(Duration.ofMillis(4));
    assertThat(clock.millis()).isEqualTo(EPOCH + 3);
    assertThat(clock.exactMillis()).isEqualTo(EPOCH + 7);
    clock.tick();
    assertThat(clock.millis()).isEqualTo(EPOCH + 7);
    nanos.advance(Duration.ofMillis(1));
    clock.setTicking(false);
    nanos.advance(Duration.ofMillis(1));
    assertThat(clock.millis()).isEqualTo(EPOCH + 9);
  }
}
