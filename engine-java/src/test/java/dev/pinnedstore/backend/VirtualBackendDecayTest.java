package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** When pages of blobs that cross them go back to the system, and what stays. */
class VirtualBackendDecayTest {
  private static final int PAGE = Rig.PAGE;

  @Test
  void decayOfASpansPagesCountsFromItsAcknowledgement() {
    try (Rig rig = Rig.virtual(4)) {
      Blob span = rig.append(3 * PAGE);
      assertThat(rig.view(span)).isNotNull();
      rig.nanos.advance(Duration.ofSeconds(1));
      long acknowledged = rig.nanos.now();
      rig.acknowledge(span);
      rig.nanos.advance(Duration.ofSeconds(1));
      rig.settle();
      assertThat(idleSince(rig, 3)).containsExactly(acknowledged, acknowledged, acknowledged);
      assertThat(rig.backend.giveBack(acknowledged - 1, 9)).isZero();
      assertThat(rig.backend.giveBack(acknowledged, 9)).isEqualTo(2);
    }
  }

  @Test
  void decayOfPagesThatOthersShareCountsFromTheEndOfTheView() {
    try (Rig rig = Rig.virtual(4)) {
      Blob kept = rig.append(64);
      Blob span = rig.append(3 * PAGE - 64);
      assertThat(rig.view(span)).isNotNull();
      rig.acknowledge(span);
      rig.nanos.advance(Duration.ofSeconds(1));
      rig.settle();
      assertThat(idleSince(rig, 3).subList(1, 3))
          .as("not earlier than they were empty")
          .containsExactly(rig.nanos.now(), rig.nanos.now());
      rig.acknowledge(kept);
      rig.assertAllIsBack();
    }
  }

  @Test
  void whatIsGivenBackKeepsItsAddressesAndComesBackInTheNextGeneration() {
    try (Rig rig = Rig.virtual(4)) {
      Blob span = rig.append(4 * PAGE);
      MemorySegment view = Objects.requireNonNull(rig.view(span));
      long address = view.address();
      rig.acknowledge(span);
      rig.settle();
      assertThat(rig.backend.giveBack(rig.nanos.now(), 9)).isEqualTo(3);
      assertThat(rig.source.data().committedBytes()).isEqualTo(PAGE);
      assertThat(rig.backend.stats().committedBytes()).isEqualTo(PAGE);
      assertThatThrownBy(() -> view.get(ValueLayout.JAVA_BYTE, 0))
          .isInstanceOf(IllegalStateException.class);
      assertThat(rig.resolve(span)).as("no zeros, no rests").isNull();
      assertThat(rig.check(span)).isEqualTo(Codes.STALE);
      Blob again = rig.append(4 * PAGE);
      assertThat(again.pageId()).isEqualTo(span.pageId());
      assertThat(again.generation()).isEqualTo(span.generation() + 1);
      assertThat(Objects.requireNonNull(rig.view(again)).address()).isEqualTo(address);
      assertThat(rig.source.reservations).as("ranges").hasSize(2);
      rig.acknowledge(again);
      rig.assertAllIsBack();
    }
  }

  @Test
  void pagesThatAViewStillShowsAreNotGivenBack() {
    try (Rig rig = Rig.virtual(4)) {
      Blob span = rig.append(3 * PAGE);
      MemorySegment view = Objects.requireNonNull(rig.view(span));
      rig.acknowledge(span);
      rig.nanos.advance(Duration.ofDays(1));
      assertThat(rig.backend.giveBack(rig.nanos.now(), 9)).isZero();
      assertThat(view.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(span.bytes());
    }
  }

  @Test
  void theHighestPagesGoFirst() {
    try (Rig rig = Rig.virtual(6)) {
      rig.acknowledge(rig.append(6 * PAGE));
      rig.settle();
      assertThat(rig.backend.giveBack(rig.nanos.now(), 2)).isEqualTo(2);
      assertThat(rig.append(4 * PAGE).pageId()).isZero();
      assertThat(rig.backend.stats().pagesMade()).isEqualTo(6);
    }
  }

  private static List<Long> idleSince(Rig rig, int pages) {
    List<Long> nanos = new ArrayList<>();
    for (int id = 0; id < pages; id++) {
      nanos.add(rig.backend.directory.at(id).idleSinceNanos);
    }
    return nanos;
  }
}
