package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens at the limits of pages, of bytes and of the operating system. */
class SegmentedBackendLimitsTest {
  private static final int PAGE = Rig.PAGE;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void refusesBeyondItsPagesAndTakesBlobsAgainAfterAnyRelease(int maxPages) {
    try (Rig rig = new Rig(new BackendSettings(PAGE, maxPages, 1 << 30, 0, 0))) {
      List<Blob> blobs = fill(rig, maxPages);
      assertThat(rig.tryAppend(1)).isEqualTo(Codes.FULL_PAGES);
      assertThat(rig.tryAppend(PAGE + 1)).isEqualTo(Codes.FULL_PAGES);
      for (int released = 0; released < maxPages; released++) {
        assertThat(rig.acknowledge(blobs.get(released))).isEqualTo(Codes.LIVE);
        blobs.set(released, rig.append(PAGE));
        assertThat(rig.tryAppend(1)).isEqualTo(Codes.FULL_PAGES);
      }
      assertThat(blobs).allSatisfy(b -> assertThat(rig.resolve(b)).isEqualTo(b.bytes()));
      assertThat(rig.backend.stats().pagesMade()).isEqualTo(maxPages);
    }
  }

  @Test
  void refusesBeyondItsBytes() {
    try (Rig rig = new Rig(new BackendSettings(PAGE, 100, 3L * PAGE, 0, 0))) {
      fill(rig, 2);
      assertThat(rig.tryAppend(2 * PAGE)).isEqualTo(Codes.FULL_BYTES);
      fill(rig, 1);
      assertThat(rig.tryAppend(1)).isEqualTo(Codes.FULL_BYTES);
      assertThat(rig.backend.stats().committedBytes()).isEqualTo(3 * PAGE);
      assertThat(rig.backend.refusal()).as("not the system's").isNull();
    }
  }

  @Test
  void aViewedPageIsReusedAtTheLimitAsSoonAsItIsEmpty() {
    try (Rig rig = new Rig(1)) {
      for (int i = 0; i < 20; i++) {
        Blob blob = rig.append(PAGE);
        assertThat(rig.view(blob)).isNotNull();
        assertThat(rig.tryAppend(1)).isEqualTo(Codes.FULL_PAGES);
        rig.acknowledge(blob);
      }
    }
  }

  @Test
  void aSmallBlobFindsRoomInAnyPageThatHasIt() {
    try (Rig rig = new Rig(2)) {
      rig.append(PAGE - 64);
      rig.append(PAGE - 64);
      assertThat(rig.tryAppend(PAGE)).isEqualTo(Codes.FULL_PAGES);
      rig.append(64);
      assertThat(rig.tryAppend(64)).isEqualTo(Codes.FULL_PAGES);
    }
  }

  @Test
  void aLargeBlobTakesTheRoomOfAnUnusedAndOfAnAcknowledgedPage() {
    try (Rig rig = new Rig(new BackendSettings(PAGE, 10, 2L * PAGE, 0, 0))) {
      assertThat(rig.tryAppend(2 * PAGE)).as("one ready page stands in the way").isZero();
      assertThat(rig.tryAppend(64)).as("and gets its room back").isZero();
      assertThat(rig.tryAppend(2 * PAGE)).as("its blobs are acknowledged").isZero();
      assertThat(rig.backend.stats().committedBytes()).isEqualTo(2 * PAGE);
      assertThat(rig.backend.stats().peakCommittedBytes()).isEqualTo(2 * PAGE);
    }
  }

  @Test
  void aRequestThatCannotBeServedDestroysNoSparePage() {
    try (Rig rig = new Rig(new BackendSettings(PAGE, 4, 4L * PAGE, 0, 0))) {
      rig.acknowledge(rig.append(2 * PAGE));
      rig.append(PAGE);
      assertThat(rig.tryAppend(4 * PAGE)).isEqualTo(Codes.FULL_BYTES);
      assertThat(rig.backend.stats().pagesGivenBack()).isZero();
      assertThat(rig.tryAppend(2 * PAGE)).isZero();
      assertThat(rig.backend.stats().pagesMade()).as("the page from before").isEqualTo(2);
    }
  }

  @Test
  void aRefusalByTheSystemLosesNothingAndIsTold() {
    try (Rig rig = new Rig(4)) {
      List<Blob> blobs = fill(rig, 1);
      for (int i = 0; i < 3; i++) {
        rig.source.refuse(1);
        assertThat(rig.tryAppend(64)).isEqualTo(Codes.FULL_SYSTEM);
        rig.source.refuseTouch(1);
        assertThat(rig.tryAppend(64)).isEqualTo(Codes.FULL_SYSTEM);
        rig.source.refuse(1);
        assertThat(rig.tryAppend(2 * PAGE)).isEqualTo(Codes.FULL_SYSTEM);
      }
      assertThat(Objects.requireNonNull(rig.refusal()).getMessage()).contains("scripted refusal");
      assertThat(rig.source.open()).as("what could not be touched is unmapped").hasSize(1);
      assertThat(rig.backend.stats().livePages()).isEqualTo(1);
      assertThat(rig.backend.stats().committedBytes()).isEqualTo(PAGE);
      assertThat(rig.backend.stats().tableBytes()).isEqualTo(Rig.GRANULES * 8);
      blobs.addAll(fill(rig, 3));
      assertThat(rig.tryAppend(1)).as("all of the budget was there").isEqualTo(Codes.FULL_PAGES);
      assertThat(blobs).allSatisfy(b -> assertThat(rig.resolve(b)).isEqualTo(b.bytes()));
    }
  }

  @Test
  void aRefusalByTheSystemIsOvercomeByGivingUpSpareMemory() {
    try (Rig rig = new Rig(8)) {
      rig.acknowledge(rig.append(3 * PAGE));
      fill(rig, 1);
      rig.source.refuse(1);
      rig.append(64);
      assertThat(rig.backend.stats().pagesGivenBack()).as("the spare large page").isEqualTo(1);
    }
  }

  @Test
  void theLifecycleMakesNothingBeyondTheLimitsOrTheSystem() {
    try (Rig rig = new Rig(2)) {
      rig.source.refuse(1);
      assertThat(rig.backend.makeReady()).isFalse();
      assertThat(rig.backend.makeReady()).isTrue();
      assertThat(rig.backend.makeReady()).isFalse();
      assertThat(rig.backend.readyPages()).isEqualTo(2);
    }
  }

  @Test
  void saysWhetherAnAppendMayFit() {
    try (Rig rig = new Rig(2)) {
      assertThat(rig.backend.hasRoom(1)).isTrue();
      assertThat(rig.backend.hasRoom(2 * PAGE)).isTrue();
      Blob first = rig.append(PAGE);
      assertThat(rig.backend.hasRoom(PAGE)).as("a page may be made").isTrue();
      assertThat(rig.backend.hasRoom(2 * PAGE)).isFalse();
      rig.append(PAGE - 64);
      assertThat(rig.backend.hasRoom(64)).isTrue();
      assertThat(rig.backend.hasRoom(65)).isFalse();
      rig.acknowledge(first);
      assertThat(rig.backend.hasRoom(65)).isTrue();
    }
  }

  @Test
  void afterThePreparationForAWaitTheLastAcknowledgementOfAFullPageMakesRoom() {
    try (Rig rig = new Rig(1)) {
      Blob blob = rig.append(PAGE - 64);
      rig.backend.sealFor(64);
      Blob last = rig.append(64);
      assertThat(last.pageId()).as("a page with room for it stays").isEqualTo(blob.pageId());
      rig.backend.sealFor(64);
      rig.acknowledge(blob);
      assertThat(rig.backend.hasRoom(64)).isFalse();
      assertThat(rig.events.emptied).hasValue(0);
      rig.acknowledge(last);
      assertThat(rig.events.emptied).as("who waits is woken by that").hasValue(1);
      assertThat(rig.backend.hasRoom(64)).isTrue();
    }
  }

  @Test
  void thePreparationForAWaitFindsThePageThatIsAcknowledgedAlready() {
    try (Rig rig = new Rig(1)) {
      rig.acknowledge(rig.append(PAGE));
      rig.backend.sealFor(1);
      assertThat(rig.backend.hasRoom(1)).isTrue();
      rig.append(PAGE);
    }
  }

  private static List<Blob> fill(Rig rig, int pages) {
    List<Blob> blobs = new ArrayList<>();
    for (int i = 0; i < pages; i++) {
      blobs.add(rig.append(PAGE));
    }
    return blobs;
  }
}
