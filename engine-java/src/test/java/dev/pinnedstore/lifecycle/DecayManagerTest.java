package dev.pinnedstore.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecayManagerTest {
  private static final long TIMEOUT = 1_600;

  private final FakeTime time = new FakeTime(Long.MAX_VALUE - 100);
  private final FakeBackend backend = new FakeBackend(time);
  private final DecayManager decay = new DecayManager(backend, time.clock(), TIMEOUT, 0);

  @Test
  void countsTheTimeoutExactlyBackFromNow() {
    time.advance(5_000);
    decay.sealIdle();
    decay.giveBack(true);
    long since = time.now() - TIMEOUT;
    assertThat(backend.calls)
        .containsExactly("sealIdle " + since, "giveBack " + since + " " + Integer.MAX_VALUE);
  }

  @ParameterizedTest
  @CsvSource({"1048576,256", "268435456,1", "536870912,1", "4096,65536"})
  void aCycleOfTheThreadGivesBackABoundedNumberOfBytes(long pageBytes, int pages) {
    backend.pageBytes = pageBytes;
    decay.giveBack(false);
    assertThat(backend.calls).containsExactly("giveBack " + (time.now() - TIMEOUT) + " " + pages);
  }

  @Test
  void aCycleByHandGivesBackAllThereIs() {
    backend.pageBytes = 1 << 30;
    backend.givenBack = 5_000;
    assertThat(decay.giveBack(true)).isEqualTo(5_000);
    assertThat(backend.calls.getFirst()).endsWith(" " + Integer.MAX_VALUE);
  }

  @Test
  void aThreadThatPollsQuicklyLooksSixteenTimesPerTimeout() {
    int looks = 0;
    for (int i = 0; i < TIMEOUT; i++) {
      time.advance(1);
      looks += decay.isDue(false) ? 1 : 0;
    }
    assertThat(looks).isEqualTo(16);
  }

  @Test
  void aThreadThatPollsSlowlyLooksEachTime() {
    for (int i = 0; i < 5; i++) {
      time.advance(TIMEOUT / 16);
      assertThat(decay.isDue(false)).isTrue();
    }
  }

  @Test
  void blobsThatExpireSoonerAreLookedForSooner() {
    DecayManager expiring = new DecayManager(backend, time.clock(), TIMEOUT, TIMEOUT / 10);
    int looks = 0;
    for (int i = 0; i < TIMEOUT; i++) {
      time.advance(1);
      looks += expiring.isDue(false) ? 1 : 0;
    }
    assertThat(looks).isEqualTo(160);
  }

  @Test
  void aReleaseThatIsTooLargeForOneCycleGoesOnInTheNext() {
    backend.pageBytes = DecayManager.MOST_BYTES / 4;
    backend.givenBack = 4;
    decay.giveBack(false);
    assertThat(decay.isDue(false)).as("as much as one may").isTrue();
    assertThat(decay.wantedPauseNanos()).isEqualTo(DecayManager.PAUSE_NANOS);
    backend.givenBack = 3;
    decay.giveBack(false);
    assertThat(decay.isDue(false)).as("that was the rest").isFalse();
    assertThat(decay.wantedPauseNanos()).isInfinite();
  }

  @Test
  void aCycleByHandAlwaysLooks() {
    assertThat(decay.isDue(true)).isTrue();
    assertThat(decay.isDue(true)).isTrue();
    assertThat(decay.isDue(false)).isFalse();
  }

  @Test
  void withoutATimeoutEveryCycleLooks() {
    DecayManager eager = new DecayManager(backend, time.clock(), 0, 0);
    assertThat(eager.isDue(false)).isTrue();
    assertThat(eager.isDue(false)).isTrue();
  }
}
