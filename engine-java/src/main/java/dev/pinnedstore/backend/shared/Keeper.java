package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.BackendEvents;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.SharedFiles;
import java.io.IOException;

/**
 * Seals, recycles, expires and gives back the chunks of a namespace, whoever wrote them, and puts
 * in order what processes left that died. Under the keeper's lock, so by one process at a time;
 * writers and readers never wait for it.
 *
 * <h2>The life of a chunk</h2>
 *
 * <pre>
 *   made      writers move the head to it     seal          empty: retire        no lease: open
 *  -----> ready ------------------------> filled ------> sealed ---------> retired ---------> ready
 *           |                                                                 |
 *           | idle for the decay time                leased, and idle for     |
 *           +----------> unlinked, entry freed <--- the decay time, or spent -+
 * </pre>
 *
 * <ol>
 *   <li><b>Seal.</b> "sealed used" is written, then "used" goes to the capacity by a
 *       compare-and-set from that value, then the flag. Every reservation after that fails, and
 *       every one before it belongs to a cell that is visible now, or to a process without cells.
 *   <li><b>Empty</b> is a sealed chunk without cells and windows of any store, when
 *       <ul>
 *         <li>its records cover all of its bytes, none is live, and as many acknowledgements were
 *             counted as the records show (so no counting is under way that would land in the next
 *             incarnation); a process that died between the two is why a suspect chunk is excused
 *             from the last point once its header was still for the decay time, and from the first
 *             if no more blobs were counted than it has records of. What lacks a count is spent: as
 *             its process may be slow and not dead, the chunk is unlinked and never opened; or
 *         <li>the counters say so, as the original judges it; and if an original wrote some of the
 *             bytes, its header was still for the decay time, because an original's reservation is
 *             invisible until it is counted.
 *       </ul>
 *   <li><b>Retire.</b> Flag, new generation, and once nobody has a cell, records cleared where they
 *       must be, and the note that says so. From the new generation on every old handle is stale:
 *       who viewed or copied and looks at the generation afterwards knows.
 *   <li><b>Open</b>, once nobody has a lease: a reader sets its lease first and looks at the
 *       generation afterwards, this looks at the leases after the generation was changed; so either
 *       the reader sees the new one and lets go, or this sees the lease. Also no cell, as an
 *       acknowledgement of a small blob is safe only under one. Counters to zero, flags to zero,
 *       and "used" to zero last: that is what writers, and an original, look for.
 * </ol>
 *
 * <p>Killed anywhere, the next keeper finds the chunk not sealed, sealed, or retired, and goes on
 * there; retiring is done anew until the flag says that it was done. Between the flags and the last
 * "used" it is sealed with counters at zero, which is empty by the second rule.
 */
final class Keeper {
  private static final int JOIN_TRIES = 10;
  private static final long LOOK_MILLIS = 100;
  private static final long NAMES_MILLIS = 1_000;

  private final Namespace namespace;
  private final Peers peers;
  private final Chunks chunks;
  private final KeeperLock lock;
  private final AliveChunks alive;
  private final ChunkLife life;
  private final Recovery recovery;
  private final BackendEvents events;
  private final long decayMillis;
  private volatile long lookedMillis = Long.MIN_VALUE / 2;
  private long namesMillis = Long.MIN_VALUE / 2;

  Keeper(Namespace namespace, Chunks chunks, BackendEvents events, long decayMillis) {
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.chunks = chunks;
    this.lock = new KeeperLock(namespace);
    this.alive = new AliveChunks(namespace, chunks);
    this.life = new ChunkLife(namespace, alive, events, decayMillis);
    this.recovery = new Recovery(namespace, chunks, alive, events);
    this.events = events;
    this.decayMillis = decayMillis;
  }

  // ---- what is asked of it

  /** How much a pass is needed. */
  enum Haste {
    /** Comes again soon: not if another process keeps right now. */
    NONE,
    /** A writer has no room: waits for another keeper, and seals a head that nobody waits for. */
    WAIT,
    /** The same, and takes chunks from those who have views of them: they keep the memory. */
    UNLINK
  }

  /** A pass over all chunks: seals what was filled, retires what is empty, opens what is free. */
  int keep(long now, Haste haste) {
    return lock.enter(haste != Haste.NONE) ? lock.runAndLeave(() -> pass(now, haste)) : 0;
  }

  /** Whether the last pass left a chunk that some operation was just at work in. */
  boolean wasHindered() {
    return life.wasHindered();
  }

  /** Whether a pass would find something, as far as this store can tell without the lock. */
  boolean hasWork(long now) {
    if (now - lookedMillis >= LOOK_MILLIS) {
      return true;
    }
    int head = ControlLayout.writeHead(namespace.control());
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      Chunk chunk =
          PeersLayout.state(word) == PeersLayout.ALIVE ? chunks.find(PeersLayout.id(word)) : null;
      if (chunk != null && !chunk.isReady() && !chunk.lost && isWaiting(chunk, head)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isWaiting(Chunk chunk, int head) {
    try {
      return chunk.isSealed()
          ? ChunkLayout.has(chunk.base, ChunkLayout.RETIRED) || chunk.isCountedOut()
          : chunk.id != head;
    } catch (IllegalStateException e) {
      return false;
    } catch (InternalError e) {
      var _ = chunk.lose(e);
      return false;
    }
  }

  /** Seals the head if it has been still for the decay time and waits for nobody. */
  void sealIdle(long now) {
    Chunk head = chunks.find(ControlLayout.writeHead(namespace.control()));
    if (head != null && isIdle(head, now) && lock.enter(false)) {
      var _ = lock.runAndLeave(() -> isIdle(head, now) && life.seal(head) ? 1 : 0);
    }
  }

  private boolean isIdle(Chunk head, long now) {
    try {
      return !head.lost
          && !head.isSealed()
          && ChunkLayout.used(head.base) != 0
          && now - head.stillSince(now) >= decayMillis
          && (head.isCountedOut() || ChunkLayout.has(head.base, ChunkLayout.SUSPECT));
    } catch (IllegalStateException e) {
      return false;
    } catch (InternalError e) {
      var _ = head.lose(e);
      return false;
    }
  }

  /** Seals the head for a writer that waits, if it has no room for a size. */
  void sealFor(long size) {
    if (lock.enter(true)) {
      var _ =
          lock.runAndLeave(
              () -> {
                Chunk head = chunks.find(ControlLayout.writeHead(namespace.control()));
                return head != null && head.used() + size > head.capacity && life.seal(head)
                    ? 1
                    : 0;
              });
    }
  }

  /** Acknowledges all blobs of chunks whose newest is older than the TTL. */
  int expire(long now) {
    return namespace.ttlMillis() != 0 && lock.enter(false)
        ? lock.runAndLeave(() -> alive.each((_, chunk) -> expireOne(chunk, now) ? 1 : 0))
        : 0;
  }

  /** Unlinks ready chunks that nobody took for the decay time. */
  int giveBack(long now, int atMost) {
    boolean any = false;
    for (Chunk chunk : chunks.all()) {
      any |= isForgotten(chunk, now);
    }
    return any && lock.enter(false) ? lock.runAndLeave(() -> giveBackSome(now, atMost)) : 0;
  }

  /** Gives a chunk of the original an entry in the chunk table. */
  void adopt(Chunk chunk) {
    if (chunk.index < 0 && lock.enter(true)) {
      var _ = lock.runAndLeave(() -> recovery.adoptOne(chunk.id) ? 1 : 0);
    }
    if (chunk.index < 0) {
      chunk.index = peers.indexOf(chunk.id);
    }
  }

  /**
   * Puts in order what the dead owner of an inherited slot left, and learns of all chunks.
   *
   * @return false when the first could not be done; then the slot is as that owner left it
   */
  boolean join() {
    boolean entered = lock.enter(true);
    for (int i = 0; i < JOIN_TRIES && !entered && peers.isInherited(); i++) {
      entered = lock.enter(true);
    }
    if (entered) {
      var _ =
          lock.runAndLeave(
              () -> {
                if (peers.isInherited() && recovery.recover(peers.slot)) {
                  peers.settle();
                }
                recovery.adoptAll(false);
                return 1;
              });
    }
    return !peers.isInherited();
  }

  /** Lets nobody in any more; false while some thread of this store is. */
  boolean shut() {
    return lock.shut();
  }

  // ---- a pass

  private int pass(long now, Haste haste) throws IOException, MappingFailedException {
    life.begin();
    boolean checkNames = now - namesMillis >= NAMES_MILLIS;
    namesMillis = checkNames ? now : namesMillis;
    if (haste != Haste.NONE || now - lookedMillis >= LOOK_MILLIS) {
      lookedMillis = now;
      recovery.recoverDead();
      recovery.adoptAll(checkNames);
    }
    return alive.each(
        (index, chunk) -> {
          if (checkNames && !SharedFiles.exists(namespace.names.data(chunk.id))) {
            alive.forget(index, chunk.id);
            return 0;
          }
          return tend(chunk, now, haste) ? 1 : 0;
        });
  }

  /** Takes a chunk one or more steps on; true when it is open again. */
  private boolean tend(Chunk chunk, long now, Haste haste) throws IOException {
    long still = now - chunk.stillSince(now);
    if (chunk.isReady()) {
      return false;
    }
    // The flag alone may have been written by anybody: writers look at "used".
    boolean isClosed = chunk.isSealed();
    if (!isClosed || !ChunkLayout.has(chunk.base, ChunkLayout.SEALED)) {
      boolean isHead = chunk.id == ControlLayout.writeHead(namespace.control());
      boolean isFull =
          chunk.isSealed() || (!isHead && ChunkLayout.has(chunk.base, ChunkLayout.SUSPECT));
      // What is left of a chunk that the head left early may still be used.
      boolean isWanted = isFull || !isHead || haste != Haste.NONE;
      if (!isWanted || !(isFull ? life.seal(chunk) : life.sealUnused(chunk))) {
        return false;
      }
    }
    if (!ChunkLayout.has(chunk.base, ChunkLayout.RETIRED)) {
      if (!life.isEmpty(chunk, now, still)) {
        return false;
      }
      life.retire(chunk);
    } else if (!isClosed || !ChunkLayout.isCleared(chunk.base)) {
      life.retire(chunk);
    }
    boolean isSpent = ChunkLayout.has(chunk.base, ChunkLayout.SPENT);
    if (life.tryOpen(chunk, now)) {
      return true;
    }
    // An idle head stays: an original that finds no file there does not recover from it.
    boolean isHead = chunk.id == ControlLayout.writeHead(namespace.control());
    boolean isParked = isSpent || peers.leases(chunk.index) != 0;
    if (isParked && (haste == Haste.UNLINK || (!isHead && (isSpent || still >= decayMillis)))) {
      life.unlink(chunk);
    }
    return false;
  }

  // ---- decay

  /** By the time that its header says; an original's says none, and is looked at from here. */
  private boolean isForgotten(Chunk chunk, long now) {
    if (!chunk.isUnwritten() || chunk.id == ControlLayout.writeHead(namespace.control())) {
      return false;
    }
    long said = ChunkLayout.stillSince(chunk.base);
    return now - (said == 0 ? chunk.stillSince(now) : said) >= decayMillis;
  }

  private int giveBackSome(long now, int atMost) throws IOException, MappingFailedException {
    int[] left = {atMost};
    return alive.each(
        (_, chunk) -> {
          if (left[0] == 0 || !isForgotten(chunk, now) || !ChunkLife.claimReady(chunk)) {
            return 0;
          }
          left[0]--;
          life.retire(chunk);
          if (chunk.id == ControlLayout.writeHead(namespace.control())) {
            // A writer took it at this moment; it has seen a full chunk, and may see this one open.
            var _ = life.tryOpen(chunk, now);
            return 0;
          }
          life.unlink(chunk);
          return 1;
        });
  }

  // ---- expiry

  private boolean expireOne(Chunk chunk, long now) {
    if (!hasExpired(chunk, now) || ChunkLayout.has(chunk.base, ChunkLayout.RETIRED)) {
      return false;
    }
    if (!ChunkLayout.has(chunk.base, ChunkLayout.SEALED) && !life.seal(chunk)) {
      return false;
    }
    long used = chunk.used();
    int generation = chunk.generation();
    int swept = Records.sweep(chunk, used, generation, () -> hasExpired(chunk, now));
    if (swept > 0) {
      Steps.reached("expire.swept");
      var _ = ChunkLayout.countAcknowledged(chunk.base, swept);
      events.pageExpired(chunk.id, namespace.chunkBytes);
    }
    long still = now - chunk.stillSince(now);
    if (still > namespace.ttlMillis() && !alive.isInUse(chunk.index, chunk.id)) {
      Records.Sum sum = Records.sum(chunk, used, generation);
      if (sum.accounted() < used && sum.live() == 0) {
        life.retire(chunk);
      }
    }
    return swept > 0;
  }

  /** By its newest blob of a JVM; where there is none, by how long the header has been still. */
  private boolean hasExpired(Chunk chunk, long now) {
    long newest = ChunkLayout.newest(chunk.base);
    long last = newest == 0 ? chunk.stillSince(now) : newest;
    return ChunkLayout.used(chunk.base) != 0 && now - last > namespace.ttlMillis();
  }
}
