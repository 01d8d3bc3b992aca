package dev.pinnedstore.backend.shared;

import static dev.pinnedstore.backend.shared.PeersLayout.CELLS;
import static dev.pinnedstore.backend.shared.PeersLayout.LONG;
import static dev.pinnedstore.backend.shared.PeersLayout.SLOTS;

import dev.pinnedstore.backend.Codes;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What the stores of a namespace are doing right now, for all of them to see.
 *
 * <p>A <b>cell</b> is taken by a thread for the time of one operation that must not see its chunk
 * recycled, and given up by a plain release store. It names the chunk, and from the reservation on
 * the bytes. Who seals a chunk and looks into all cells <em>afterwards</em> sees everybody who
 * reserved in it, because the reservation is a compare-and-set that comes after the cell was taken;
 * so that needs no fence of its own. A cell of a process that died stays, and says what it left
 * undone.
 *
 * <p>A thread owns a cell for as long as it lives, if it is the first with its low bits of the
 * thread id that needs one; all others share the rest. One that idles keeps its cell from them, but
 * no chunk from the keeper, as the cell says nothing then. No two owned cells lie in one cache
 * line; each lies in one with a shared cell, or with the head of the slot.
 */
final class Cells {
  private static final long NAMED = 1L << 32;

  /** In a cell whose range says what is reserved. */
  private static final long RANGED = 1L << 33;

  /** In a cell of an acknowledgement, which reserves nothing. */
  private static final long READING = 1L << 34;

  /** One for each cache line that the cells of a slot lie in; a power of two. */
  private static final int OWNED = 16;

  private static final int COMMON = CELLS - OWNED;
  private static final int SPINS = 100;
  private static final int MOST_LOOKS = 200;
  private static final long PAUSE_NANOS = 20_000;

  /** How long a thread waits for a cell; longer than any operation takes. */
  long patienceNanos = 30_000_000_000L;

  private final Path path;
  private final MemorySegment file;
  private final int slot;
  private final Cell[] owned = new Cell[OWNED];
  private final Cell[] common = new Cell[COMMON];

  /**
   * Creates the cells of a store.
   *
   * @param path the lock file's name, for messages
   */
  Cells(Path path, MemorySegment file, int slot) {
    this.path = path;
    this.file = file;
    this.slot = slot;
    for (int k = 0; k < CELLS; k++) {
      // Two cells to a line, and the slot's head in that of the first.
      Cell cell = new Cell(file, PeersLayout.cellAt(slot, k));
      if (k == 0 || k % 2 == 1) {
        owned[(k + 1) / 2] = cell;
      } else {
        common[k / 2 - 1] = cell;
      }
    }
  }

  /**
   * Takes a cell of this store and names a chunk in it; waits while all are taken.
   *
   * @throws CellsTakenException when they are for half a minute: somebody wrote into the file
   */
  Cell enter(int chunkId) {
    long word = NAMED | Integer.toUnsignedLong(chunkId);
    Thread thread = Thread.currentThread();
    Cell own = owned(thread);
    if (own.isFreeFor(thread)) {
      own.take(word);
      return own;
    }
    return takeCommon(thread, word);
  }

  /** The same for a thread that will not reserve anything: what it reads next, it reads after. */
  Cell enterToRead(int chunkId) {
    long word = NAMED | READING | Integer.toUnsignedLong(chunkId);
    Thread thread = Thread.currentThread();
    Cell own = owned(thread);
    if (own.isFreeFor(thread)) {
      own.take(word);
      VarHandle.fullFence();
      return own;
    }
    return takeCommon(thread, word);
  }

  private Cell owned(Thread thread) {
    return owned[(int) thread.threadId() & (OWNED - 1)];
  }

  private Cell takeCommon(Thread thread, long word) {
    int first = (int) thread.threadId() & (OWNED - 1);
    long since = 0;
    for (int tries = 0; ; tries++) {
      Cell cell = common[(first + tries) % COMMON];
      if (cell.tryTake(word)) {
        return cell;
      }
      if (tries == SPINS) {
        since = System.nanoTime();
      } else if (tries > SPINS) {
        if (System.nanoTime() - since > patienceNanos) {
          throw new CellsTakenException(path, slot);
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  /** Says which bytes the holder of a cell has reserved. */
  static void hold(Cell cell, int chunkId, long offset, long size) {
    long word = NAMED | RANGED | Integer.toUnsignedLong(chunkId);
    cell.hold(Codes.place(chunkId, offset), word, (offset << 32) | size);
  }

  /**
   * The cell under which the calling thread has reserved a place; null when there is none. Nobody
   * may leave a cell that another thread owns: that one might have taken it anew.
   */
  @Nullable Cell holder(long place) {
    Cell own = owned(Thread.currentThread());
    return own.isHolding(place) ? own : commonHolder(place);
  }

  private @Nullable Cell commonHolder(long place) {
    for (Cell cell : common) {
      if (cell.isHolding(place)) {
        return cell;
      }
    }
    return null;
  }

  // ---- those of all stores

  /** Whether any store has a cell that names a chunk. */
  boolean isEntered(int chunkId) {
    return isAny((_, found) -> names(found, chunkId));
  }

  /**
   * Whether any store has reserved bytes of a range in a chunk that it has not published. The range
   * is known to be reserved by somebody, so who has not reserved yet will not do it there; one that
   * has reserved and not said where is given the time to say it.
   */
  boolean isReserved(int chunkId, long offset, long size) {
    return isAny(
        (cell, found) ->
            names(found, chunkId) && (found & READING) == 0 && overlaps(cell, found, offset, size));
  }

  private interface Look {
    boolean at(long cell, long found);
  }

  private boolean isAny(Look look) {
    for (int s = 0; s < SLOTS; s++) {
      for (int k = 0; k < CELLS && PeersLayout.isTaken(file, s); k++) {
        long cell = PeersLayout.cellAt(s, k);
        long found = PeersLayout.getLong(file, cell);
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
      found = PeersLayout.getLong(file, cell);
    }
    if (found != (named | RANGED)) {
      // Over, and another operation's now: what was published has a record.
      return false;
    }
    long range = PeersLayout.getLong(file, cell + PeersLayout.RANGE_AT);
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
  void clear(int ofSlot) {
    for (int k = 0; k < CELLS; k++) {
      LONG.setRelease(file, PeersLayout.cellAt(ofSlot, k), 0L);
    }
  }
}
