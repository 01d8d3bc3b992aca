package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class VirtualBackendCloseTest {
  private static final int PAGE = Rig.PAGE;

  @Test
  void aViewAcrossPagesThatASystemCallHoldsPutsTheEndOff() throws Throwable {
    Rig rig = Rig.virtual(4);
    Blob span = rig.append(2 * PAGE);
    MemorySegment view = Objects.requireNonNull(rig.view(span));
    boolean[] closed = {true, true};
    byte[] last = new byte[1];
    Acquired.during(
        view,
        () -> {
          closed[0] = rig.backend.close();
          closed[1] = rig.source.data().isClosed();
          last[0] = view.get(ValueLayout.JAVA_BYTE, 2 * PAGE - 1);
        });
    assertThat(closed).containsExactly(false, false);
    assertThat(last[0]).isEqualTo(span.bytes()[2 * PAGE - 1]);
    rig.close();
    assertThatThrownBy(() -> view.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aViewAcrossPagesThatASystemCallHoldsPutsTheReuseOfItsPagesOff() throws Throwable {
    try (Rig rig = Rig.virtual(2)) {
      Blob span = rig.append(2 * PAGE);
      MemorySegment view = Objects.requireNonNull(rig.view(span));
      long[] answers = {0, 0};
      byte[] last = new byte[1];
      Acquired.during(
          view,
          () -> {
            answers[0] = rig.acknowledge(span);
            answers[1] = rig.tryAppend(64);
            last[0] = view.get(ValueLayout.JAVA_BYTE, 2 * PAGE - 1);
          });
      assertThat(answers).containsExactly(Codes.LIVE, Codes.FULL_PAGES);
      assertThat(last[0]).as("not overwritten").isEqualTo(span.bytes()[2 * PAGE - 1]);
      assertThat(rig.tryAppend(2 * PAGE)).isZero();
    }
  }

  @Test
  void everyViewDiesWithTheBackend() {
    Rig rig = Rig.virtual(4);
    MemorySegment page = Objects.requireNonNull(rig.view(rig.append(PAGE - 64)));
    MemorySegment span = Objects.requireNonNull(rig.view(rig.append(2 * PAGE)));
    rig.close();
    assertThat(page.scope().isAlive()).isFalse();
    assertThat(span.scope().isAlive()).isFalse();
  }

  @Test
  void aClosedBackendRefusesInsteadOfTouchingMemory() {
    Rig rig = Rig.virtual(8);
    Blob span = rig.append(PAGE + 64);
    rig.close();
    assertThat(rig.backend.reserve(PAGE, 0)).isEqualTo(Codes.CLOSED);
    assertThat(rig.backend.reserve(3 * PAGE, 0)).isEqualTo(Codes.CLOSED);
    assertThat(rig.resolve(span)).isNull();
    assertThat(rig.view(span)).isNull();
    assertThat(rig.check(span)).isEqualTo(Codes.NEVER_ISSUED);
    assertThat(rig.acknowledge(span)).isEqualTo(Codes.NEVER_ISSUED);
    rig.close();
  }

  @Test
  void aFirstViewerOfASpanThatIsOvertakenByTheEndGetsNothing() {
    Rig rig = Rig.virtual(4);
    Blob span = rig.append(2 * PAGE);
    rig.nanos.onNextRead(rig.backend::close);
    assertThat(rig.view(span)).isNull();
    rig.close();
  }

  @Test
  void aWriterThatCommitsNeighboursWhileTheBackendClosesIsToldSoAndLeavesNoMemory() {
    Rig rig = Rig.virtual(4);
    rig.source.onNextMap(rig.backend::close);
    assertThat(rig.tryAppend(3 * PAGE)).isEqualTo(Codes.CLOSED);
    rig.close();
  }

  @Test
  void aRangeThatIsStillHeldIsClosedByTheNextCall() {
    Rig rig = Rig.virtual(4);
    rig.append(64);
    for (FakeReservation range : rig.source.reservations) {
      range.hold(true);
      assertThat(rig.backend.close()).isFalse();
      range.hold(false);
    }
    rig.close();
  }

  @Test
  void aRangeForTablesThatIsRefusedLeavesNoRangeForData() {
    FakeSource source = new FakeSource();
    source.onNextMap(() -> source.onNextMap(() -> source.refuse(1)));
    BackendSettings settings = new BackendSettings(PAGE, 4, 4 * PAGE, 0, 0);
    CoarseClock clock = new CoarseClock(new FakeNanos(0), 0);
    CountingEvents events = new CountingEvents();
    assertThatThrownBy(() -> VirtualBackend.reserve(settings, 64 * PAGE, source, clock, events))
        .hasMessageContaining("scripted refusal");
    assertThat(source.reservations).hasSize(1).allMatch(FakeReservation::isClosed);
  }
}
