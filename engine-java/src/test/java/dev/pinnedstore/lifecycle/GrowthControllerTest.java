package dev.pinnedstore.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GrowthControllerTest {
  private static final double THRESHOLD = 0.8;
  private static final long MILLI = 1_000_000;

  private final FakeTime time = new FakeTime(-5 * MILLI);
  private final FakeBackend backend = new FakeBackend(time);
  private final GrowthController growth = new GrowthController(backend, time.clock(), THRESHOLD);

  @Test
  void theNextPageIsReadyOnceTheThresholdIsReached() {
    assertThat(fillSlowly(1, 79)).isZero();
    assertThat(fillSlowly(80, 80)).isEqualTo(1);
    assertThat(backend.ready).isEqualTo(1);
    assertThat(fillSlowly(81, 100)).as("one is there").isZero();
  }

  @Test
  void aReadyPageIsNotMadeTwice() {
    backend.ready = 1;
    assertThat(fillSlowly(1, 100)).isZero();
    assertThat(backend.calls).isEmpty();
  }

  @Test
  void nothingIsMadeWhileNothingIsWritten() {
    backend.fill = 0.95;
    backend.limit = 0;
    assertThat(cycleAfter(MILLI)).isZero();
    backend.limit = 9;
    for (int i = 0; i < 10; i++) {
      assertThat(cycleAfter(MILLI)).isZero();
    }
    assertThat(backend.ready).isZero();
    assertThat(growth.fillNanos()).isInfinite();
  }

  @Test
  void aRefusalEndsTheCycleAndTheNextTriesAgain() {
    backend.limit = 0;
    backend.fill = 0.9;
    assertThat(cycleAfter(MILLI)).isZero();
    assertThat(backend.calls).containsExactly("makeReady");
    backend.limit = 1;
    backend.fill = 0.91;
    assertThat(cycleAfter(MILLI)).isEqualTo(1);
  }

  @Test
  void runsFurtherAheadTheLongerAPageTakesToBeMade() {
    // 0.9 pages a ms, a cycle each ms: floor(2 * 1 * 0.9), and one for the floor.
    runSteadily(0.9, 400);
    assertThat(backend.ready).isLessThanOrEqualTo(2);
    // Cycles then come each 1.8 ms: floor(2 * (0.5 + 1.8) * 0.9).
    backend.makeNanos = MILLI / 2;
    runSteadily(0.9, 400);
    assertThat(backend.ready).isGreaterThanOrEqualTo(3);
    int stalls = backend.stalls;
    runSteadily(0.9, 400);
    assertThat(backend.stalls).as("no writer makes a page itself").isEqualTo(stalls);
  }

  @ParameterizedTest
  @CsvSource({"1.1,2", "2.3,4", "4,8", "10,20"})
  void aSteadyWriterFindsTwiceWhatItTakesBetweenTwoCycles(double pagesPerMilli, int wanted) {
    runSteadily(pagesPerMilli, 300);
    // The average approaches the rate from below, and the floor may add one.
    assertThat(backend.ready).isBetween(wanted - 1, wanted + 1);
    int stalls = backend.stalls;
    runSteadily(pagesPerMilli, 300);
    assertThat(backend.stalls).as("no writer makes a page itself").isEqualTo(stalls);
  }

  @Test
  void fallsBackToTheFloorWhenTheWriterSlowsDown() {
    runSteadily(10, 300);
    assertThat(backend.ready).isGreaterThan(10);
    backend.begun++;
    // A hundredth of a page in a millisecond: the old speed is forgotten on the way.
    fillSlowly(1, 100);
    backend.ready = 0;
    backend.begun++;
    assertThat(fillSlowly(1, 79)).isZero();
    assertThat(fillSlowly(80, 100)).as("the floor").isEqualTo(1);
  }

  @Test
  void pagesThatComeBackCountAgainstThoseThatAreFilled() {
    for (int i = 0; i < 300; i++) {
      backend.write(10);
      backend.reused += 10;
      cycleAfter(MILLI);
    }
    assertThat(backend.calls).as("writers run on pages that come back").isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1048576,64", "67108864,1", "268435456,1"})
  void neverKeepsMoreThanAheadBytesBeyondTheFloor(long pageBytes, int most) {
    backend.pageBytes = pageBytes;
    int peak = 0;
    for (int i = 0; i < 300; i++) {
      backend.begun += 1_000;
      backend.fill = 0.9;
      cycleAfter(MILLI);
      peak = Math.max(peak, backend.ready);
    }
    assertThat(peak).isEqualTo(most + 1);
  }

  @Test
  void aLongCycleLeavesTheRestToTheNext() {
    backend.makeNanos = 2 * MILLI;
    for (int i = 0; i < 100; i++) {
      backend.write(20);
      cycleAfter(MILLI);
    }
    backend.ready = 0;
    backend.calls.clear();
    backend.write(20);
    assertThat(cycleAfter(MILLI)).as("5 ms, 2 ms each").isEqualTo(3);
    assertThat(backend.calls).isEqualTo(Collections.nCopies(3, "makeReady"));
  }

  @Test
  void saysHowLongAPageTakesToFill() {
    assertThat(growth.fillNanos()).isInfinite();
    backend.write(0.5);
    cycleAfter(MILLI);
    assertThat(growth.fillNanos()).isEqualTo(2.0 * MILLI);
    backend.write(4);
    cycleAfter(MILLI);
    assertThat(growth.fillNanos()).isEqualTo(0.25 * MILLI);
    cycleAfter(MILLI);
    assertThat(growth.fillNanos()).as("nobody writes").isInfinite();
  }

  @Test
  void twoCyclesAtTheSameInstantAreNoInfiniteSpeed() {
    backend.write(0.5);
    assertThat(cycleAfter(0)).isZero();
    backend.write(0.1);
    cycleAfter(MILLI);
    backend.write(0.1);
    assertThat(cycleAfter(0)).isZero();
    assertThat(backend.ready).isZero();
    assertThat(growth.fillNanos()).isPositive().isFinite();
  }

  /** Fills the current page by one per cent a millisecond; the pages that were made meanwhile. */
  private int fillSlowly(int fromPercent, int toPercent) {
    int made = 0;
    for (int percent = fromPercent; percent <= toPercent; percent++) {
      backend.fill = percent / 100.0;
      made += cycleAfter(MILLI);
    }
    return made;
  }

  /** Writers that follow the time, and a pause of a millisecond between cycles. */
  private void runSteadily(double pagesPerMilli, int cycles) {
    long last = time.now();
    for (int i = 0; i < cycles; i++) {
      time.advance(MILLI);
      backend.write(pagesPerMilli * (time.now() - last) / MILLI);
      last = time.now();
      growth.cycle();
    }
  }

  private int cycleAfter(long nanos) {
    time.advance(nanos);
    return growth.cycle();
  }
}
