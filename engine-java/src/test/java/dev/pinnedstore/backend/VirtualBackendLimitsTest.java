package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens at the limits of pages, of bytes, of addresses and of the operating system. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VirtualBackendLimitsTest {
  private static final int PAGE = Rig.PAGE;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void refusesBeyondItsPagesAndTakesBlobsAgainAfterAnyRelease(int maxPages) {
    try (Rig rig = Rig.virtual(new BackendSettings(PAGE, maxPages, 1 << 30, 0, 0), 512)) {
      List<Blob> blobs = fill(rig, maxPages);
      assertThat(rig.tryAppend(1)).isEqualTo(Codes.FULL_PAGES);
      for (int released = 0; released < maxPages; released++) {
        assertThat(rig.acknowledge(blobs.get(released))).isEqualTo(Codes.LIVE);
        blobs.set(released, rig.append(PAGE));
        assertThat(rig.tryAppend(1)).isEqualTo(Codes.FULL_PAGES);
      }
      assertWhole(rig, blobs);
      assertThat(rig.backend.stats().pagesMade()).isEqualTo(maxPages);
      release(rig, blobs);
    }
  }

  @Test
  void aLargeRunIsRefusedByTheLimitThatItMeets() {
    try (Rig pages = Rig.virtual(new BackendSettings(PAGE, 4, 1 << 30, 0, 0), 512);
        Rig bytes = Rig.virtual(new BackendSettings(PAGE, 100, 4 * PAGE, 0, 0), 512)) {
      List<Blob> inPages = fill(pages, 2);
      List<Blob> inBytes = fill(bytes, 2);
      assertThat(pages.tryAppend(3 * PAGE)).isEqualTo(Codes.FULL_PAGES);
      assertThat(bytes.tryAppend(3 * PAGE)).isEqualTo(Codes.FULL_BYTES);
      assertThat(pages.backend.stats().pagesMade()).as("nothing made in vain").isEqualTo(2);
      assertThat(pages.tryAppend(2 * PAGE)).isZero();
      assertThat(bytes.tryAppend(2 * PAGE)).isZero();
      release(pages, inPages);
      release(bytes, inBytes);
    }
  }

  @Test
  void aLargeBlobTakesTheRoomOfReadyPagesElsewhere() {
    try (Rig rig = Rig.virtual(8)) {
      List<Blob> blobs = fill(rig, 8);
      List<Blob> kept = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        if (i % 2 == 0) {
          rig.acknowledge(blobs.get(i));
        } else {
          kept.add(blobs.get(i));
        }
      }
      Blob large = rig.append(4 * PAGE);
      assertThat(large.pageId()).as("behind them: no two of them are neighbours").isEqualTo(8);
      assertThat(rig.backend.stats().committedBytes()).isEqualTo(8 * PAGE);
      kept.add(large);
      assertThat(rig.tryAppend(1)).isEqualTo(Codes.FULL_PAGES);
      assertWhole(rig, kept);
      release(rig, kept);
    }
  }

  @Test
  void aPageIsReusedAtTheLimitAsSoonAsTheViewedSpanThatEndsInItIsAcknowledged() {
    try (Rig rig = Rig.virtual(4)) {
      Blob kept = rig.append(PAGE - 64);
      Blob span = rig.append(128);
      assertThat(span.offset()).as("across").isEqualTo(PAGE - 64);
      assertThat(rig.view(span)).isNotNull();
      assertThat(rig.acknowledge(span)).isEqualTo(Codes.LIVE);
      rig.source.data().refuse(1_000);
      Blob next = rig.append(PAGE);
      assertThat(next.pageId()).isEqualTo(1);
      assertThat(next.offset()).isZero();
      release(rig, List.of(kept, next));
    }
  }

  @Test
  void theEndOfTheAddressesIsNamedAndNothingIsLost() {
    try (Rig rig = Rig.virtual(new BackendSettings(PAGE, 100, 1 << 30, 0, 0), 4)) {
      assertThat(rig.backend.maxBlobBytes()).isEqualTo(4 * PAGE);
      List<Blob> blobs = fill(rig, 3);
      assertThat(rig.tryAppend(2 * PAGE)).isEqualTo(Codes.FULL_ADDRESSES);
      blobs.addAll(fill(rig, 1));
      assertThat(rig.tryAppend(1)).isEqualTo(Codes.FULL_ADDRESSES);
      rig.acknowledge(blobs.remove(2));
      rig.acknowledge(blobs.removeFirst());
      assertThat(rig.tryAppend(2 * PAGE)).as("no neighbours").isEqualTo(Codes.FULL_ADDRESSES);
      assertThat(rig.tryAppend(PAGE)).isZero();
      assertWhole(rig, blobs);
      release(rig, blobs);
      assertThat(rig.tryAppend(4 * PAGE)).isZero();
    }
  }

  @Test
  void noRoomIsPromisedThatTheAddressesDoNotHave() {
    try (Rig rig = Rig.virtual(new BackendSettings(PAGE, 100, 1 << 30, 0, 0), 4)) {
      List<Blob> blobs = fill(rig, 4);
      assertThat(rig.backend.hasRoom(1)).isFalse();
      rig.acknowledge(blobs.remove(0));
      rig.acknowledge(blobs.remove(1));
      rig.backend.recycle(true);
      assertThat(rig.backend.hasRoom(PAGE)).isTrue();
      assertThat(rig.backend.hasRoom(PAGE + 1)).as("no neighbours").isFalse();
      release(rig, blobs);
      assertThat(rig.backend.hasRoom(4 * PAGE)).isTrue();
    }
  }

  @Test
  void aRefusalOfDataOrOfATableLosesNothingAndIsTold() {
    try (Rig rig = Rig.virtual(4)) {
      List<Blob> blobs = fill(rig, 1);
      for (int i = 0; i < 3; i++) {
        for (FakeReservation range : rig.source.reservations) {
          range.refuse(1);
          assertThat(rig.tryAppend(64)).isEqualTo(Codes.FULL_SYSTEM);
          assertHeld(rig, 1);
        }
      }
      assertThat(Objects.requireNonNull(rig.refusal()).getMessage()).contains("scripted refusal");
      blobs.addAll(fill(rig, 3));
      assertThat(blobs).extracting(Blob::pageId).as("no slot is lost").containsExactly(0, 1, 2, 3);
      assertThat(rig.tryAppend(1)).as("all of the budget was there").isEqualTo(Codes.FULL_PAGES);
      assertWhole(rig, blobs);
      release(rig, blobs);
    }
  }

  @Test
  void aRefusalWhereABlobWouldCrossPagesLeavesThePageOpen() {
    try (Rig rig = Rig.virtual(4)) {
      Blob first = rig.append(PAGE - 64);
      for (FakeReservation range : rig.source.reservations) {
        // Once for the neighbour, once for another page.
        range.refuse(2);
        assertThat(rig.tryAppend(128)).isEqualTo(Codes.FULL_SYSTEM);
        assertHeld(rig, 1);
      }
      Blob second = rig.append(64);
      assertThat(second.offset()).as("nothing is skipped").isEqualTo(PAGE - 64);
      release(rig, List.of(first, second));
    }
  }

  @Test
  void aNeighbourThatIsRefusedOnceIsPaddedAndNotWaitedFor() {
    try (Rig rig = Rig.virtual(4)) {
      Blob first = rig.append(PAGE - 64);
      rig.source.data().refuse(1);
      Blob second = rig.append(128);
      assertThat(second.offset()).isZero();
      assertThat(rig.resolve(second)).isEqualTo(second.bytes());
      release(rig, List.of(first, second));
    }
  }

  @Test
  void aLargeRunThatIsRefusedHalfWayKeepsWhatItGotReady() {
    try (Rig rig = Rig.virtual(8)) {
      List<Blob> blobs = fill(rig, 1);
      refuseAfter(rig, 2, 1_000_000);
      assertThat(rig.tryAppend(3 * PAGE)).isEqualTo(Codes.FULL_SYSTEM);
      rig.source.data().refuse(0);
      assertThat(rig.backend.pool.isPending()).isFalse();
      BackendStats stats = rig.backend.stats();
      assertHeld(rig, stats.livePages());
      assertThat(stats.readyPages()).isEqualTo(stats.livePages() - 1);
      blobs.add(rig.append(7 * PAGE));
      assertThat(blobs.getLast().pageId()).isEqualTo(1);
      assertWhole(rig, blobs);
      release(rig, blobs);
    }
  }

  @Test
  void theLifecycleMakesNothingBeyondTheLimitsOrTheSystem() {
    try (Rig rig = Rig.virtual(2)) {
      for (FakeReservation range : rig.source.reservations) {
        range.refuse(1);
        assertThat(rig.backend.makeReady()).isFalse();
        assertHeld(rig, 1);
      }
      assertThat(rig.backend.makeReady()).isTrue();
      assertThat(rig.backend.makeReady()).isFalse();
      assertThat(rig.backend.readyPages()).isEqualTo(2);
    }
  }

  @Test
  void afterThePreparationForAWaitTheLastAcknowledgementOfASpanMakesRoom() {
    try (Rig rig = Rig.virtual(2)) {
      Blob span = rig.append(PAGE + 64);
      rig.backend.sealFor(PAGE);
      assertThat(rig.backend.hasRoom(PAGE)).isFalse();
      rig.acknowledge(span);
      assertThat(rig.events.emptied).as("who waits is woken by that").hasValue(2);
      assertThat(rig.backend.hasRoom(PAGE)).isTrue();
    }
  }

  /** Refuses commits of data once so many have succeeded. */
  private static void refuseAfter(Rig rig, int commits, int times) {
    rig.source.onNextMap(
        () -> {
          if (commits == 0) {
            rig.source.data().refuse(times);
          } else {
            // The page's table comes next.
            rig.source.onNextMap(() -> refuseAfter(rig, commits - 1, times));
          }
        });
  }

  /** So many pages hold memory, and the budget knows no other. */
  private static void assertHeld(Rig rig, long pages) {
    BackendStats stats = rig.backend.stats();
    assertThat(stats.livePages()).isEqualTo(pages);
    assertThat(stats.committedBytes()).isEqualTo(pages * PAGE);
    assertThat(stats.tableBytes()).as("whole pages of the system").isEqualTo(pages * 4096);
    assertThat(rig.source.data().committedBytes()).isEqualTo(pages * PAGE);
    assertThat(rig.source.tables().committedBytes()).isEqualTo(pages * 4096);
    assertThat(rig.backend.pool.isPending()).isFalse();
  }

  private static List<Blob> fill(Rig rig, int pages) {
    List<Blob> blobs = new ArrayList<>();
    for (int i = 0; i < pages; i++) {
      blobs.add(rig.append(PAGE));
    }
    return blobs;
  }

  private static void assertWhole(Rig rig, List<Blob> blobs) {
    assertThat(blobs).allSatisfy(b -> assertThat(rig.resolve(b)).isEqualTo(b.bytes()));
  }

  private static void release(Rig rig, List<Blob> blobs) {
    blobs.forEach(blob -> assertThat(rig.acknowledge(blob)).isEqualTo(Codes.LIVE));
    rig.assertAllIsBack();
  }
}
