package dev.pinnedstore.backend.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** What a store does where others wrote into its slot: strangers, the dead, and the late. */
@Timeout(value = 40, unit = TimeUnit.SECONDS, threadMode = ThreadMode.SEPARATE_THREAD)
class ForeignCellsTest {
  private static final long NAMED = 1L << 32;

  @TempDir private Path directory;

  @Test
  void anAppendThatGetsNoCellEndsWithAnExceptionThatSaysSo() throws Exception {
    try (Parts parts = Parts.create(directory)) {
      Cells cells = parts.peers.cells;
      cells.patienceNanos = 1_000_000;
      Cell own = cells.enter(0);
      for (int cell = 2; cell < PeersLayout.CELLS; cell += 2) {
        name(parts, 0, cell, 9999);
      }
      assertThatThrownBy(() -> append(parts)).isInstanceOf(CellsTakenException.class);

      own.leave();
      append(parts);
      Cell again = cells.enter(0);
      assertThat(again).isSameAs(own);
      assertThatThrownBy(() -> append(parts))
          .as("now that it knows the head")
          .isInstanceOf(CellsTakenException.class)
          .hasMessageContaining(parts.namespace.names.lock() + ": slot=0: none of its cells=31");
      cells.clear(0);
      append(parts);
    }
  }

  @Test
  void aSlotThatCannotBePutInOrderIsLeftAsTheDeadLeftIt() throws Exception {
    try (Parts first = Parts.create(directory)) {
      for (int slot = 1; slot < PeersLayout.SLOTS; slot++) {
        Peers.take(first.peers.file, slot, 1);
      }
      name(first, 1, 3, 0);
      Path control = first.namespace.names.control();
      Path aside = directory.resolve("aside");
      try (Parts heir = Parts.attach(directory)) {
        assertThat(heir.peers.slot).isEqualTo(1);
        Files.move(control, aside);
        assertThat(heir.keeper.join()).isFalse();
      }
      Files.move(aside, control);
      assertThat(first.peers.isTaken(1)).isTrue();
      assertThat(first.peers.cells.isEntered(0)).isTrue();

      try (Parts heir = Parts.attach(directory)) {
        assertThat(heir.peers.slot).isEqualTo(1);
        assertThat(heir.keeper.join()).isTrue();
        assertThat(first.peers.cells.isEntered(0)).isFalse();
      }
      assertThat(first.peers.isTaken(1)).as("left in good order").isFalse();
    }
  }

  @Test
  void whatALateThreadLeftInAFreeSlotIsForgottenByWhoTakesIt() throws Exception {
    try (Parts first = Parts.create(directory)) {
      name(first, 1, 4, 0);
      try (Parts second = Parts.attach(directory)) {
        assertThat(second.peers.slot).isEqualTo(1);
        assertThat(first.peers.cells.isEntered(0)).isFalse();
      }
    }
  }

  private static void name(Parts parts, int slot, int cell, int chunkId) {
    PeersLayout.LONG.setVolatile(parts.peers.file, PeersLayout.cellAt(slot, cell), NAMED | chunkId);
  }

  private static void append(Parts parts) {
    long millis = Parts.millis();
    long place = parts.head.reserve(10, millis);
    parts.blobs.publish(place, new byte[10], 0, 10, millis);
  }
}
