package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CodesTest {
  @ParameterizedTest
  @CsvSource({"0,0", "0,4294967295", "2147483647,0", "2147483647,4294967295", "5,2147483648"})
  void aPlaceKeepsPageAndUnsignedOffsetAndIsNoRefusal(int pageId, long offset) {
    long place = Codes.place(pageId, offset);
    assertThat(place).isNotNegative();
    assertThat(Codes.pageId(place)).isEqualTo(pageId);
    assertThat(Integer.toUnsignedLong(Codes.offset(place))).isEqualTo(offset);
  }

  @Test
  void refusalsAreNegativeAndDiffer() {
    assertThat(new long[] {Codes.FULL_PAGES, Codes.FULL_BYTES, Codes.FULL_SYSTEM, Codes.CLOSED})
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrder(-1, -2, -3, -4);
  }
}
