package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where blobs go on pages that lie side by side. */
class VirtualBackendTest {
  private static final int PAGE = Rig.PAGE;

  private final Rig rig = Rig.virtual(8);

  @AfterEach
  void allMemoryGoesBack() {
    rig.close();
  }

  @Test
  void onTheGrowingEdgeBlobsFollowEachOtherWithoutAGap() {
    long end = 0;
    for (int size : new int[] {1, 65, PAGE, 64, 2 * PAGE + 1, PAGE - 64, 3}) {
      Blob blob = rig.append(size);
      assertPlace(blob, (int) (end / PAGE), (int) (end % PAGE));
      assertThat(rig.resolve(blob)).isEqualTo(blob.bytes());
      end += (size + 63) / 64 * 64;
    }
    assertThat(rig.backend.stats().livePages()).isEqualTo(end / PAGE + 1);
    assertThat(rig.backend.pagesBegun()).isEqualTo(end / PAGE + 1);
  }

  @Test
  void aBlobThatEndsWithAPageLeavesTheNextOneWhole() {
    rig.append(64);
    Blob span = rig.append(2 * PAGE - 64);
    assertPlace(span, 0, 64);
    assertThat(rig.backend.stats().livePages()).isEqualTo(2);
    assertPlace(rig.append(64), 2, 0);
  }

  @Test
  void theRestOfAPageIsPaddingWhereItsNeighbourIsAlive() {
    List<Blob> pages = List.of(rig.append(PAGE), rig.append(PAGE), rig.append(PAGE));
    rig.acknowledge(pages.get(0));
    rig.backend.recycle(true);
    assertPlace(rig.append(PAGE - 64), 0, 0);
    assertPlace(rig.append(128), 3, 0);
    assertThat(rig.resolve(pages.get(1))).isEqualTo(pages.get(1).bytes());
  }

  @Test
  void aPageThatIsAtHandIsTakenRatherThanANeighbourThatMustBeMade() {
    List<Blob> pages = List.of(rig.append(PAGE), rig.append(PAGE), rig.append(PAGE - 64));
    rig.acknowledge(pages.get(0));
    rig.backend.recycle(true);
    assertPlace(rig.append(128), 0, 0);
    assertThat(rig.backend.stats().pagesMade()).isEqualTo(3);
  }

  @Test
  void theNeighbourThatTheLifecycleMadeReadyTakesTheRestOfABlob() {
    rig.append(PAGE - 64);
    assertThat(rig.backend.makeReady()).isTrue();
    assertThat(rig.backend.makeReady()).isTrue();
    assertPlace(rig.append(128), 0, PAGE - 64);
    assertThat(rig.events.stalled).as("the writer made no page").hasValue(0);
    assertThat(rig.backend.readyPages()).isEqualTo(1);
  }

  @Test
  void aPageThatNobodyNeedsIsSealedInsteadOfBeingCrossed() {
    rig.acknowledge(rig.append(PAGE - 64));
    rig.append(128);
    rig.backend.recycle(true);
    assertThat(rig.backend.readyPages()).as("the page below").isEqualTo(1);
  }

  @Test
  void aLargeBlobGoesOnFromTheEdgeOrTakesARunOfItsOwn() {
    Blob first = rig.append(64);
    Blob large = rig.append(3 * PAGE);
    assertPlace(large, 0, 64);
    assertPlace(rig.append(64), 3, 64);
    rig.acknowledge(first);
    rig.acknowledge(large);
    rig.backend.recycle(true);
    Blob again = rig.append(2 * PAGE + 64);
    assertThat(again.pageId()).as("the edge still").isEqualTo(3);
    assertThat(rig.resolve(again)).isEqualTo(again.bytes());
  }

  @Test
  void aRunThatIsReusedLeavesTheRestOfItsLastPageToOthers() {
    Blob whole = rig.append(8 * PAGE);
    rig.acknowledge(whole);
    Blob run = rig.append(2 * PAGE + 64);
    assertPlace(run, 0, 0);
    assertPlace(rig.append(64), 2, 64);
    assertThat(rig.backend.stats().pagesMade()).isEqualTo(8);
  }

  @Test
  void aRunIsTakenElsewhereAndThePageWithMoreRoomGoesOn() {
    List<Blob> pages = List.of(rig.append(PAGE), rig.append(PAGE), rig.append(PAGE));
    pages.subList(0, 2).forEach(rig::acknowledge);
    rig.backend.recycle(true);
    Blob small = rig.append(64);
    assertPlace(small, 0, 0);
    // The neighbours up to 2 are not enough.
    Blob large = rig.append(2 * PAGE + PAGE / 2);
    assertPlace(large, 3, 0);
    assertPlace(rig.append(64), 0, 64);
  }

  @Test
  void aBlobKeepsEveryPageThatItTouchesUntilItIsAcknowledged() {
    Blob before = rig.append(PAGE - 64);
    Blob span = rig.append(PAGE + 128);
    Blob after = rig.append(PAGE);
    assertThat(rig.backend.stats().liveBlobs()).isEqualTo(3);
    rig.acknowledge(before);
    rig.acknowledge(after);
    rig.settle();
    assertThat(rig.events.emptied).as("the page behind").hasValue(1);
    assertThat(rig.acknowledge(span)).isEqualTo(Codes.LIVE);
    assertThat(rig.acknowledge(span)).isEqualTo(Codes.ACKNOWLEDGED);
    assertThat(rig.events.emptied).hasValue(4);
    assertThat(rig.backend.stats().appendedBlobs()).isEqualTo(3);
    rig.assertAllIsBack();
    assertThat(rig.check(span)).isEqualTo(Codes.STALE);
  }

  @Test
  void countsEveryBlobOnceHoweverManyPagesItTouches() {
    for (int i = 0; i < 300; i++) {
      Blob blob = rig.append(1 + i * 97 % (4 * PAGE));
      assertThat(rig.backend.stats().liveBlobs()).isEqualTo(1);
      if (i % 3 == 0) {
        assertThat(rig.view(blob)).isNotNull();
      }
      rig.acknowledge(blob);
      assertThat(rig.backend.stats().liveBlobs()).isZero();
      assertThat(rig.backend.stats().appendedBlobs()).isEqualTo(i + 1);
    }
    rig.assertAllIsBack();
  }

  @Test
  void aViewAcrossPagesIsOnePieceAtOneAddressUntilItsPagesGo() {
    Blob before = rig.append(PAGE - 64);
    Blob span = rig.append(2 * PAGE);
    MemorySegment view = Objects.requireNonNull(rig.view(span));
    assertThat(view.isReadOnly()).isTrue();
    assertThat(view.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(span.bytes());
    assertThat(view.address())
        .isEqualTo(rig.source.data().base().address() + PAGE - 64)
        .isEqualTo(Objects.requireNonNull(rig.view(span)).address());
    MemorySegment other = Objects.requireNonNull(rig.view(before));
    rig.acknowledge(span);
    rig.settle();
    assertDead(view);
    assertThat(other.toArray(ValueLayout.JAVA_BYTE)).as("same page").isEqualTo(before.bytes());
  }

  @Test
  void groupsOfViewsOfPagesAndOfSpansDoNotWaitForEachOther() {
    try (Rig wide = Rig.virtual(64)) {
      wide.backend.setPolled(true);
      // Some four views share an Arena; each blob's view is opened before the next is written.
      Blob[] blobs = new Blob[12];
      for (int i = 0; i < blobs.length; i++) {
        blobs[i] = wide.append(PAGE + 64);
        assertThat(wide.view(blobs[i])).isNotNull();
      }
      for (Blob blob : blobs) {
        wide.acknowledge(blob);
      }
      wide.assertAllIsBack();
    }
  }

  @Test
  void aWindowAcrossPagesHoldsZerosInFreshInUsedAndInRecommittedMemory() {
    for (int round = 0; round < 3; round++) {
      long place = rig.reserve(3 * PAGE);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment window = rig.backend.window(place, 3 * PAGE, arena);
        assertThat(window.toArray(ValueLayout.JAVA_BYTE)).hasSize(3 * PAGE).containsOnly(0);
        window.fill((byte) 9);
      }
      rig.backend.cancel(place, 3 * PAGE);
      rig.assertAllIsBack();
      if (round == 1) {
        assertThat(rig.backend.giveBack(rig.nanos.now(), 9)).isEqualTo(2);
      }
    }
  }

  @Test
  void aReservationAcrossPagesThatIsGivenUpIsPaddingAndHoldsNoPage() {
    Blob before = rig.append(64);
    long place = rig.reserve(2 * PAGE);
    Blob after = rig.append(64);
    assertPlace(after, 2, 64);
    assertThat(rig.backend.stats().liveBlobs()).isEqualTo(3);
    rig.backend.cancel(place, 2 * PAGE);
    assertThat(rig.backend.stats().liveBlobs()).isEqualTo(2);
    assertThat(rig.events.emptied).as("the page between").hasValue(1);
    rig.acknowledge(before);
    rig.acknowledge(after);
    rig.assertAllIsBack();
  }

  @Test
  void anAppendAcrossPagesThatFailsHalfWayLeavesPaddingAndNoLiveEntry() {
    Arena arena = Arena.ofConfined();
    MemorySegment gone = arena.allocate(2 * PAGE);
    arena.close();
    long place = rig.reserve(2 * PAGE);
    assertThatThrownBy(() -> rig.backend.publish(place, gone, 0, 2 * PAGE, rig.clock.millis()))
        .isInstanceOf(IllegalStateException.class);
    rig.assertAllIsBack();
  }

  private static void assertPlace(Blob blob, int pageId, int offset) {
    assertThat(List.of(blob.pageId(), blob.offset())).isEqualTo(List.of(pageId, offset));
  }

  private static void assertDead(MemorySegment view) {
    assertThatThrownBy(() -> view.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }
}
