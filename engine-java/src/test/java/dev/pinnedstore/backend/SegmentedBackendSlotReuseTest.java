package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * A reader is overtaken not only by the recycler: the page is unmapped as well, and its slot gets
 * memory of another size, with an entry table of another size. It stays with the memory it began
 * with, and that one is gone.
 */
class SegmentedBackendSlotReuseTest {
  private static final int PAGE = Rig.PAGE;

  @Test
  void aCopyOfALargeBlobMeetsAnOrdinaryPageInItsSlot() {
    try (Rig rig = rig()) {
      Blob large = rig.append(2 * PAGE);
      rig.nanos.onNextRead(
          () -> {
            rig.acknowledge(large);
            assertThat(rig.append(PAGE).pageId()).isEqualTo(large.pageId());
          });
      assertThatThrownBy(() -> rig.resolve(large)).isInstanceOf(IllegalStateException.class);
      assertThat(rig.check(large)).isEqualTo(Codes.STALE);
    }
  }

  @Test
  void anAcknowledgementMeetsALargePageInItsSlot() {
    try (Rig rig = rig()) {
      Blob first = rig.append(PAGE - 64);
      Blob last = rig.append(64);
      rig.nanos.onNextRead(
          () -> {
            rig.acknowledge(first);
            rig.acknowledge(last);
            assertThat(rig.append(2 * PAGE).pageId()).isEqualTo(last.pageId());
          });
      assertThatThrownBy(() -> rig.acknowledge(last)).isInstanceOf(IllegalStateException.class);
      assertThat(rig.check(last)).isEqualTo(Codes.STALE);
    }
  }

  private static Rig rig() {
    // Room for one of the two kinds of page at a time.
    return new Rig(new BackendSettings(PAGE, 4, 2L * PAGE, Duration.ofHours(1).toMillis(), 7));
  }
}
