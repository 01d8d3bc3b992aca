package dev.pinnedstore.backend.shared;

import static dev.pinnedstore.backend.shared.PeersLayout.INT;
import static dev.pinnedstore.backend.shared.PeersLayout.LONG;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * What the stores of a namespace tell each other through its lock file: who takes part, what each
 * is doing (cells, leases, windows), and which chunks are alive.
 */
final class Peers {
  final MemorySegment file;
  final int slot;

  /** What each store is doing right now. */
  final Cells cells;

  private final long mask;
  private volatile boolean inherited;

  Peers(Path path, MemorySegment file, int slot, boolean inherited) {
    this.file = file;
    this.slot = slot;
    this.inherited = inherited;
    this.mask = 1L << slot;
    this.cells = new Cells(path, file, slot);
  }

  // ---- slots

  /** Whether an earlier owner of the slot died, and what it left undone is so still. */
  boolean isInherited() {
    return inherited;
  }

  /** Notes that it was put in order. */
  void settle() {
    inherited = false;
  }

  boolean isTaken(int ofSlot) {
    return PeersLayout.isTaken(file, ofSlot);
  }

  /** Empties a slot whose owner is gone, or is the caller. */
  void release(int ofSlot) {
    cells.clear(ofSlot);
    INT.setVolatile(file, PeersLayout.slotAt(ofSlot), 0);
  }

  static void take(MemorySegment file, int slot, long monotonicMillis) {
    LONG.setOpaque(file, PeersLayout.slotAt(slot) + 8, monotonicMillis);
    INT.setOpaque(file, PeersLayout.slotAt(slot) + 4, (int) ProcessHandle.current().pid());
    INT.setVolatile(file, PeersLayout.slotAt(slot), 1);
  }

  // ---- the chunk table

  /** How many entries may be in use. */
  int tableEnd() {
    return Math.clamp((int) INT.getVolatile(file, PeersLayout.TABLE_END_AT), 0, PeersLayout.CHUNKS);
  }

  long entry(int index) {
    return PeersLayout.getLong(file, PeersLayout.chunkAt(index));
  }

  boolean isAlive(int index, int id) {
    long word = entry(index);
    return PeersLayout.state(word) == PeersLayout.ALIVE && PeersLayout.id(word) == id;
  }

  /** The entry of a chunk that is alive, or -1. */
  int indexOf(int id) {
    for (int i = 0; i < tableEnd(); i++) {
      if (isAlive(i, id)) {
        return i;
      }
    }
    return -1;
  }

  /** Whether any entry has the id, alive or in the making. */
  boolean isKnown(int id) {
    for (int i = 0; i < tableEnd(); i++) {
      long word = entry(i);
      if (PeersLayout.state(word) >= PeersLayout.MAKING && PeersLayout.id(word) == id) {
        return true;
      }
    }
    return false;
  }

  /** Whether some store makes a chunk right now. */
  boolean isAnyInTheMaking() {
    for (int i = 0; i < tableEnd(); i++) {
      int state = PeersLayout.state(entry(i));
      if (state == PeersLayout.CLAIMED || state == PeersLayout.MAKING) {
        return true;
      }
    }
    return false;
  }

  /** Takes a free entry among the first so many, or -1. */
  int claim(int among, long word) {
    for (int i = 0; i < among; i++) {
      long at = PeersLayout.chunkAt(i);
      if (entry(i) == 0 && LONG.compareAndSet(file, at, 0L, word)) {
        int end = (int) INT.getVolatile(file, PeersLayout.TABLE_END_AT);
        while (end <= i && !INT.compareAndSet(file, PeersLayout.TABLE_END_AT, end, i + 1)) {
          end = (int) INT.getVolatile(file, PeersLayout.TABLE_END_AT);
        }
        return i;
      }
    }
    return -1;
  }

  void setEntry(int index, long word) {
    LONG.setVolatile(file, PeersLayout.chunkAt(index), word);
  }

  /** Frees an entry: not alive first, so that nobody notes a lease in it; then what was noted. */
  void free(int index) {
    setEntry(index, PeersLayout.chunkWord(PeersLayout.CLAIMED, slot, 0));
    Steps.reached("entry.claimed");
    LONG.setVolatile(file, PeersLayout.chunkAt(index) + PeersLayout.LEASES_AT, 0L);
    LONG.setVolatile(file, PeersLayout.chunkAt(index) + PeersLayout.WINDOWS_AT, 0L);
    setEntry(index, 0);
  }

  // ---- leases and windows

  long leases(int index) {
    return PeersLayout.getLong(file, PeersLayout.chunkAt(index) + PeersLayout.LEASES_AT);
  }

  long windows(int index) {
    return PeersLayout.getLong(file, PeersLayout.chunkAt(index) + PeersLayout.WINDOWS_AT);
  }

  void lease(int index, boolean on) {
    mark(PeersLayout.chunkAt(index) + PeersLayout.LEASES_AT, mask, on);
  }

  void window(int index, boolean on) {
    mark(PeersLayout.chunkAt(index) + PeersLayout.WINDOWS_AT, mask, on);
  }

  /** Takes back every lease and window of a slot whose owner is gone, or is the caller. */
  void takeBack(int ofSlot) {
    for (int i = 0; i < tableEnd(); i++) {
      mark(PeersLayout.chunkAt(i) + PeersLayout.LEASES_AT, 1L << ofSlot, false);
      mark(PeersLayout.chunkAt(i) + PeersLayout.WINDOWS_AT, 1L << ofSlot, false);
    }
  }

  private void mark(long at, long bit, boolean on) {
    long bits = PeersLayout.getLong(file, at);
    if (((bits & bit) != 0) != on) {
      long _ =
          on
              ? (long) LONG.getAndBitwiseOr(file, at, bit)
              : (long) LONG.getAndBitwiseAnd(file, at, ~bit);
    }
  }

  // ---- figures

  long figure(long at) {
    return PeersLayout.getLong(file, at);
  }

  void count(long at) {
    count(at, 1);
  }

  void count(long at, long more) {
    var _ = (long) LONG.getAndAdd(file, at, more);
  }
}
