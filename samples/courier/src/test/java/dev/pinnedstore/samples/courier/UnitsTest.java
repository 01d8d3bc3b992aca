package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnitsTest {
  @ParameterizedTest
  @CsvSource({"10ms, PT0.01S", "1s, PT1S", "3600s, PT1H", "1500ms, PT1.5S"})
  void aTimeIsRead(String text, Duration time) {
    assertThat(Units.parseTime(text)).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1", "s", "9ms", "0s", "-1s", "1.5s", "3601s", "1m", "9999999999s"})
  void aWrongTimeIsNamedWithItsLegalRange(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Units.parseTime(text))
        .withMessage(
            "%s: must be a time between 10ms and 3600s, a whole number with ms or s behind it",
            text);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "1KiB, 1024",
    "64mib, 67108864",
    "3GiB, 3221225472",
    "9223372036854775807, 9223372036854775807",
    "8589934591GiB, 9223372035781033984"
  })
  void sizesAreReadWithOrWithoutAUnit(String text, long bytes) {
    assertThat(Units.parseBytes(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1.0 KiB",
    "1536, 1.5 KiB",
    "1048575, 1.0 MiB",
    "316250000, 301.6 MiB",
    "9223372036854775807, 8.0 EiB"
  })
  void sizesArePrintedInTheUnitThatFits(long bytes, String text) {
    assertThat(Units.bytes(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 ns",
    "999, 999 ns",
    "1000, 1.0 us",
    "999949, 999.9 us",
    "999950, 1.0 ms",
    "1500000, 1.5 ms",
    "61000000000, 61.0 s"
  })
  void timesArePrintedInTheUnitThatFits(long nanos, String text) {
    assertThat(Units.time(nanos)).isEqualTo(text);
  }

  @Test
  void countsAreGrouped() {
    assertThat(Units.count(1234567)).isEqualTo("1,234,567");
    assertThat(Units.decimal(0.745)).isEqualTo("0.75");
  }
}
