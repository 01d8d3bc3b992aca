package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.Codes;
import dev.pinnedstore.os.MappingLostException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Reserves bytes for blobs: in the chunk that takes them, back to back, and where that is full, in
 * the next, which becomes the head by a compare-and-set. At the limit it takes what is left of
 * chunks that the head left early, and what a keeper can empty.
 */
final class WriteHead {
  private static final long NO_ROOM = -10;
  private static final long AGAIN = -11;
  private static final int MOST_WAITS = 5_000;
  private static final long WAIT_NANOS = 200_000;

  private final Namespace namespace;
  private final Peers peers;
  private final Cells cells;
  private final MemorySegment control;
  private final Supply supply;
  private final Keeper keeper;
  private final Views views;
  private final Expiry expiry;
  private final long capacity;
  private volatile @Nullable Chunk head;
  private volatile boolean writes;
  private volatile boolean closed;

  WriteHead(Namespace namespace, Supply supply, Keeper keeper, Views views, Expiry expiry) {
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.cells = namespace.peers.cells;
    this.control = namespace.control();
    this.capacity = namespace.capacity;
    this.supply = supply;
    this.keeper = keeper;
    this.views = views;
    this.expiry = expiry;
  }

  /** Reserves bytes at an epoch time; a place that is held by a cell, or a refusal. */
  long reserve(long size, long millis) {
    try {
      Chunk chunk = head;
      if (chunk != null
          && chunk.id == ControlLayout.writeHead(control)
          && !expiry.isPastAt(chunk, millis)) {
        long start = reserveIn(chunk, size);
        if (start >= 0) {
          return Codes.place(chunk.id, start);
        }
      }
    } catch (MappingLostException e) {
      // The next append finds that it is lost, and moves on.
      head = null;
      throw e;
    } catch (CellsTakenException e) {
      throw e;
    } catch (IllegalStateException e) {
      // Another thread has unmapped it: it is gone, or the store is.
      head = null;
    }
    return reserveSlowly(size, millis);
  }

  private long reserveIn(Chunk chunk, long size) {
    MemorySegment base = chunk.base;
    int used = used(chunk);
    if (Integer.toUnsignedLong(used) + size > capacity) {
      return NO_ROOM;
    }
    Cell cell = cells.enter(chunk.id);
    boolean reserved = false;
    try {
      Steps.reached("append.entered");
      while (Integer.toUnsignedLong(used) + size <= capacity) {
        if (ChunkLayout.reserve(base, used, (int) (used + size))) {
          Steps.reached("append.reserved");
          Cells.hold(cell, chunk.id, Integer.toUnsignedLong(used), size);
          Steps.reached("append.held");
          reserved = true;
          return Integer.toUnsignedLong(used);
        }
        used = ChunkLayout.used(base);
      }
      return NO_ROOM;
    } catch (InternalError e) {
      throw chunk.lose(e);
    } finally {
      if (!reserved) {
        cell.leave();
      }
    }
  }

  private static int used(Chunk chunk) {
    try {
      return ChunkLayout.used(chunk.base);
    } catch (InternalError e) {
      throw chunk.lose(e);
    }
  }

  private long reserveSlowly(long size, long millis) {
    writes = true;
    int waits = 0;
    while (!closed) {
      int headId = ControlLayout.writeHead(control);
      long changes = changes();
      Chunk chunk = supply.mapped(headId);
      long start = chunk == null || chunk.lost ? NO_ROOM : reserveAgain(chunk, size, millis);
      if (start >= 0) {
        return Codes.place(headId, start);
      }
      if (start == AGAIN) {
        continue;
      }
      boolean mayNotMap = chunk == null && supply.refusal() != null;
      long next = mayNotMap ? Codes.FULL_SYSTEM : supply.successor(headId);
      if (next >= 0) {
        boolean isFull = chunk == null || chunk.room() < size || isSpent(chunk, millis);
        if (isFull && ControlLayout.moveHead(control, headId, (int) next)) {
          peers.count(PeersLayout.BEGUN_AT);
          Steps.reached("append.moved");
        }
        continue;
      }
      long place = reserveAnywhere(size, millis);
      if (place >= 0) {
        return place;
      }
      if (relieve() || ControlLayout.writeHead(control) != headId || changes() != changes) {
        continue;
      }
      boolean isPending = keeper.wasHindered() || peers.isAnyInTheMaking();
      // Once more, after the look at what is being made: it may just have been.
      if (waits++ == MOST_WAITS
          || !(isPending || isOpen(size, millis, next == Codes.FULL_SYSTEM))) {
        return next;
      }
      if (isPending) {
        LockSupport.parkNanos(WAIT_NANOS);
      }
    }
    return Codes.CLOSED;
  }

  /** Whether a chunk has room, or one more may be made. */
  private boolean isOpen(long size, long millis, boolean mayNotMake) {
    int taken = 0;
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      taken += word != 0 ? 1 : 0;
      Chunk chunk = supply.alive(word);
      if (chunk != null && chunk.room() >= size && !isSpent(chunk, millis)) {
        return true;
      }
    }
    return !mayNotMake && taken < namespace.limit();
  }

  /** Whether all in it has expired, or it is no more. */
  private boolean isSpent(Chunk chunk, long millis) {
    try {
      return expiry.isPastAt(chunk, millis);
    } catch (IllegalStateException e) {
      return true;
    } catch (InternalError e) {
      var _ = chunk.lose(e);
      return true;
    }
  }

  /** At a limit: uses what is left of a chunk that the head left early. */
  private long reserveAnywhere(long size, long millis) {
    for (int i = 0; i < peers.tableEnd(); i++) {
      Chunk chunk = supply.alive(peers.entry(i));
      if (chunk != null && chunk.room() >= size) {
        long start = reserveAgain(chunk, size, millis);
        if (start >= 0) {
          return Codes.place(chunk.id, start);
        }
      }
    }
    return NO_ROOM;
  }

  private long reserveAgain(Chunk chunk, long size, long millis) {
    try {
      if (chunk.id == ControlLayout.writeHead(control)) {
        head = chunk;
      }
      return expiry.isPastAt(chunk, millis) ? NO_ROOM : reserveIn(chunk, size);
    } catch (MappingLostException | CellsTakenException e) {
      throw e;
    } catch (IllegalStateException e) {
      head = null;
      return AGAIN;
    } catch (InternalError e) {
      throw chunk.lose(e);
    }
  }

  /**
   * At a limit: takes every chunk as far as it goes, what has expired too, first with the views of
   * this store, and only then against those of others; whether one was opened.
   */
  private boolean relieve() {
    long now = expiry.now();
    var _ = keeper.expire(now);
    return keeper.keep(now, Keeper.Haste.WAIT) > 0
        || (views.end(true) > 0 && keeper.keep(now, Keeper.Haste.WAIT) > 0)
        || keeper.keep(now, Keeper.Haste.UNLINK) > 0;
  }

  /** Counts what may have made room for somebody. */
  private long changes() {
    return peers.figure(PeersLayout.MADE_AT)
        + peers.figure(PeersLayout.RECYCLED_AT)
        + peers.figure(PeersLayout.GIVEN_BACK_AT);
  }

  /** Whether this store has written. */
  boolean writes() {
    return writes;
  }

  /** Looks up the head anew before the next append. */
  void forget() {
    head = null;
  }

  /** The same if the head is a chunk that is no more. */
  void forget(Chunk dropped) {
    if (head == dropped) {
      head = null;
    }
  }

  /** Lets nobody wait for room any more. */
  void shut() {
    closed = true;
  }
}
