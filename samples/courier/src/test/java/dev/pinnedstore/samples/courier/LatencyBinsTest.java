package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyBinsTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 9, 10, 99, 1_000, 123_456, 3_600_000_000_000L})
  void aTimeIsInTheBinThatBeginsAtOrBelowIt(long nanos) {
    int bin = LatencyBins.bin(nanos);
    assertThat(LatencyBins.start(bin)).isLessThanOrEqualTo(nanos * (1 + 1e-9));
    assertThat(LatencyBins.start(bin + 1)).isGreaterThan(nanos * (1 - 1e-9));
  }

  @Test
  void everyTimeIsCountedOnce() {
    Histogram nanos = new Histogram(1_000_000_000, 3);
    for (int i = 0; i < 5_000; i++) {
      nanos.recordValue(i * 37L);
    }
    assertThat(LatencyBins.of(nanos).values().stream().mapToLong(Long::longValue).sum())
        .isEqualTo(5_000);
    assertThat(LatencyBins.of(new Histogram(1_000, 3))).isEmpty();
    assertThat(LatencyBins.bin(0)).isEqualTo(LatencyBins.bin(1));
  }
}
