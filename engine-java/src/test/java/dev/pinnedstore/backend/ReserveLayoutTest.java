package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReserveLayoutTest {
  @Test
  void theSealIsTheHighestBitAndNothingElse() {
    assertThat(ReserveLayout.SEALED).isEqualTo(0x8000_0000_0000_0000L);
    assertThat(ReserveLayout.isSealed(ReserveLayout.SEALED)).isTrue();
    assertThat(ReserveLayout.isSealed(~ReserveLayout.SEALED)).isFalse();
    assertThat(ReserveLayout.isSealed(ReserveLayout.EMPTY)).isFalse();
  }

  @Test
  void sealingChangesNeitherEntriesNorGranules() {
    long word = 5 * ReserveLayout.ENTRY + 77;
    assertThat(ReserveLayout.entries(word)).isEqualTo(5);
    assertThat(ReserveLayout.usedGranules(word)).isEqualTo(77);
    assertThat(ReserveLayout.entries(word | ReserveLayout.SEALED)).isEqualTo(5);
    assertThat(ReserveLayout.usedGranules(word | ReserveLayout.SEALED)).isEqualTo(77);
  }

  @Test
  void theExtremesStayInTheirFields() {
    long mostGranules = 0xFFFF_FFFFL;
    assertThat(ReserveLayout.usedGranules(mostGranules)).isEqualTo(mostGranules);
    assertThat(ReserveLayout.entries(mostGranules)).isZero();
    long mostEntries = Integer.MAX_VALUE * ReserveLayout.ENTRY;
    assertThat(ReserveLayout.entries(mostEntries)).isEqualTo(Integer.MAX_VALUE);
    assertThat(ReserveLayout.usedGranules(mostEntries)).isZero();
    assertThat(ReserveLayout.isSealed(mostEntries + mostGranules)).isFalse();
    assertThat(ReserveLayout.entries(-1)).isEqualTo(Integer.MAX_VALUE);
    assertThat(ReserveLayout.usedGranules(-1)).isEqualTo(mostGranules);
  }

  @Test
  void theLargestPageFullOfTheSmallestBlobsFits() {
    long granules = (1L << 30) / EntryLayout.GRANULE_BYTES;
    long word = granules * (ReserveLayout.ENTRY + 1);
    assertThat(ReserveLayout.entries(word)).isEqualTo((int) granules);
    assertThat(ReserveLayout.usedGranules(word)).isEqualTo(granules);
  }
}
