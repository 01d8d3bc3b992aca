package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two writers at a page's end: what the second does happens while the first commits memory. */
class VirtualBackendWritersTest {
  private static final int PAGE = Rig.PAGE;

  private final List<Blob> others = new ArrayList<>();

  @Test
  void whoLosesTheRaceAcrossAPageGivesTheNeighbourBackAndFollows() {
    try (Rig rig = Rig.virtual(4)) {
      Blob first = rig.append(PAGE - 64);
      rig.source.onNextMap(() -> others.add(rig.append(128)));
      Blob late = rig.append(128);
      assertThat(others.getFirst().pageId()).as("padding: the neighbour was taken").isEqualTo(2);
      assertThat(late.pageId()).isEqualTo(2);
      assertThat(late.offset()).isEqualTo(128);
      assertThat(rig.backend.readyPages()).as("the loser's neighbour").isEqualTo(1);
      assertBack(rig, first, late);
    }
  }

  @Test
  void aPageThatFillsUpMeanwhileIsCrossedFromItsNewEnd() {
    try (Rig rig = Rig.virtual(4)) {
      Blob first = rig.append(PAGE - 128);
      rig.source.onNextMap(() -> others.add(rig.append(64)));
      Blob late = rig.append(192);
      assertThat(others.getFirst().offset()).isEqualTo(PAGE - 128);
      assertThat(List.of(late.pageId(), late.offset())).isEqualTo(List.of(0, PAGE - 64));
      assertBack(rig, first, late);
    }
  }

  @Test
  void aPageThatIsSealedMeanwhileIsNotCrossed() {
    try (Rig rig = Rig.virtual(4)) {
      Blob first = rig.append(PAGE - 64);
      rig.source.onNextMap(() -> rig.backend.sealFor(PAGE));
      Blob late = rig.append(128);
      assertThat(late.offset()).isZero();
      assertBack(rig, first, late);
    }
  }

  @Test
  void aLargeRunWhoseStripeGetsAnotherPageMeanwhileLosesNoPage() {
    try (Rig rig = Rig.virtual(8)) {
      Blob first = rig.append(PAGE);
      rig.source.onNextMap(() -> others.add(rig.append(64)));
      Blob large = rig.append(2 * PAGE + 64);
      assertThat(rig.resolve(large)).isEqualTo(large.bytes());
      Blob next = rig.append(64);
      assertThat(rig.resolve(next)).isEqualTo(next.bytes());
      assertBack(rig, first, large, next);
    }
  }

  @Test
  void twoLargeRunsAtTheSameTimeDoNotOverlap() {
    try (Rig rig = Rig.virtual(16)) {
      rig.source.onNextMap(() -> others.add(rig.append(3 * PAGE + 64)));
      Blob large = rig.append(3 * PAGE + 64);
      assertBack(rig, large);
    }
  }

  @Test
  void writersAtTheEndOfTheirBudgetLeaveEachOtherWhatFits() {
    try (Rig rig = Rig.virtual(4)) {
      Blob first = rig.append(PAGE);
      rig.source.onNextMap(() -> others.add(rig.append(2 * PAGE)));
      assertThat(rig.tryAppend(3 * PAGE)).isEqualTo(Codes.FULL_PAGES);
      assertThat(rig.tryAppend(PAGE)).isZero();
      assertBack(rig, first);
    }
  }

  private void assertBack(Rig rig, Blob... blobs) {
    others.addAll(List.of(blobs));
    assertThat(others).allSatisfy(b -> assertThat(rig.resolve(b)).isEqualTo(b.bytes()));
    assertThat(rig.backend.stats().liveBlobs()).isEqualTo(others.size());
    others.forEach(blob -> assertThat(rig.acknowledge(blob)).isEqualTo(Codes.LIVE));
    rig.assertAllIsBack();
  }
}
