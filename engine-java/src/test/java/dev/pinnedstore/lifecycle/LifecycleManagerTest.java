package dev.pinnedstore.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pinnedstore.backend.CoarseClock;
import org.junit.jupiter.api.Test;

class LifecycleManagerTest {
  private static final double THRESHOLD = 0.8;
  private static final long DECAY = 16_000_000;
  private static final long MILLI = 1_000_000;

  private final FakeTime time = new FakeTime(0);
  private final FakeBackend backend = new FakeBackend(time);
  private final CoarseClock clock = time.clock();
  private final LifecycleManager manager =
      new LifecycleManager(backend, clock, THRESHOLD, DECAY, 0);

  @Test
  void whatOneStepFreesTheNextCanUse() {
    backend.fill = 0.9;
    manager.cycle(true);
    assertThat(backend.calls)
        .containsExactly(
            "expire",
            "sealIdle " + -DECAY,
            "recycle true",
            "makeReady",
            "giveBack " + -DECAY + " " + Integer.MAX_VALUE);
  }

  @Test
  void aCycleOfTheThreadLeavesYoungGroupsAloneAndIsBounded() {
    time.advance(DECAY);
    manager.cycle(false);
    assertThat(backend.calls)
        .containsExactly("expire", "sealIdle 0", "recycle false", "giveBack 0 256");
  }

  @Test
  void aCycleOfTheThreadWalksThePagesOnlyWhenThatIsDue() {
    manager.cycle(false);
    assertThat(backend.calls).containsExactly("recycle false");
    time.advance(DECAY / 16);
    manager.cycle(false);
    assertThat(backend.calls).contains("expire", "giveBack " + (DECAY / 16 - DECAY) + " 256");
  }

  @Test
  void eachCycleTicksTheClockFirst() {
    clock.setTicking(true);
    time.advance(3 * MILLI);
    assertThat(clock.millis()).isZero();
    manager.cycle(false);
    assertThat(clock.millis()).isEqualTo(3);
    backend.failure = new IllegalStateException("scripted");
    time.advance(3 * MILLI);
    assertThatThrownBy(() -> manager.cycle(true)).isSameAs(backend.failure);
    assertThat(clock.millis()).isEqualTo(6);
  }

  @Test
  void reportsWhatEachStepDid() {
    backend.fill = 0.9;
    backend.recycled = 3L << 32 | 5;
    backend.givenBack = 7;
    backend.expired = 2;
    assertThat(manager.cycle(true)).isEqualTo(new CycleReport(1, 5, 7, 2, 3));
    backend.recycled = 0;
    assertThat(manager.cycle(false)).as("not due").isEqualTo(new CycleReport(0, 0, 0, 0, 0));
  }

  @Test
  void aFailingCycleLeavesTheLockToTheNext() throws Exception {
    backend.failure = new IllegalStateException("scripted");
    assertThatThrownBy(() -> manager.cycle(true)).isSameAs(backend.failure);
    backend.failure = null;
    Thread other = Thread.ofPlatform().start(() -> manager.cycle(true));
    other.join();
    assertThat(backend.calls).contains("recycle true");
  }

  @Test
  void aQuietStoreNeedsNoEarlierCycle() {
    time.advance(MILLI);
    manager.cycle(false);
    assertThat(manager.wantedPauseNanos()).isInfinite();
  }

  @Test
  void aQuietStoreWithTheHighestThresholdNeedsNoEarlierCycleEither() {
    LifecycleManager highest = new LifecycleManager(backend, clock, 1.0, DECAY, 0);
    time.advance(MILLI);
    highest.cycle(false);
    assertThat(highest.wantedPauseNanos()).isInfinite();
  }

  @Test
  void theNextCycleComesInHalfTheTimeInWhichTheRestOfAPageFills() {
    time.advance(10 * MILLI);
    backend.write(1);
    manager.cycle(false);
    assertThat(manager.wantedPauseNanos()).isCloseTo(MILLI, within(1.0));
    time.advance(10 * MILLI);
    backend.write(100);
    manager.cycle(false);
    assertThat(manager.wantedPauseNanos()).isCloseTo(10_000, within(1.0));
  }
}
