package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where blobs go, and what a handle is from the append to long after. */
class SegmentedBackendTest {
  private final Rig rig = new Rig(4);

  @AfterEach
  void allMemoryGoesBack() {
    rig.close();
  }

  @Test
  void blobsStartOnGranulesWithoutAGapBetweenThem() {
    assertThat(rig.append(1).offset()).isZero();
    assertThat(rig.append(64).offset()).isEqualTo(64);
    assertThat(rig.append(65).offset()).isEqualTo(128);
    assertThat(rig.append(1).offset()).isEqualTo(256);
    assertThat(rig.append(1).pageId()).isZero();
  }

  @Test
  void aPageIsFilledToItsLastGranule() {
    Blob first = rig.append(Rig.PAGE - 64);
    Blob last = rig.append(64);
    assertThat(last.pageId()).isEqualTo(first.pageId());
    assertThat(last.offset()).isEqualTo(Rig.PAGE - 64);
    assertThat(rig.backend.fill()).isEqualTo(1.0);
    Blob next = rig.append(1);
    assertThat(next.pageId()).isNotEqualTo(first.pageId());
    assertThat(next.offset()).isZero();
    assertThat(rig.resolve(last)).isEqualTo(last.bytes());
  }

  @Test
  void aBlobThatDoesNotFitGoesToTheNextPageWhole() {
    Blob first = rig.append(65);
    Blob second = rig.append(Rig.PAGE - 128 + 1);
    assertThat(second.pageId()).isNotEqualTo(first.pageId());
    assertThat(second.offset()).isZero();
    assertThat(rig.resolve(second)).isEqualTo(second.bytes());
  }

  @Test
  void fillAndPagesBegunSayHowFarWritersAre() {
    assertThat(rig.backend.fill()).isZero();
    assertThat(rig.backend.pagesBegun()).isZero();
    rig.append(Rig.PAGE / 4);
    assertThat(rig.backend.fill()).isEqualTo(0.25);
    assertThat(rig.backend.pagesBegun()).isEqualTo(1);
    rig.append(Rig.PAGE);
    assertThat(rig.backend.pagesBegun()).isEqualTo(2);
  }

  @Test
  void aBlobLargerThanAPageHasAContiguousPageOfItsOwnSize() {
    Blob large = rig.append(Rig.PAGE + 1);
    assertThat(large.offset()).isZero();
    assertThat(rig.source.mappings.getLast().dataBytes()).isEqualTo(2 * Rig.PAGE);
    assertThat(rig.resolve(large)).isEqualTo(large.bytes());
    MemorySegment view = Objects.requireNonNull(rig.view(large));
    assertThat(view.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(large.bytes());
    assertThat(rig.append(1).pageId()).as("it takes no other blob").isNotEqualTo(large.pageId());
  }

  @Test
  void aLargePageIsReusedForABlobOfAtLeastHalfItsSize() {
    Blob large = rig.append(3 * Rig.PAGE);
    assertThat(rig.acknowledge(large)).isEqualTo(Codes.LIVE);
    rig.backend.recycle(true);
    Blob next = rig.append(Rig.PAGE + 5);
    assertThat(next.pageId()).isEqualTo(large.pageId());
    assertThat(next.generation()).isEqualTo(large.generation() + 1);
    assertThat(rig.source.mappings).hasSize(2);
    assertThat(rig.resolve(next)).isEqualTo(next.bytes());
    assertThat(rig.resolve(large)).isNull();
  }

  @Test
  void aLargeEmptyPageIsNotWastedOnABlobOfLessThanHalfItsSize() {
    try (Rig roomy = new Rig(16)) {
      Blob large = roomy.append(6 * Rig.PAGE);
      roomy.acknowledge(large);
      Blob next = roomy.append(2 * Rig.PAGE);
      assertThat(next.pageId()).isNotEqualTo(large.pageId());
      assertThat(roomy.append(4 * Rig.PAGE).pageId()).isEqualTo(large.pageId());
    }
  }

  @Test
  void aHandleIsLiveThenAcknowledgedThenStale() {
    Blob blob = rig.append(100);
    assertThat(rig.check(blob)).isEqualTo(Codes.LIVE);
    assertThat(rig.acknowledge(blob)).isEqualTo(Codes.LIVE);
    assertThat(rig.acknowledge(blob)).isEqualTo(Codes.ACKNOWLEDGED);
    assertThat(rig.check(blob)).isEqualTo(Codes.ACKNOWLEDGED);
    assertThat(rig.view(blob)).isNull();
    assertThat(rig.resolve(blob)).isNull();
    rig.settle();
    assertThat(rig.check(blob)).isEqualTo(Codes.STALE);
    assertThat(rig.acknowledge(blob)).isEqualTo(Codes.STALE);
    Blob next = rig.append(100);
    assertThat(next.pageId()).isEqualTo(blob.pageId());
    assertThat(next.offset()).isEqualTo(blob.offset());
    assertThat(rig.check(blob)).isEqualTo(Codes.STALE);
    assertThat(rig.check(next)).isEqualTo(Codes.LIVE);
    assertThat(rig.check(next.of(next.generation() + 1))).isEqualTo(Codes.NEVER_ISSUED);
  }

  @Test
  void aHandleWithAnyWrongFieldWasNeverIssued() {
    Blob blob = rig.append(100);
    rig.append(100);
    int page = blob.pageId();
    int generation = blob.generation();
    long millis = blob.millis();
    assertThat(rig.backend.check(page + 1, 0, 100, generation, millis)).isEqualTo(neverIssued());
    assertThat(rig.backend.check(-1, 0, 100, generation, millis)).isEqualTo(neverIssued());
    for (int offset : new int[] {1, 64, 63, Rig.PAGE - 64, Rig.PAGE, Integer.MIN_VALUE, -64, -1}) {
      assertThat(rig.backend.check(page, offset, 100, generation, millis))
          .as("offset %s", offset)
          .isEqualTo(neverIssued());
      assertThat(rig.backend.view(page, offset, 100, generation, millis)).isNull();
      assertThat(rig.backend.acknowledge(page, offset, 100, generation, millis))
          .isEqualTo(neverIssued());
    }
    for (int size : new int[] {0, 99, 101, -1, Integer.MIN_VALUE}) {
      assertThat(rig.backend.check(page, 0, size, generation, millis)).isEqualTo(neverIssued());
      assertThat(rig.backend.view(page, 0, size, generation, millis)).isNull();
    }
    assertThat(rig.backend.check(page, 0, 100, generation - 1, millis)).isEqualTo(neverIssued());
    assertThat(rig.backend.check(page, 0, 100, generation, millis + 1)).isEqualTo(neverIssued());
    assertThat(rig.backend.check(page, 0, 100, generation, millis + (1 << 20)))
        .as("equal in the bits that the word keeps")
        .isEqualTo(neverIssued());
    assertThat(rig.check(blob)).as("nothing of this did any harm").isEqualTo(Codes.LIVE);
  }

  private static int neverIssued() {
    return Codes.NEVER_ISSUED;
  }

  @Test
  void aWindowHoldsZerosInFreshAndInUsedMemory() {
    for (int round = 0; round < 2; round++) {
      long place = rig.backend.reserve(200, rig.clock.millis());
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment window = rig.backend.window(place, 200, arena);
        assertThat(window.toArray(ValueLayout.JAVA_BYTE)).hasSize(200).containsOnly(0);
        window.fill((byte) 9);
      }
      rig.backend.cancel(place, 200);
      rig.settle();
    }
    assertThat(rig.backend.stats().pagesReused()).isEqualTo(2);
  }

  @Test
  void aWindowIsTheBlobThatIsPublished() {
    long millis = rig.clock.millis();
    long place = rig.backend.reserve(5, millis);
    int page = Codes.pageId(place);
    int generation = rig.backend.generation(page);
    try (Arena arena = Arena.ofConfined()) {
      rig.backend.window(place, 5, arena).fill((byte) 3);
      assertThat(rig.backend.check(page, 0, 5, generation, millis))
          .as("before it is published")
          .isEqualTo(Codes.NEVER_ISSUED);
    }
    rig.backend.publish(place, 5, millis);
    assertThat(rig.backend.resolve(page, 0, 5, generation, millis)).containsExactly(3, 3, 3, 3, 3);
  }

  @Test
  void cancelledSpaceIsPaddingAndHoldsNoPage() {
    Blob blob = rig.append(64);
    long place = rig.backend.reserve(64, rig.clock.millis());
    assertThat(rig.backend.stats().liveBlobs()).isEqualTo(2);
    rig.backend.cancel(place, 64);
    assertThat(rig.backend.stats().liveBlobs()).isEqualTo(1);
    assertThat(rig.append(64).offset()).as("never handed out twice").isEqualTo(128);
    rig.acknowledge(blob);
    assertThat(rig.backend.stats().liveBlobs()).isEqualTo(1);
  }

  @Test
  void anAppendThatFailsHalfWayLeavesPaddingAndNoLiveEntry() {
    Arena arena = Arena.ofConfined();
    MemorySegment gone = arena.allocate(64);
    arena.close();
    long place = rig.backend.reserve(64, rig.clock.millis());
    assertThatThrownBy(() -> rig.backend.publish(place, gone, 0, 64, rig.clock.millis()))
        .isInstanceOf(IllegalStateException.class);
    assertThat(rig.backend.stats().liveBlobs()).isZero();
    rig.settle();
    assertThat(rig.backend.stats().readyPages()).isEqualTo(1);
  }

  @Test
  void aPagesBlobsKeepTheirAddressAndBytesWhileOthersComeAndGo() {
    Blob kept = rig.append(64);
    MemorySegment view = Objects.requireNonNull(rig.view(kept));
    long address = view.address();
    for (int i = 0; i < 300; i++) {
      assertThat(rig.acknowledge(rig.append(640))).isEqualTo(Codes.LIVE);
      rig.backend.recycle(true);
    }
    assertThat(Objects.requireNonNull(rig.view(kept)).address()).isEqualTo(address);
    assertThat(view.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(kept.bytes());
  }

  @Test
  void countsEveryAppendOnce() {
    for (int i = 0; i < 500; i++) {
      rig.acknowledge(rig.append(100 + i));
    }
    rig.settle();
    assertThat(rig.backend.stats().appendedBlobs()).isEqualTo(500);
    assertThat(rig.backend.stats().liveBlobs()).isZero();
  }
}
