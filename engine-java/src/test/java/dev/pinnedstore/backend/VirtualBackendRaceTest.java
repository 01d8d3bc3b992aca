package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Readers of a blob that crosses pages, and who acknowledges it: single interleavings, forced. What
 * another thread does happens while the first reads a clock.
 */
class VirtualBackendRaceTest {
  private static final int PAGE = Rig.PAGE;

  private final AtomicReference<Blob> successor = new AtomicReference<>();

  @Test
  void aFirstViewerThatIsOvertakenByTheAcknowledgerGetsNothing() {
    try (Rig rig = Rig.virtual(2)) {
      Blob span = rig.append(2 * PAGE);
      rig.nanos.onNextRead(() -> reuse(rig, span, 2 * PAGE));
      assertThat(rig.view(span)).isNull();
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void aFirstViewerThatHasOpenedTheSpanAndNotItsPageGetsNothingOnceItIsAcknowledged() {
    try (Rig rig = Rig.virtual(2)) {
      Blob span = rig.append(2 * PAGE);
      rig.nanos.onNextRead(() -> rig.nanos.onNextRead(() -> reuse(rig, span, 2 * PAGE)));
      assertThat(rig.view(span)).isNull();
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void anAcknowledgerThatIsOvertakenByTheFirstViewerLeavesThePagesToTheView() {
    try (Rig rig = Rig.virtualExpiring(2, Duration.ofHours(1))) {
      Blob span = rig.append(2 * PAGE);
      AtomicReference<MemorySegment> seen = new AtomicReference<>();
      // Its look at the clock is its last before it changes the blob's word.
      rig.nanos.onNextRead(() -> seen.set(rig.view(span)));
      assertThat(rig.acknowledge(span)).isEqualTo(Codes.LIVE);
      MemorySegment view = Objects.requireNonNull(seen.get());
      assertThat(view.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(span.bytes());
      assertThat(rig.events.emptied).as("pages that a view shows").hasValue(0);
      successor.set(rig.append(2 * PAGE));
      assertDead(view);
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void aViewerBehindTheAcknowledgerMakesNoView() {
    try (Rig rig = Rig.virtual(2)) {
      Blob span = rig.append(2 * PAGE);
      AtomicReference<MemorySegment> seen = new AtomicReference<>();
      // The marker is gone, the pages are not yet released.
      rig.nanos.onNextRead(
          () -> {
            rig.backend.openView(span.pageId(), span.offset(), span.size());
            seen.set(rig.view(span));
          });
      assertThat(rig.acknowledge(span)).isEqualTo(Codes.LIVE);
      assertThat(seen.get()).isNull();
      assertThat(rig.backend.directory.at(0).span.isNone()).isTrue();
      successor.set(rig.append(2 * PAGE));
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void twoFirstViewersSeeTheSameMemory() {
    try (Rig rig = Rig.virtual(2)) {
      Blob span = rig.append(2 * PAGE);
      successor.set(span);
      AtomicReference<MemorySegment> other = new AtomicReference<>();
      rig.nanos.onNextRead(() -> other.set(rig.view(span)));
      MemorySegment view = Objects.requireNonNull(rig.view(span));
      assertThat(view.address()).isEqualTo(other.get().address());
      assertThat(view.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(span.bytes());
      assertNothingHeldUp(rig);
    }
  }

  /** The second page of a blob may be written again while its first page lives on. */
  @Test
  void aCopyOfABlobWhoseSecondPageIsReusedMeanwhileIsNotHandedOut() {
    try (Rig rig = Rig.virtualExpiring(4, Duration.ofHours(1))) {
      Blob kept = rig.append(PAGE - 64);
      Blob span = rig.append(PAGE + 64);
      rig.nanos.onNextRead(
          () -> {
            assertThat(rig.acknowledge(span)).isEqualTo(Codes.LIVE);
            rig.settle();
            successor.set(rig.append(PAGE));
            assertThat(successor.get().pageId()).isEqualTo(span.pageId() + 1);
          });
      assertThat(rig.resolve(span)).as("a mixture of two blobs").isNull();
      assertThat(rig.resolve(kept)).isEqualTo(kept.bytes());
      rig.acknowledge(kept);
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void aCopyOfABlobWhoseSecondPageIsGivenBackMeanwhileIsNotHandedOut() {
    try (Rig rig = Rig.virtualExpiring(4, Duration.ofHours(1))) {
      successor.set(rig.append(PAGE - 64));
      Blob span = rig.append(PAGE + 64);
      rig.nanos.onNextRead(
          () -> {
            assertThat(rig.acknowledge(span)).isEqualTo(Codes.LIVE);
            rig.settle();
            assertThat(rig.backend.giveBack(rig.nanos.now(), 1)).isEqualTo(1);
          });
      assertThat(rig.resolve(span)).isNull();
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void anAcknowledgerWhoSleptThroughAnIncarnationTakesNothingFromItsSuccessor() {
    try (Rig rig = Rig.virtualExpiring(2, Duration.ofHours(1))) {
      Blob span = rig.append(2 * PAGE);
      rig.nanos.onNextRead(() -> reuse(rig, span, 2 * PAGE));
      assertThat(rig.acknowledge(span)).isEqualTo(Codes.STALE);
      assertThat(rig.check(successor.get())).isEqualTo(Codes.LIVE);
      assertNothingHeldUp(rig);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2 * PAGE, 2 * PAGE - 64, 3 * PAGE})
  void aViewerThatSleptThroughAnIncarnationLeavesItsSuccessorAlone(int size) {
    try (Rig rig = Rig.virtual(3)) {
      Blob span = rig.append(2 * PAGE);
      rig.nanos.onNextRead(
          () -> {
            reuse(rig, span, size);
            assertThat(rig.view(successor.get())).isNotNull();
          });
      assertThat(rig.view(span)).isNull();
      MemorySegment view = Objects.requireNonNull(rig.view(successor.get()));
      assertThat(view.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(successor.get().bytes());
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void aStaleViewerThatMeetsAnotherReachLeavesTheMarkerAlone() {
    try (Rig rig = Rig.virtual(3)) {
      Blob span = rig.append(2 * PAGE);
      reuse(rig, span, 3 * PAGE);
      rig.backend.openView(span.pageId(), span.offset(), span.size());
      assertThat(rig.backend.directory.at(0).span.isShared()).isFalse();
      assertThat(rig.view(span)).isNull();
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void aStaleViewerThatMeetsTheSameReachMakesTheViewOfTheBlobThatIsThereNow() {
    try (Rig rig = Rig.virtual(2)) {
      Blob span = rig.append(2 * PAGE);
      reuse(rig, span, 2 * PAGE);
      rig.backend.openView(span.pageId(), span.offset(), span.size());
      assertThat(rig.backend.directory.at(0).span.isShared()).isTrue();
      assertThat(rig.view(span)).isNull();
      MemorySegment view = Objects.requireNonNull(rig.view(successor.get()));
      assertThat(view.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(successor.get().bytes());
      assertNothingHeldUp(rig);
      assertDead(view);
    }
  }

  @Test
  void aStaleViewersViewOfReservedSpaceHoldsUpNobodyWhenThatIsCancelled() {
    try (Rig rig = Rig.virtual(2)) {
      Blob span = rig.append(2 * PAGE);
      assertThat(rig.acknowledge(span)).isEqualTo(Codes.LIVE);
      long place = rig.reserve(2 * PAGE);
      rig.backend.openView(span.pageId(), span.offset(), span.size());
      assertThat(rig.backend.directory.at(0).span.isShared()).isTrue();
      rig.backend.cancel(place, 2 * PAGE);
      assertThat(rig.events.emptied).as("only the first blob's pages so far").hasValue(2);
      successor.set(rig.append(2 * PAGE));
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void aViewerThatLosesTellsWritersThatItsGroupMayBeComplete() {
    try (Rig rig = Rig.virtual(2)) {
      Blob span = rig.append(2 * PAGE);
      successor.set(span);
      Page first = rig.backend.directory.at(0);
      long[] changes = {0};
      rig.nanos.onNextRead(
          () -> {
            assertThat(rig.view(span)).isNotNull();
            changes[0] = rig.backend.pool.changes();
          });
      rig.backend.spans.open(first, 2 * PAGE);
      assertThat(rig.backend.pool.changes()).isGreaterThan(changes[0]);
      assertNothingHeldUp(rig);
    }
  }

  /** What another thread does: acknowledges the blob, and writes another from the same place on. */
  private void reuse(Rig rig, Blob blob, int size) {
    assertThat(rig.acknowledge(blob)).isEqualTo(Codes.LIVE);
    Blob next = rig.append(size);
    assertThat(next.pageId()).isEqualTo(blob.pageId());
    assertThat(next.generation()).isEqualTo(blob.generation() + 1);
    successor.set(next);
  }

  private void assertNothingHeldUp(Rig rig) {
    assertThat(rig.resolve(successor.get())).isEqualTo(successor.get().bytes());
    assertThat(rig.acknowledge(successor.get())).isEqualTo(Codes.LIVE);
    rig.assertAllIsBack();
  }

  private static void assertDead(MemorySegment view) {
    assertThatThrownBy(() -> view.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }
}
