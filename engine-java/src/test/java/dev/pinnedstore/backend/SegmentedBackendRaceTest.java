package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Single interleavings, forced: what another thread does happens while the first reads a clock. */
class SegmentedBackendRaceTest {
  private static final int PAGE = Rig.PAGE;

  private final AtomicReference<Blob> successor = new AtomicReference<>();

  @Test
  void aFirstViewerThatIsOvertakenByTheRecyclerGetsNothing() {
    try (Rig rig = new Rig(1)) {
      Blob blob = rig.append(PAGE);
      rig.nanos.onNextRead(() -> recycle(rig, blob));
      assertThat(rig.view(blob)).isNull();
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void aFirstViewerThatIsOvertakenByASuccessorsViewDoesNotGetThatView() {
    try (Rig rig = new Rig(1)) {
      Blob blob = rig.append(PAGE);
      rig.nanos.onNextRead(
          () -> {
            recycle(rig, blob);
            assertThat(rig.view(successor.get())).isNotNull();
          });
      assertThat(rig.view(blob)).isNull();
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void aFirstViewerWhosePageIsUnmappedMeanwhileHoldsNothingUp() {
    try (Rig rig = new Rig(2)) {
      Blob kept = rig.append(PAGE);
      Blob blob = rig.append(PAGE);
      rig.nanos.onNextRead(
          () -> {
            assertThat(rig.acknowledge(blob)).isEqualTo(Codes.LIVE);
            rig.settle();
            assertThat(rig.backend.giveBack(rig.nanos.now(), 1)).isEqualTo(1);
            assertThat(rig.source.mappings.getLast().isClosed()).isTrue();
          });
      assertThatThrownBy(() -> rig.view(blob)).isInstanceOf(IllegalStateException.class);
      assertThat(rig.view(blob)).isNull();
      rig.acknowledge(kept);
      successor.set(rig.append(PAGE));
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void twoFirstViewersSeeTheSameMemory() {
    try (Rig rig = new Rig(1)) {
      Blob blob = rig.append(PAGE);
      successor.set(blob);
      AtomicReference<MemorySegment> other = new AtomicReference<>();
      rig.nanos.onNextRead(() -> other.set(rig.view(blob)));
      MemorySegment view = Objects.requireNonNull(rig.view(blob));
      assertThat(view.address()).isEqualTo(other.get().address());
      assertThat(view.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(blob.bytes());
      assertNothingHeldUp(rig);
    }
  }

  /** With a TTL the clock is read between the entry's word and the last look at the generation. */
  @Test
  void aReaderThatIsOvertakenByTheRecyclerGetsNothing() {
    try (Rig rig = Rig.expiring(1, Duration.ofHours(1))) {
      Blob first = rig.append(PAGE);
      rig.nanos.onNextRead(() -> recycle(rig, first));
      assertThat(rig.resolve(first)).isNull();
      Blob second = successor.get();
      rig.nanos.onNextRead(() -> recycle(rig, second));
      assertThat(rig.acknowledge(second)).isEqualTo(Codes.STALE);
      Blob third = successor.get();
      assertThat(rig.view(third)).isNotNull();
      rig.nanos.onNextRead(
          () -> {
            recycle(rig, third);
            assertThat(rig.view(successor.get())).isNotNull();
          });
      MemorySegment late = rig.view(third);
      assertThat(late == null || !late.scope().isAlive()).as("no view, or a dead one").isTrue();
      assertThat(rig.check(successor.get())).isEqualTo(Codes.LIVE);
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void aWriterThatLosesTheRaceToInstallItsPageLosesNoPage() {
    try (Rig rig = new Rig(3)) {
      Blob full = rig.append(PAGE);
      rig.source.onNextMap(() -> successor.set(rig.append(64)));
      Blob late = rig.append(64);
      assertThat(late.pageId()).as("in the winner's page").isEqualTo(successor.get().pageId());
      assertThat(late.offset()).isEqualTo(64);
      assertThat(rig.backend.stats().livePages()).isEqualTo(3);
      assertThat(rig.backend.readyPages()).as("the loser's page").isEqualTo(1);
      assertThat(rig.backend.pagesBegun()).isEqualTo(2);
      rig.acknowledge(late);
      rig.acknowledge(full);
      assertNothingHeldUp(rig);
    }
  }

  @Test
  void aBlobThatIsPublishedWhileItsPageExpiresSurvives() {
    Duration ttl = Duration.ofMillis(10);
    try (Rig rig = Rig.expiring(2, ttl)) {
      Blob old = rig.append(64);
      long place = rig.backend.reserve(64, rig.clock.exactMillis());
      rig.nanos.advance(ttl.plusMillis(1));
      int generation = rig.backend.generation(Codes.pageId(place));
      long millis = rig.clock.exactMillis();
      assertThat(rig.backend.expire()).isEqualTo(1);
      rig.backend.publish(place, 64, millis);
      assertThat(rig.backend.expire()).isZero();
      assertThat(rig.check(old)).isEqualTo(Codes.ACKNOWLEDGED);
      int page = Codes.pageId(place);
      assertThat(rig.backend.acknowledge(page, 64, 64, generation, millis)).isEqualTo(Codes.LIVE);
      assertThat(rig.events.emptied).as("its page was sealed").hasValue(1);
    }
  }

  /** What another thread does: acknowledges the only blob, and writes another in its place. */
  private void recycle(Rig rig, Blob blob) {
    assertThat(rig.acknowledge(blob)).isEqualTo(Codes.LIVE);
    Blob next = rig.append(PAGE);
    assertThat(next.pageId()).isEqualTo(blob.pageId());
    assertThat(next.generation()).isEqualTo(blob.generation() + 1);
    successor.set(next);
  }

  /** Everything can be emptied, and every page comes back. */
  private void assertNothingHeldUp(Rig rig) {
    assertThat(rig.resolve(successor.get())).isEqualTo(successor.get().bytes());
    assertThat(rig.acknowledge(successor.get())).isEqualTo(Codes.LIVE);
    rig.settle();
    BackendStats stats = rig.backend.stats();
    assertThat(stats.waitingBytes()).isZero();
    assertThat(stats.liveBlobs()).isZero();
    assertThat(stats.readyPages()).isEqualTo(stats.livePages());
  }
}
