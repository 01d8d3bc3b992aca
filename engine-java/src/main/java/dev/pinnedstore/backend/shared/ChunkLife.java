package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.BackendEvents;
import dev.pinnedstore.os.MappingLostException;
import dev.pinnedstore.os.SharedFiles;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/** The steps of a chunk's life, as {@link Keeper} says; each by who has the keeper's lock. */
final class ChunkLife {
  /** How often the records of a suspect chunk are walked at the most, in milliseconds. */
  private static final long WALK_MILLIS = 100;

  private final Namespace namespace;
  private final Peers peers;
  private final AliveChunks alive;
  private final BackendEvents events;
  private final long decayMillis;
  private volatile boolean hindered;

  ChunkLife(Namespace namespace, AliveChunks alive, BackendEvents events, long decayMillis) {
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.alive = alive;
    this.events = events;
    this.decayMillis = decayMillis;
  }

  /** Forgets what hindered an earlier pass. */
  void begin() {
    hindered = false;
  }

  /** Whether a chunk was found since then that some operation was just at work in. */
  boolean wasHindered() {
    return hindered;
  }

  // ---- seal

  boolean seal(Chunk chunk) {
    return seal(chunk, () -> true);
  }

  /**
   * Seals a chunk if nobody waits for a blob in it. The condition is looked at between the reading
   * of "used" and its change, so whoever reserves after it keeps the chunk open: and who had
   * reserved before has a cell, or has counted its entry.
   */
  boolean sealUnused(Chunk chunk) {
    return seal(chunk, () -> !peers.cells.isEntered(chunk.id) && chunk.isCountedOut());
  }

  private static boolean seal(Chunk chunk, BooleanSupplier condition) {
    while (true) {
      int used = ChunkLayout.used(chunk.base);
      if ((used == 0 && ChunkLayout.entries(chunk.base) == 0) || !condition.getAsBoolean()) {
        return false;
      }
      boolean isFull = Integer.toUnsignedLong(used) >= chunk.capacity;
      ChunkLayout.setSealedUsed(chunk.base, used);
      Steps.reached("seal.noted");
      if (isFull || ChunkLayout.reserve(chunk.base, used, (int) chunk.capacity)) {
        Steps.reached("seal.closed");
        ChunkLayout.raise(chunk.base, ChunkLayout.SEALED);
        Steps.reached("seal.flagged");
        return true;
      }
    }
  }

  /** Seals a chunk in which nothing was written. */
  static boolean claimReady(Chunk chunk) {
    ChunkLayout.setSealedUsed(chunk.base, 0);
    if (ChunkLayout.used(chunk.base) != 0
        || !ChunkLayout.reserve(chunk.base, 0, (int) chunk.capacity)) {
      return false;
    }
    Steps.reached("decay.closed");
    ChunkLayout.raise(chunk.base, ChunkLayout.SEALED);
    Steps.reached("decay.sealed");
    return true;
  }

  // ---- empty

  boolean isEmpty(Chunk chunk, long now, long still) {
    boolean isSuspect = ChunkLayout.has(chunk.base, ChunkLayout.SUSPECT);
    boolean isWalkDue = isSuspect && now - chunk.walkedMillis >= WALK_MILLIS;
    if (!(chunk.isCountedOut() || isWalkDue) || isHeld(chunk)) {
      return false;
    }
    chunk.walkedMillis = now;
    // Looked at again: a writer may have counted its blob and left its cell in between.
    boolean isCountedOut = chunk.isCountedOut();
    long used = chunk.used();
    Records.Sum sum = Records.sum(chunk, used, chunk.generation());
    boolean isAccounted = sum.accounted() == used;
    boolean isStill = still >= decayMillis;
    boolean isExcused =
        isSuspect
            && isStill
            && (isAccounted
                || Integer.compareUnsigned(ChunkLayout.entries(chunk.base), sum.acknowledged())
                    <= 0);
    return (sum.live() == 0 && (isExcused || (isAccounted && !lacksCount(chunk, sum))))
        || (isCountedOut && (isAccounted || isStill));
  }

  /** The same, and notes if it is soon not. */
  private boolean isHeld(Chunk chunk) {
    boolean isInUse = alive.isInUse(chunk.index, chunk.id);
    hindered |= isInUse && peers.windows(chunk.index) == 0;
    return isInUse;
  }

  /** Whether a blob is marked acknowledged and not yet counted so. */
  private static boolean lacksCount(Chunk chunk, Records.Sum sum) {
    int counted = ChunkLayout.acknowledged(chunk.base);
    return Integer.compareUnsigned(counted, sum.acknowledged()) < 0;
  }

  // ---- retire, open, unlink

  /**
   * Ends an incarnation. Its records stay while anybody has a cell: who acknowledges a small blob
   * or an original's has looked at the flag before this raised it, or is seen here, and where it
   * found no record any more it would take an acknowledged blob for an original's that is not.
   */
  void retire(Chunk chunk) {
    int past = chunk.generation();
    boolean anew = ChunkLayout.has(chunk.base, ChunkLayout.RETIRED);
    if (anew && isHeld(chunk)) {
      return;
    }
    int flags = ChunkLayout.RETIRED;
    if (!anew) {
      boolean isSpent = lacksCount(chunk, Records.sum(chunk, chunk.used(), past));
      flags |= isSpent ? ChunkLayout.SPENT : 0;
      peers.count(
          PeersLayout.PAST_BLOBS_AT, Integer.toUnsignedLong(ChunkLayout.entries(chunk.base)));
      events.pageEmptied(chunk.id, namespace.chunkBytes);
    }
    ChunkLayout.raise(chunk.base, flags);
    Steps.reached("retire.flagged");
    int next = ControlLayout.nextGeneration(namespace.control());
    // Before the generation: who notes both together must not take an old time for the new one's.
    ChunkLayout.clearNewest(chunk.base);
    ChunkLayout.setGeneration(chunk.base, next);
    Steps.reached("retire.generation");
    if (isHeld(chunk)) {
      return;
    }
    // Words of one run of generations never meet the same low bits again in another.
    boolean begins = (past ^ next) >>> RecordLayout.GENERATION_BITS != 0;
    clearRecords(chunk, anew, anew || begins);
    Steps.reached("retire.cleared");
    ChunkLayout.setCleared(chunk.base);
    Steps.reached("retire.done");
  }

  private static void clearRecords(Chunk chunk, boolean all, boolean words) {
    try {
      if (words) {
        RecordLayout.clearWords(chunk.table, chunk.capacity);
      }
      if (ChunkLayout.has(chunk.base, ChunkLayout.SMALL)) {
        RecordLayout.clearSmall(chunk.table, chunk.capacity, all ? chunk.capacity : chunk.used());
      }
    } catch (InternalError e) {
      // No room for zeros where the file has a hole, or it was cut off: unlinked, and never opened.
      var _ = MappingLostException.of("records of chunk id=" + chunk.id, e);
      ChunkLayout.raise(chunk.base, ChunkLayout.SPENT);
    }
  }

  boolean tryOpen(Chunk chunk, long now) {
    if (ChunkLayout.has(chunk.base, ChunkLayout.SPENT)
        || !ChunkLayout.isCleared(chunk.base)
        || peers.leases(chunk.index) != 0
        || isHeld(chunk)) {
      return false;
    }
    ChunkLayout.reset(chunk.base, now);
    Steps.reached("open.reset");
    ChunkLayout.open(chunk.base);
    Steps.reached("open.done");
    peers.count(PeersLayout.RECYCLED_AT);
    events.pageReused(chunk.id, namespace.chunkBytes);
    return true;
  }

  void unlink(Chunk chunk) throws IOException {
    // First, so that whoever goes on here does not open what has lost its name.
    ChunkLayout.raise(chunk.base, ChunkLayout.SPENT);
    Steps.reached("unlink.spent");
    var _ = SharedFiles.delete(namespace.names.data(chunk.id));
    Steps.reached("unlink.data");
    var _ = SharedFiles.delete(namespace.names.records(chunk.id));
    Steps.reached("unlink.records");
    peers.free(chunk.index);
    peers.count(PeersLayout.GIVEN_BACK_AT);
    events.pageGivenBack(chunk.id, namespace.chunkBytes);
  }
}
