package dev.pinnedstore.backend.shared;

import static dev.pinnedstore.backend.shared.PeersLayout.CELLS;
import static dev.pinnedstore.backend.shared.PeersLayout.INT;
import static dev.pinnedstore.backend.shared.PeersLayout.LONG;
import static dev.pinnedstore.backend.shared.PeersLayout.SLOTS;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;

/**
 * What the stores of a namespace tell each other through its lock file: what each is doing (cells,
 * leases, windows), and which chunks are alive.
 *
 * <p>A <b>cell</b> is taken by a thread for the time of one operation that must not see its chunk
 * recycled: by compare-and-set before, by a plain release store after. It names the chunk, and from
 * the reservation on the bytes. Who seals a chunk and looks into all cells <em>afterwards</em> sees
 * everybody who reserved in it, because the reservation is a compare-and-set that comes after the
 * cell was taken. A cell of a process that died stays, and says what it left undone.
 */
final class Peers {
  private static final long NAMED = 1L << 32;

  /** In a cell whose range says what is reserved. */
  private static final long RANGED = 1L << 33;

  /** In a cell of an acknowledgement, which reserves nothing. */
  private static final long READING = 1L << 34;

  private static final long HELD = NAMED | RANGED;
  private static final int FIRST_CELLS = 16;
  private static final int SPINS = 100;
  private static final int MOST_LOOKS = 200;
  private static final long PAUSE_NANOS = 20_000;
  private static final long LONGEST_NANOS = 30_000_000_000L;

  final MemorySegment file;
  final int slot;

  /** Whether an earlier owner of the slot died and left something undone. */
  final boolean inherited;

  private final long mask;
  private final long cells;

  Peers(MemorySegment file, int slot, boolean inherited) {
    this.file = file;
    this.slot = slot;
    this.inherited = inherited;
    this.mask = 1L << slot;
    this.cells = PeersLayout.cellAt(slot, 0);
  }

  // ---- cells

  /**
   * Takes a cell of this store and names a chunk in it; waits while all are taken.
   *
   * @throws IllegalStateException when they are for half a minute: somebody wrote into the file
   */
  long enter(int chunkId) {
    return take(NAMED | Integer.toUnsignedLong(chunkId));
  }

  /** The same for a thread that will not reserve anything. */
  long enterToRead(int chunkId) {
    return take(NAMED | READING | Integer.toUnsignedLong(chunkId));
  }

  private long take(long named) {
    int first = firstCell();
    long since = 0;
    for (int tries = 0; ; tries++) {
      long cell = cell(first + tries);
      if ((long) LONG.getOpaque(file, cell) == 0 && LONG.compareAndSet(file, cell, 0L, named)) {
        return cell;
      }
      if (tries == SPINS) {
        since = System.nanoTime();
      } else if (tries > SPINS) {
        if (System.nanoTime() - since > LONGEST_NANOS) {
          throw new IllegalStateException("slot=" + slot + ": all cells=" + CELLS + " are taken");
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  /** Says which bytes the holder of a cell has reserved. */
  void holds(long cell, int chunkId, long offset, long size) {
    LONG.setOpaque(file, cell + PeersLayout.RANGE_AT, (offset << 32) | size);
    LONG.setRelease(file, cell, HELD | Integer.toUnsignedLong(chunkId));
  }

  /** Ends an operation by one store: before it, the cell says what was being done. */
  void leave(long cell) {
    LONG.setRelease(file, cell, 0L);
  }

  /**
   * The cell of this store that holds a reservation, or -1. One that another thread has may say the
   * same bytes from an earlier time, and is told by its name before and after.
   */
  long find(int chunkId, long offset, long size) {
    long named = HELD | Integer.toUnsignedLong(chunkId);
    long range = (offset << 32) | size;
    int first = firstCell();
    for (int i = 0; i < CELLS; i++) {
      long cell = cell(first + i);
      if ((long) LONG.getAcquire(file, cell) == named
          && (long) LONG.getAcquire(file, cell + PeersLayout.RANGE_AT) == range
          && (long) LONG.getAcquire(file, cell) == named) {
        return cell;
      }
    }
    return -1;
  }

  private long cell(int number) {
    int own = number < CELLS ? number : number % CELLS;
    return cells + own * PeersLayout.CELL_BYTES;
  }

  /** Where a thread looks for a cell first. */
  private static int firstCell() {
    return (int) Thread.currentThread().threadId() & (FIRST_CELLS - 1);
  }

  /** Whether any store has a cell that names a chunk. */
  boolean isEntered(int chunkId) {
    return isAny((cell, found) -> names(found, chunkId));
  }

  /**
   * Whether any store has reserved bytes of a range in a chunk that it has not published. The range
   * is known to be reserved by somebody, so who has not reserved yet will not do it there; one that
   * has reserved and not said where is given the time to say it.
   */
  boolean isReserved(int chunkId, long offset, long size) {
    return isAny(
        (cell, found) ->
            names(found, chunkId)
                && (found & READING) == 0
                && overlaps(cell, found, offset, size));
  }

  private interface Look {
    boolean at(long cell, long found);
  }

  private boolean isAny(Look look) {
    for (int s = 0; s < SLOTS; s++) {
      for (int k = 0; k < CELLS && isTaken(s); k++) {
        long cell = PeersLayout.cellAt(s, k);
        long found = (long) LONG.getVolatile(file, cell);
        if (found != 0 && look.at(cell, found)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean names(long found, int chunkId) {
    return (found & ~(RANGED | READING)) == (NAMED | Integer.toUnsignedLong(chunkId));
  }

  private boolean overlaps(long cell, long named, long offset, long size) {
    long found = named;
    for (int i = 0; found == named && (named & RANGED) == 0; i++) {
      if (i == MOST_LOOKS) {
        // Dead or slow: it may have reserved just this.
        return true;
      }
      if (i < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
      found = (long) LONG.getVolatile(file, cell);
    }
    if (found != (named | RANGED)) {
      // Over, and another operation's now: what was published has a record.
      return false;
    }
    long range = (long) LONG.getVolatile(file, cell + PeersLayout.RANGE_AT);
    long start = range >>> 32;
    return start < offset + size && offset < start + (range & 0xFFFF_FFFFL);
  }

  /** What a cell says: the chunk's id in the low half, zero when it is idle. */
  long named(int ofSlot, int cell) {
    return PeersLayout.getLong(file, PeersLayout.cellAt(ofSlot, cell));
  }

  /** Which bytes a cell says, offset in the high half; zero when it does not. */
  long range(int ofSlot, int cell) {
    return (named(ofSlot, cell) & RANGED) == 0
        ? 0
        : PeersLayout.getLong(file, PeersLayout.cellAt(ofSlot, cell) + PeersLayout.RANGE_AT);
  }

  // ---- slots

  boolean isTaken(int ofSlot) {
    return (int) INT.getVolatile(file, PeersLayout.slotAt(ofSlot)) != 0;
  }

  /** Whether no thread of this store has a cell. */
  boolean isIdle() {
    for (int k = 0; k < CELLS; k++) {
      if (named(slot, k) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Forgets what a slot's cells say; its owner is gone, or is the caller. */
  void clearCells(int ofSlot) {
    for (int k = 0; k < CELLS; k++) {
      leave(PeersLayout.cellAt(ofSlot, k));
    }
  }

  /** Empties a slot whose owner is gone, or is the caller. */
  void release(int ofSlot) {
    clearCells(ofSlot);
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
