package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReserveLayoutTest {
  /**
   * Entries and granules of a page of 1 GiB, full of the smallest blobs, behind one from before.
   */
  private static final int MOST = (1 << 30) / EntryLayout.GRANULE_BYTES;

  @Test
  void theSealIsTheHighestBitAndNothingElse() {
    assertThat(ReserveLayout.SEALED).isEqualTo(0x8000_0000_0000_0000L);
    assertThat(ReserveLayout.isSealed(ReserveLayout.SEALED)).isTrue();
    assertThat(ReserveLayout.isSealed(~ReserveLayout.SEALED)).isFalse();
    assertThat(ReserveLayout.isSealed(0)).isFalse();
    assertThat(ReserveLayout.isOpening(ReserveLayout.SEALED)).isFalse();
  }

  @Test
  void sealingChangesNeitherEntriesNorGranules() {
    long word = 5 * ReserveLayout.ENTRY + 77;
    assertThat(ReserveLayout.entries(word)).isEqualTo(5);
    assertThat(ReserveLayout.usedGranules(word)).isEqualTo(77);
    assertThat(ReserveLayout.entries(word | ReserveLayout.SEALED)).isEqualTo(5);
    assertThat(ReserveLayout.usedGranules(word | ReserveLayout.SEALED)).isEqualTo(77);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, -1, 4095, 4096, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void theExtremesStayInTheirFields(int generation) {
    long opened = ReserveLayout.opened(ReserveLayout.opening(generation, 0));
    assertThat(ReserveLayout.isSealed(opened)).isFalse();
    assertThat(ReserveLayout.isOpening(opened)).isFalse();
    long full = opened + MOST * (ReserveLayout.ENTRY + 1) + ReserveLayout.ENTRY;
    assertThat(ReserveLayout.entries(full)).isEqualTo(MOST + 1);
    assertThat(ReserveLayout.usedGranules(full)).isEqualTo(MOST);
    assertThat(ReserveLayout.isSealed(full)).isFalse();
    assertThat(ReserveLayout.isOpening(full)).isFalse();
    assertThat(full >>> 50).as("the generation").isEqualTo(opened >>> 50);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void aPageThatIsAboutToBeOpenedIsSealedAndKnowsWhatIsInIt(int generation) {
    long contents = ReserveLayout.ENTRY + 9;
    long word = ReserveLayout.opening(generation, contents);
    assertThat(ReserveLayout.isOpening(word)).isTrue();
    assertThat(ReserveLayout.isSealed(word)).isTrue();
    assertThat(word).isNotEqualTo(ReserveLayout.opening(generation + 1, contents));
    long opened = ReserveLayout.opened(word);
    assertThat(ReserveLayout.entries(opened)).isEqualTo(1);
    assertThat(ReserveLayout.usedGranules(opened)).isEqualTo(9);
  }
}
