package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.BackendEvents;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MappingLostException;
import dev.pinnedstore.os.SharedFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.OptionalInt;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

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
 *   <li><b>Retire.</b> Flag, new generation, records cleared where they must be, and the flag that
 *       says so. From the new generation on every old handle is stale: who viewed or copied and
 *       looks at the generation afterwards knows.
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
  private static final long PATIENCE_NANOS = 1_000_000_000;
  private static final long PAUSE_NANOS = 100_000;
  private static final int JOIN_TRIES = 10;
  private static final long LOOK_MILLIS = 100;
  private static final long NAMES_MILLIS = 1_000;

  private final Namespace namespace;
  private final Peers peers;
  private final Chunks chunks;
  private final BackendEvents events;
  private final long decayMillis;

  /** Between the threads of this store; held around the namespace's. */
  private final ReentrantLock own = new ReentrantLock();

  private volatile boolean shut;
  private volatile boolean hindered;
  private volatile long lookedMillis = Long.MIN_VALUE / 2;
  private long namesMillis = Long.MIN_VALUE / 2;
  private int adoptedCount;

  /** Whether an id was taken whose file was not there yet, or not whole. */
  private boolean adoptsMore;

  Keeper(Namespace namespace, Chunks chunks, BackendEvents events, long decayMillis) {
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.chunks = chunks;
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
    return enter(haste != Haste.NONE) ? leave(() -> pass(now, haste)) : 0;
  }

  /** Whether the last pass left a chunk that some operation was just at work in. */
  boolean wasHindered() {
    return hindered;
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
    if (head != null && isIdle(head, now) && enter(false)) {
      var _ = leave(() -> isIdle(head, now) && seal(head) ? 1 : 0);
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
    if (enter(true)) {
      var _ =
          leave(
              () -> {
                Chunk head = chunks.find(ControlLayout.writeHead(namespace.control()));
                return head != null && head.used() + size > head.capacity && seal(head) ? 1 : 0;
              });
    }
  }

  /** Acknowledges all blobs of chunks whose newest is older than the TTL. */
  int expire(long now) {
    return namespace.ttlMillis() != 0 && enter(false)
        ? leave(() -> each((_, chunk) -> expireOne(chunk, now) ? 1 : 0))
        : 0;
  }

  /** Unlinks ready chunks that nobody took for the decay time. */
  int giveBack(long now, int atMost) {
    boolean any = false;
    for (Chunk chunk : chunks.all()) {
      any |= isForgotten(chunk, now);
    }
    return any && enter(false) ? leave(() -> giveBackSome(now, atMost)) : 0;
  }

  /** Gives a chunk of the original an entry in the chunk table. */
  void adopt(Chunk chunk) {
    if (chunk.index < 0 && enter(true)) {
      var _ = leave(() -> adoptOne(chunk.id) ? 1 : 0);
    }
    if (chunk.index < 0) {
      chunk.index = peers.indexOf(chunk.id);
    }
  }

  /**
   * Puts in order what the dead owner of an inherited slot left, and learns of all chunks.
   *
   * @return false when another keeper did not let it do the first in all the time
   */
  boolean join() {
    boolean entered = enter(true);
    for (int i = 0; i < JOIN_TRIES && !entered && peers.inherited; i++) {
      entered = enter(true);
    }
    if (entered) {
      var _ =
          leave(
              () -> {
                if (peers.inherited) {
                  var _ = recover(peers.slot);
                }
                adoptAll(false);
                return 1;
              });
    }
    return entered || !peers.inherited;
  }

  // ---- the lock

  private interface Work {
    int run() throws IOException, MappingFailedException;
  }

  /** Lets nobody in any more; false while some thread of this store is. */
  boolean shut() {
    if (!own.tryLock()) {
      return false;
    }
    shut = true;
    own.unlock();
    return true;
  }

  private boolean enter(boolean patient) {
    long start = System.nanoTime();
    while (!tryEnter()) {
      if (!patient || shut || System.nanoTime() - start > PATIENCE_NANOS) {
        return false;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return true;
  }

  private boolean tryEnter() {
    if (!own.tryLock()) {
      return false;
    }
    boolean entered = false;
    try {
      entered = !shut && namespace.tryLockKeeper();
      return entered;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (!entered) {
        own.unlock();
      }
    }
  }

  private int leave(Work work) {
    try {
      try {
        return namespace.isCurrent() ? work.run() : 0;
      } catch (MappingFailedException e) {
        // What could not be mapped now is tried in a later cycle.
        return 0;
      } finally {
        namespace.unlockKeeper();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      own.unlock();
    }
  }

  private interface Visit {
    int visit(int index, Chunk chunk) throws IOException, MappingFailedException;
  }

  private int each(Visit visit) throws IOException, MappingFailedException {
    int sum = 0;
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      if (PeersLayout.state(word) != PeersLayout.ALIVE) {
        continue;
      }
      Chunk chunk = chunks.findOrMap(PeersLayout.id(word));
      if (chunk == null) {
        // What is there and no chunk may be one that an original just makes.
        int id = PeersLayout.id(word);
        if (chunks.isGone(id) && !SharedFiles.exists(namespace.names.data(id))) {
          forget(i, id);
        }
      } else {
        if (chunk.index < 0) {
          chunk.index = i;
        }
        sum += chunk.lost ? 0 : visited(visit, i, chunk);
      }
    }
    return sum;
  }

  private static int visited(Visit visit, int index, Chunk chunk)
      throws IOException, MappingFailedException {
    try {
      return visit.visit(index, chunk);
    } catch (MappingLostException e) {
      throw e;
    } catch (IllegalStateException e) {
      // Another thread of this store has unmapped it: it is gone.
      return 0;
    } catch (InternalError e) {
      // Its readers are told; the other chunks are kept all the same.
      var _ = chunk.lose(e);
      return 0;
    }
  }

  /** An original removed the file, or a keeper died while it did. */
  private void forget(int index, int id) throws IOException {
    if (isInUse(index, id)) {
      return;
    }
    var _ = SharedFiles.delete(namespace.names.data(id));
    var _ = SharedFiles.delete(namespace.names.records(id));
    peers.free(index);
  }

  // ---- a pass

  private int pass(long now, Haste haste) throws IOException, MappingFailedException {
    hindered = false;
    boolean checkNames = now - namesMillis >= NAMES_MILLIS;
    namesMillis = checkNames ? now : namesMillis;
    if (haste != Haste.NONE || now - lookedMillis >= LOOK_MILLIS) {
      lookedMillis = now;
      recoverDead();
      adoptAll(checkNames);
    }
    return each(
        (index, chunk) -> {
          if (checkNames && !SharedFiles.exists(namespace.names.data(chunk.id))) {
            forget(index, chunk.id);
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
      if (!isWanted || !(isFull ? seal(chunk) : sealUnused(chunk))) {
        return false;
      }
    }
    if (!ChunkLayout.has(chunk.base, ChunkLayout.RETIRED)) {
      if (!isEmpty(chunk, now, still)) {
        return false;
      }
      retire(chunk);
    } else if (!isClosed || !ChunkLayout.isCleared(chunk.base)) {
      retire(chunk);
    }
    boolean isSpent = ChunkLayout.has(chunk.base, ChunkLayout.SPENT);
    if (tryOpen(chunk, now)) {
      return true;
    }
    // An idle head stays: an original that finds no file there does not recover from it.
    boolean isHead = chunk.id == ControlLayout.writeHead(namespace.control());
    boolean isParked = isSpent || peers.leases(chunk.index) != 0;
    if (isParked && (haste == Haste.UNLINK || (!isHead && (isSpent || still >= decayMillis)))) {
      unlink(chunk);
    }
    return false;
  }

  private boolean seal(Chunk chunk) {
    return seal(chunk, () -> true);
  }

  /**
   * Seals a chunk if nobody waits for a blob in it. The condition is looked at between the reading
   * of "used" and its change, so whoever reserves after it keeps the chunk open: and who had
   * reserved before has a cell, or has counted its entry.
   */
  private boolean sealUnused(Chunk chunk) {
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

  private boolean isEmpty(Chunk chunk, long now, long still) {
    boolean isSuspect = ChunkLayout.has(chunk.base, ChunkLayout.SUSPECT);
    boolean isWalkDue = isSuspect && now - chunk.walkedMillis >= LOOK_MILLIS;
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

  /**
   * Whether a store is at work in a chunk. The cells first: who writes in place notes its window
   * before it leaves its cell. Who has ended between the two looks has counted its blob.
   */
  private boolean isInUse(int index, int id) {
    return peers.cells.isEntered(id) || peers.windows(index) != 0;
  }

  /** The same, and notes if it is soon not. */
  private boolean isHeld(Chunk chunk) {
    boolean isInUse = isInUse(chunk.index, chunk.id);
    hindered |= isInUse && peers.windows(chunk.index) == 0;
    return isInUse;
  }

  /** Whether a blob is marked acknowledged and not yet counted so. */
  private static boolean lacksCount(Chunk chunk, Records.Sum sum) {
    int counted = ChunkLayout.acknowledged(chunk.base);
    return Integer.compareUnsigned(counted, sum.acknowledged()) < 0;
  }

  private void retire(Chunk chunk) {
    int past = chunk.generation();
    boolean anew = ChunkLayout.has(chunk.base, ChunkLayout.RETIRED);
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

  private boolean tryOpen(Chunk chunk, long now) {
    if (ChunkLayout.has(chunk.base, ChunkLayout.SPENT)
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

  private void unlink(Chunk chunk) throws IOException {
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
    return each(
        (_, chunk) -> {
          if (left[0] == 0 || !isForgotten(chunk, now) || !claimReady(chunk)) {
            return 0;
          }
          left[0]--;
          retire(chunk);
          if (chunk.id == ControlLayout.writeHead(namespace.control())) {
            // A writer took it at this moment; it has seen a full chunk, and may see this one open.
            var _ = tryOpen(chunk, now);
            return 0;
          }
          unlink(chunk);
          return 1;
        });
  }

  /** Seals a chunk in which nothing was written. */
  private static boolean claimReady(Chunk chunk) {
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

  // ---- expiry

  private boolean expireOne(Chunk chunk, long now) {
    if (!hasExpired(chunk, now) || ChunkLayout.has(chunk.base, ChunkLayout.RETIRED)) {
      return false;
    }
    if (!ChunkLayout.has(chunk.base, ChunkLayout.SEALED) && !seal(chunk)) {
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
    if (still > namespace.ttlMillis() && !isInUse(chunk.index, chunk.id)) {
      Records.Sum sum = Records.sum(chunk, used, generation);
      if (sum.accounted() < used && sum.live() == 0) {
        retire(chunk);
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

  // ---- the dead, and strangers

  private void recoverDead() throws IOException, MappingFailedException {
    for (int slot = 0; slot < PeersLayout.SLOTS; slot++) {
      if (slot != peers.slot && peers.isTaken(slot) && namespace.tryLockSlot(slot)) {
        try {
          // Again: it may have left in good order since.
          if (peers.isTaken(slot) && recover(slot)) {
            peers.release(slot);
            Steps.reached("recover.released");
            events.ownerRecovered();
          }
        } finally {
          namespace.unlockSlot(slot);
        }
      }
    }
  }

  /** False when it is for another store to do, as this one closes. */
  private boolean recover(int slot) throws IOException, MappingFailedException {
    for (int cell = 0; cell < PeersLayout.CELLS; cell++) {
      long named = peers.cells.named(slot, cell);
      Chunk chunk = named == 0 ? null : chunks.findOrMap((int) named);
      if (chunk != null && !chunk.lost) {
        long range = peers.cells.range(slot, cell);
        var _ = visited((_, found) -> recoverCell(found, range), chunk.index, chunk);
      } else if (chunk == null && named != 0 && chunks.isClosed()) {
        return false;
      }
    }
    Steps.reached("recover.cells");
    // The dead may also have marked a blob acknowledged without counting that.
    var _ =
        each(
            (_, chunk) -> {
              if (!chunk.isReady()) {
                ChunkLayout.raise(chunk.base, ChunkLayout.SUSPECT);
              }
              return 0;
            });
    Steps.reached("recover.suspects");
    peers.cells.clear(slot);
    Steps.reached("recover.cleared");
    peers.takeBack(slot);
    Steps.reached("recover.leases");
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      if (PeersLayout.slot(word) == slot && PeersLayout.state(word) == PeersLayout.CLAIMED) {
        peers.free(i);
      } else if (PeersLayout.slot(word) == slot && PeersLayout.state(word) == PeersLayout.MAKING) {
        finish(i, PeersLayout.id(word));
      }
    }
    var _ = SharedFiles.delete(namespace.names.making(slot));
    var _ = SharedFiles.delete(namespace.names.makingRecords(slot));
    Steps.reached("recover.files");
    return true;
  }

  private static int recoverCell(Chunk chunk, long range) {
    ChunkLayout.raise(chunk.base, ChunkLayout.SUSPECT);
    long offset = range >>> 32;
    long size = range & 0xFFFF_FFFFL;
    if (size > 0 && offset + size <= chunk.used()) {
      var _ = Records.revoke(chunk, offset, size, chunk.generation());
      Steps.reached("recover.revoked");
    }
    return 0;
  }

  private void finish(int index, int id) throws IOException {
    if (SharedFiles.exists(namespace.names.data(id))) {
      peers.setEntry(index, PeersLayout.chunkWord(PeersLayout.ALIVE, 0, id));
    } else {
      forget(index, id);
    }
  }

  private void adoptAll(boolean again) throws IOException, MappingFailedException {
    int count = ControlLayout.chunkCount(namespace.control());
    if (count == adoptedCount && !(again && adoptsMore)) {
      return;
    }
    adoptedCount = count;
    boolean adoptsAll = peers.isKnown(count - 1);
    for (String name : SharedFiles.list(namespace.names.directory(), namespace.names.prefix())) {
      OptionalInt id = namespace.names.chunkOf(name);
      if (id.isPresent() && Integer.compareUnsigned(id.getAsInt(), count) < 0) {
        adoptsAll &= adoptOne(id.getAsInt());
      }
    }
    adoptsMore = !adoptsAll;
  }

  /** False when it cannot be mapped, as it is while an original makes it, or the table is full. */
  private boolean adoptOne(int id) throws MappingFailedException {
    if (peers.isKnown(id)) {
      return true;
    }
    if (chunks.findOrMap(id) == null) {
      return false;
    }
    long word = PeersLayout.chunkWord(PeersLayout.ALIVE, 0, id);
    int index = peers.claim(PeersLayout.CHUNKS, word);
    Steps.reached("adopt.claimed");
    return index >= 0;
  }
}
