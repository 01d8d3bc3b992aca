package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class SegmentedBackendCloseTest {
  @Test
  void aViewThatASystemCallHoldsPutsTheEndOffAndNothingIsUnmappedBefore() throws Throwable {
    Rig rig = new Rig(2);
    Blob blob = rig.append(64);
    MemorySegment view = Objects.requireNonNull(rig.view(blob));
    AtomicBoolean closed = new AtomicBoolean(true);
    int[] open = {-1};
    byte[] first = new byte[1];
    Acquired.during(
        view,
        () -> {
          closed.set(rig.backend.close());
          open[0] = rig.source.open().size();
          first[0] = view.get(ValueLayout.JAVA_BYTE, 0);
        });
    assertThat(closed).isFalse();
    assertThat(open[0]).isEqualTo(1);
    assertThat(first[0]).isEqualTo(blob.bytes()[0]);
    rig.close();
    assertThatThrownBy(() -> view.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aViewThatASystemCallHoldsPutsTheReuseOfItsPageOff() throws Throwable {
    try (Rig rig = new Rig(1)) {
      Blob blob = rig.append(Rig.PAGE);
      MemorySegment view = Objects.requireNonNull(rig.view(blob));
      long[] answers = {0, 0};
      byte[] first = new byte[1];
      Acquired.during(
          view,
          () -> {
            answers[0] = rig.acknowledge(blob);
            answers[1] = rig.tryAppend(64);
            first[0] = view.get(ValueLayout.JAVA_BYTE, 0);
          });
      assertThat(answers).containsExactly(Codes.LIVE, Codes.FULL_PAGES);
      assertThat(first[0]).as("not overwritten").isEqualTo(blob.bytes()[0]);
      assertThat(rig.tryAppend(64)).isZero();
    }
  }

  @Test
  void everyViewDiesWithTheBackend() {
    Rig rig = new Rig(8);
    MemorySegment view = Objects.requireNonNull(rig.view(rig.append(64)));
    MemorySegment large = Objects.requireNonNull(rig.view(rig.append(3 * Rig.PAGE)));
    rig.close();
    assertThat(view.scope().isAlive()).isFalse();
    assertThat(large.scope().isAlive()).isFalse();
  }

  @Test
  void aClosedBackendRefusesInsteadOfTouchingMemory() {
    Rig rig = new Rig(4);
    Blob blob = rig.append(64);
    Blob full = rig.append(Rig.PAGE);
    rig.close();
    byte[] bytes = new byte[Rig.PAGE];
    assertThat(rig.backend.reserve(Rig.PAGE, 0)).isEqualTo(Codes.CLOSED);
    assertThat(rig.backend.reserve(2 * Rig.PAGE, 0)).isEqualTo(Codes.CLOSED);
    assertThat(rig.backend.makeReady()).isFalse();
    for (Blob each : new Blob[] {blob, full}) {
      assertThat(rig.resolve(each)).isNull();
      assertThat(rig.view(each)).isNull();
      assertThat(rig.check(each)).isEqualTo(Codes.NEVER_ISSUED);
      assertThat(rig.acknowledge(each)).isEqualTo(Codes.NEVER_ISSUED);
    }
    rig.close();
  }

  @Test
  void aWriterThatMakesAPageWhileTheBackendClosesIsRefusedAndLeavesNoMemory() {
    Rig rig = new Rig(4);
    rig.append(Rig.PAGE);
    rig.source.onNextMap(rig.backend::close);
    assertThat(rig.tryAppend(Rig.PAGE)).isEqualTo(Codes.CLOSED);
    rig.close();
  }

  @Test
  void aFirstViewerThatIsOvertakenByTheEndGetsADeadViewOrNone() {
    Rig rig = new Rig(2);
    Blob blob = rig.append(64);
    rig.nanos.onNextRead(rig.backend::close);
    assertThat(rig.view(blob)).isNull();
    rig.close();
  }

  @Test
  void aMappingThatIsStillHeldIsClosedByTheNextCall() {
    Rig rig = new Rig(2);
    rig.append(64);
    rig.source.mappings.getFirst().hold(true);
    assertThat(rig.backend.close()).isFalse();
    rig.source.mappings.getFirst().hold(false);
    rig.close();
  }
}
