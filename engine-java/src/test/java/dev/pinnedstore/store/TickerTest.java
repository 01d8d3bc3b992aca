package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TickerTest {

  @Test
  void theSystemTickerIsTheMonotonicClockOfTheJvm() {
    long before = System.nanoTime();
    long now = Ticker.system().nanos();
    long after = System.nanoTime();
    assertThat(now - before).isNotNegative();
    assertThat(after - now).isNotNegative();
  }

  @Test
  void theSystemTickerIsOneObjectSoConfigsThatUseItAreEqual() {
    assertThat(Ticker.system()).isSameAs(Ticker.system()).hasToString("system");
  }
}
