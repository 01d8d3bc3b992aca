package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.shared.NamespaceRefusedException.Reason;
import dev.pinnedstore.os.LockBytes;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MappingLostException;
import dev.pinnedstore.os.SharedFileException;
import dev.pinnedstore.os.SharedFiles;
import dev.pinnedstore.os.SharedMapping;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A namespace that a store has joined: its control file and its lock file, mapped, and a slot.
 *
 * <h2>Joining and leaving</h2>
 *
 * <p>Both happen under the gate, a lock of the lock file, so one process at a time. Who has it
 * checks that the name still leads to the file whose gate it is, as the last one out removes both.
 * Alive is who holds the lock of a slot; the system takes it from a process that ends, however it
 * ends. So:
 *
 * <ul>
 *   <li><b>Create</b>, where nobody is alive: removes every file of an earlier run, clears the lock
 *       file, takes a slot, makes chunk 0 and at last the control file, whole, by a link. Killed
 *       anywhere before, there is no namespace, and the next to create begins anew.
 *   <li><b>Attach</b> checks the control file before it maps it, and takes a slot. A namespace of
 *       the original gets a lock file by the first JVM that attaches.
 *   <li><b>Leave</b>: frees the slot; one that was closed in the middle of an append leaves it as
 *       the dead do, to be recovered. The last one marks the control file closed, for originals
 *       that have it mapped, and removes every file, the lock file last. In a namespace that the
 *       original created it removes only what JVMs added.
 * </ul>
 *
 * <p>Whether an original takes part cannot be known. Where no JVM is alive and the control file is
 * the original's, a namespace counts as alive as long as some process that this one may look at has
 * the control file mapped.
 */
final class Namespace {
  final Names names;
  final Peers peers;
  final long chunkBytes;
  final long capacity;
  final boolean madeHere;
  final long incarnation;
  final int firstGeneration;
  private final LockBytes lock;
  private final SharedMapping control;
  private final Arena arena;
  private final Object controlKey;

  private Namespace(
      Names names, LockBytes lock, Arena arena, Peers peers, SharedMapping control, ByteBuffer head)
      throws IOException {
    this.names = names;
    this.lock = lock;
    this.arena = arena;
    this.peers = peers;
    this.control = control;
    this.chunkBytes = ControlLayout.chunkSize(head);
    this.capacity = chunkBytes - ChunkLayout.HEADER_BYTES;
    this.madeHere = ControlLayout.isMadeHere(head);
    this.incarnation = ControlLayout.incarnation(head);
    this.firstGeneration = ControlLayout.firstGeneration(head);
    this.controlKey = SharedFiles.identity(names.control());
  }

  MemorySegment control() {
    return control.base();
  }

  long ttlMillis() {
    return peers.figure(PeersLayout.TTL_AT);
  }

  /** How many chunks may be alive. */
  int limit() {
    return Math.clamp(peers.figure(PeersLayout.LIMIT_AT), 1, PeersLayout.CHUNKS);
  }

  // ---- create

  static Namespace create(SharedSettings settings)
      throws NamespaceRefusedException, MappingFailedException, IOException {
    Names names = settings.names();
    LockBytes lock = Gate.enter(names);
    Arena arena = Arena.ofShared();
    Peers peers = null;
    Namespace made = null;
    boolean dead = false;
    try {
      dead = !CleanUp.isAlive(names, lock);
      if (!dead) {
        throw NamespaceRefusedException.of(
            Reason.IN_USE, names, "is in use; attach to it, or choose another name");
      }
      var _ = CleanUp.removeAll(names);
      long incarnation = ThreadLocalRandom.current().nextLong() | 1;
      MemorySegment file = initialise(lock, arena, settings, incarnation);
      peers = takeSlot(names, lock, file, settings.monotonicMillis());
      makeFirst(names, peers, settings, incarnation);
      made = map(names, lock, arena, peers);
      return made;
    } catch (SharedFileException e) {
      throw NamespaceRefusedException.of(names, e);
    } finally {
      try {
        if (made == null && dead) {
          var _ = CleanUp.removeAll(names);
          var _ = SharedFiles.delete(names.lock());
        } else if (made == null) {
          CleanUp.removeUnused(names, lock);
        }
      } finally {
        leaveGate(lock, arena, peers, made != null);
      }
    }
  }

  private static void makeFirst(Names names, Peers peers, SharedSettings settings, long incarnation)
      throws IOException, MappingFailedException {
    int generation = ThreadLocalRandom.current().nextInt();
    int index = peers.claim(1, PeersLayout.chunkWord(PeersLayout.MAKING, peers.slot, 0));
    ChunkFiles.make(
        names,
        peers.slot,
        0,
        settings.chunkBytes(),
        ChunkLayout.created(generation, settings.monotonicMillis(), incarnation));
    peers.setEntry(index, PeersLayout.chunkWord(PeersLayout.ALIVE, 0, 0));
    peers.count(PeersLayout.MADE_AT);
    Steps.reached("create.chunk");
    Path making = names.making(peers.slot);
    byte[] head = ControlLayout.created((int) settings.chunkBytes(), generation, incarnation);
    var _ = SharedFiles.delete(making);
    var _ = SharedFiles.create(making, head.length, head.length, head);
    Steps.reached("create.control");
    SharedFiles.rename(making, names.control());
    Steps.reached("create.done");
  }

  private static MemorySegment initialise(
      LockBytes lock, Arena arena, SharedSettings settings, long incarnation)
      throws IOException, MappingFailedException {
    lock.clear(PeersLayout.BYTES);
    Steps.reached("create.cleared");
    MemorySegment file = lock.map(PeersLayout.BYTES, arena);
    set(file, PeersLayout.INCARNATION_AT, incarnation);
    set(file, PeersLayout.TTL_AT, settings.ttlMillis());
    set(file, PeersLayout.LIMIT_AT, settings.limit());
    set(file, PeersLayout.MAX_CHUNKS_AT, settings.maxChunks());
    set(file, PeersLayout.MAX_BYTES_AT, settings.maxBytes());
    Steps.reached("create.limits");
    set(file, PeersLayout.MAGIC_AT, PeersLayout.MAGIC);
    Steps.reached("create.magic");
    return file;
  }

  private static void set(MemorySegment file, long at, long value) {
    PeersLayout.LONG.setVolatile(file, at, value);
  }

  // ---- attach

  static Namespace attach(SharedSettings settings)
      throws NamespaceRefusedException, MappingFailedException, IOException {
    Names names = settings.names();
    LockBytes lock = null;
    Arena arena = Arena.ofShared();
    Peers peers = null;
    Namespace made = null;
    try {
      // Before the lock file, which must not be made where there is no namespace.
      var _ = ControlFile.head(names);
      lock = Gate.enterFile(names);
      ByteBuffer head = ControlFile.head(names);
      ControlFile.checkChunks(names, ControlLayout.chunkSize(head), ControlLayout.chunkCount(head));
      MemorySegment file = join(names, lock, arena, settings, head);
      peers = takeSlot(names, lock, file, settings.monotonicMillis());
      made = map(names, lock, arena, peers);
      return made;
    } catch (SharedFileException e) {
      throw NamespaceRefusedException.of(names, e);
    } finally {
      if (lock != null) {
        try {
          if (made == null) {
            CleanUp.removeUnused(names, lock);
          }
        } finally {
          leaveGate(lock, arena, peers, made != null);
        }
      } else {
        arena.close();
      }
    }
  }

  private static MemorySegment join(
      Names names, LockBytes lock, Arena arena, SharedSettings settings, ByteBuffer head)
      throws NamespaceRefusedException, IOException, MappingFailedException {
    long incarnation = ControlLayout.incarnation(head);
    if (lock.size() == PeersLayout.BYTES) {
      MemorySegment file = lock.map(PeersLayout.BYTES, arena);
      boolean fits =
          PeersLayout.getLong(file, PeersLayout.MAGIC_AT) == PeersLayout.MAGIC
              && PeersLayout.getLong(file, PeersLayout.INCARNATION_AT) == incarnation;
      if (fits) {
        ControlFile.checkLimits(names, file, ControlLayout.chunkSize(head));
        return file;
      }
    }
    if (ControlLayout.isMadeHere(head) || Gate.anySlotHeld(lock)) {
      throw NamespaceRefusedException.of(
          Reason.CORRUPT, names, "incarnation=" + incarnation + ": must be that of its lock file");
    }
    return initialise(lock, arena, settings, incarnation);
  }

  private static Namespace map(Names names, LockBytes lock, Arena arena, Peers peers)
      throws NamespaceRefusedException, IOException, MappingFailedException {
    ByteBuffer head = ControlFile.head(names);
    SharedMapping control = SharedFiles.map(names.control(), ControlLayout.BYTES);
    Namespace made = null;
    try {
      made = new Namespace(names, lock, arena, peers, control, head);
      return made;
    } finally {
      if (made == null) {
        control.close();
      }
    }
  }

  // ---- slots

  /** Takes a free slot, or inherits that of a process that died, with what it left undone. */
  private static Peers takeSlot(Names names, LockBytes lock, MemorySegment file, long millis)
      throws NamespaceRefusedException, IOException {
    for (boolean inherit : new boolean[] {false, true}) {
      for (int slot = 0; slot < PeersLayout.SLOTS; slot++) {
        if (PeersLayout.isTaken(file, slot) == inherit && lock.tryLock(PeersLayout.lockOf(slot))) {
          Peers peers = new Peers(names.lock(), file, slot, inherit);
          if (!inherit) {
            // A thread of an earlier store that closed under it may have named a chunk late.
            peers.cells.clear(slot);
          }
          Peers.take(file, slot, millis);
          Steps.reached("join.slot");
          return peers;
        }
      }
    }
    throw NamespaceRefusedException.of(
        Reason.IN_USE, names, "stores=" + PeersLayout.SLOTS + ": no more can take part at a time");
  }

  /** Takes the lock of a slot whose owner is gone; false while it is alive. */
  boolean tryLockSlot(int slot) throws IOException {
    return lock.tryLock(PeersLayout.lockOf(slot));
  }

  void unlockSlot(int slot) throws IOException {
    lock.unlock(PeersLayout.lockOf(slot));
  }

  boolean tryLockKeeper() throws IOException {
    return lock.tryLock(PeersLayout.KEEPER);
  }

  void unlockKeeper() throws IOException {
    lock.unlock(PeersLayout.KEEPER);
  }

  // ---- files by name

  /** Whether the names still lead to the files of this run; before anything is done by a name. */
  boolean isCurrent() throws IOException {
    return SharedFiles.leadsTo(names.control(), controlKey) && lock.isCurrent();
  }

  /** Whether a mapped chunk file is of this run; the original's have no mark. */
  boolean isOwnChunk(MemorySegment chunk) {
    int maker = ChunkLayout.maker(chunk);
    return maker == 0 || (madeHere && maker == (int) incarnation) || !madeHere;
  }

  /** Maps the record file of a chunk, and makes it where the original made the chunk. */
  SharedMapping records(int id) throws IOException, MappingFailedException {
    return ChunkFiles.records(names, peers.slot, id, capacity);
  }

  /** Says that a file of a chunk was cut off. */
  MappingLostException lost(InternalError e) {
    return MappingLostException.of(
        "a chunk of namespace=" + names.namespace() + " in " + names.directory(), e);
  }

  // ---- leaving

  void leave() throws IOException {
    boolean gate = false;
    try {
      gate = Gate.await(lock);
      if (!peers.isInherited() && peers.cells.isIdle()) {
        peers.takeBack(peers.slot);
        Steps.reached("leave.leases");
        peers.release(peers.slot);
      }
      Steps.reached("leave.slot");
      if (gate && isCurrent() && !othersAlive()) {
        removeAsLast();
      }
    } finally {
      try {
        // First, so that no late thread of this store writes into what another takes now.
        control.close();
        arena.close();
      } finally {
        lock.unlock(PeersLayout.lockOf(peers.slot));
        if (gate) {
          lock.unlock(PeersLayout.GATE);
        }
        lock.close();
      }
    }
  }

  private boolean othersAlive() throws IOException {
    for (int slot = 0; slot < PeersLayout.SLOTS; slot++) {
      if (slot != peers.slot && Gate.isHeld(lock, slot)) {
        return true;
      }
    }
    return false;
  }

  private void removeAsLast() throws IOException {
    if (madeHere) {
      ControlLayout.close(control());
      Steps.reached("leave.closed");
      var _ = CleanUp.removeAll(names);
    } else {
      for (String name : SharedFiles.list(names.directory(), names.prefix())) {
        if (names.isOwn(name)
            && !name.equals(names.prefix() + "ctrl")
            && names.chunkOf(name).isEmpty()) {
          var _ = SharedFiles.delete(names.directory().resolve(name));
        }
      }
    }
    Steps.reached("leave.removed");
    var _ = SharedFiles.delete(names.lock());
  }

  private static void leaveGate(LockBytes lock, Arena arena, @Nullable Peers peers, boolean joined)
      throws IOException {
    if (!joined && peers != null) {
      if (!peers.isInherited()) {
        peers.release(peers.slot);
      }
      lock.unlock(PeersLayout.lockOf(peers.slot));
    }
    lock.unlock(PeersLayout.GATE);
    if (!joined) {
      arena.close();
      lock.close();
    }
  }
}
