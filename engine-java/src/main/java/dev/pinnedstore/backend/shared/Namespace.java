package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.shared.NamespaceRefusedException.Reason;
import dev.pinnedstore.os.LockBytes;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MappingLostException;
import dev.pinnedstore.os.Processes;
import dev.pinnedstore.os.SharedFileException;
import dev.pinnedstore.os.SharedFiles;
import dev.pinnedstore.os.SharedMapping;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
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
  private static final long GATE_NANOS = 10_000_000_000L;
  private static final long PAUSE_NANOS = 1_000_000;
  private static final long LONGEST_TTL_MILLIS = 365L * 24 * 3600 * 1000;

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
    LockBytes lock = enterGate(names);
    Arena arena = Arena.ofShared();
    Peers peers = null;
    Namespace made = null;
    boolean dead = false;
    try {
      dead = !isAlive(names, lock);
      if (!dead) {
        throw refused(Reason.IN_USE, names, "is in use; attach to it, or choose another name");
      }
      var _ = removeAll(names);
      long incarnation = ThreadLocalRandom.current().nextLong() | 1;
      MemorySegment file = initialise(lock, arena, settings, incarnation);
      peers = takeSlot(names, lock, file, settings.monotonicMillis());
      makeFirst(names, peers, settings, incarnation);
      made = map(names, lock, arena, peers);
      return made;
    } catch (SharedFileException e) {
      throw refused(names, e);
    } finally {
      try {
        if (made == null && dead) {
          var _ = removeAll(names);
          var _ = SharedFiles.delete(names.lock());
        } else if (made == null) {
          removeUnused(names, lock);
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
      var _ = head(names);
      lock = gate(names);
      ByteBuffer head = head(names);
      checkChunks(names, ControlLayout.chunkSize(head), ControlLayout.chunkCount(head));
      MemorySegment file = join(names, lock, arena, settings, head);
      peers = takeSlot(names, lock, file, settings.monotonicMillis());
      made = map(names, lock, arena, peers);
      return made;
    } catch (SharedFileException e) {
      throw refused(names, e);
    } finally {
      if (lock != null) {
        try {
          if (made == null) {
            removeUnused(names, lock);
          }
        } finally {
          leaveGate(lock, arena, peers, made != null);
        }
      } else {
        arena.close();
      }
    }
  }

  /** A lock file that was made for an attempt that failed would be the only one of its name. */
  private static void removeUnused(Names names, LockBytes lock) throws IOException {
    if (lock.size() == 0 && lock.isCurrent()) {
      var _ = SharedFiles.delete(names.lock());
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
        checkLimits(names, file, ControlLayout.chunkSize(head));
        return file;
      }
    }
    if (ControlLayout.isMadeHere(head) || anySlotHeld(lock)) {
      throw refused(
          Reason.CORRUPT, names, "incarnation=" + incarnation + ": must be that of its lock file");
    }
    return initialise(lock, arena, settings, incarnation);
  }

  private static void checkLimits(Names names, MemorySegment file, long chunkSize)
      throws NamespaceRefusedException {
    checkLimit(names, file, "TTL in ms", PeersLayout.TTL_AT, 0, LONGEST_TTL_MILLIS);
    checkLimit(names, file, "limit", PeersLayout.LIMIT_AT, 0, PeersLayout.CHUNKS);
    checkLimit(names, file, "maxChunks", PeersLayout.MAX_CHUNKS_AT, 1, Long.MAX_VALUE);
    checkLimit(names, file, "maxBytes", PeersLayout.MAX_BYTES_AT, chunkSize, Long.MAX_VALUE);
  }

  private static void checkLimit(
      Names names, MemorySegment file, String field, long at, long least, long most)
      throws NamespaceRefusedException {
    long value = PeersLayout.getLong(file, at);
    if (value < least || value > most) {
      throw refused(
          Reason.CORRUPT,
          names,
          names.lock()
              + ": "
              + field
              + "="
              + value
              + ": must be between "
              + least
              + " and "
              + most);
    }
  }

  /** Reads the control file's head and checks each field of it. */
  private static ByteBuffer head(Names names) throws NamespaceRefusedException, IOException {
    byte[] bytes = SharedFiles.read(names.control(), ControlLayout.BYTES);
    long length = SharedFiles.size(names.control());
    ByteBuffer head = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    require(names, length == ControlLayout.BYTES, "length", length, "" + ControlLayout.BYTES);
    require(
        names,
        ControlLayout.magic(head) == ControlLayout.MAGIC,
        "magic",
        Long.toHexString(ControlLayout.magic(head)),
        Long.toHexString(ControlLayout.MAGIC));
    int version = ControlLayout.version(head);
    require(names, version == ControlLayout.VERSION, "version", version, "1");
    long chunkSize = ControlLayout.chunkSize(head);
    require(
        names,
        chunkSize > ChunkLayout.HEADER_BYTES,
        "chunk size",
        chunkSize,
        "between 65 and 4294967295 bytes");
    long count = ControlLayout.chunkCount(head);
    require(
        names,
        count >= 1 && count <= Integer.MAX_VALUE,
        "chunk count",
        count,
        "between 1 and " + Integer.MAX_VALUE);
    long writeHead = ControlLayout.writeHead(head);
    require(names, writeHead < count, "write head", writeHead, "below the chunk count, " + count);
    if (ControlLayout.isClosed(head)) {
      throw refused(Reason.MISSING, names, "was closed by the last that left it");
    }
    return head;
  }

  /** Every chunk file is of the size that the control file says; an empty one is being made. */
  private static void checkChunks(Names names, long chunkSize, long count)
      throws NamespaceRefusedException, IOException {
    for (String name : SharedFiles.list(names.directory(), names.prefix())) {
      OptionalInt id = names.chunkOf(name);
      if (id.isPresent() && Integer.toUnsignedLong(id.getAsInt()) < count) {
        long size = SharedFiles.lengthOrZero(names.directory().resolve(name));
        require(
            names,
            size == 0 || size == chunkSize,
            "chunk size",
            chunkSize,
            "the length of " + name + ", " + size + " bytes");
      }
    }
  }

  private static void require(Names names, boolean holds, String field, Object value, String legal)
      throws NamespaceRefusedException {
    if (!holds) {
      throw refused(
          Reason.CORRUPT,
          names,
          names.control() + ": " + field + "=" + value + ": must be " + legal);
    }
  }

  private static Namespace map(Names names, LockBytes lock, Arena arena, Peers peers)
      throws NamespaceRefusedException, IOException, MappingFailedException {
    ByteBuffer head = head(names);
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
          Peers.take(file, slot, millis);
          Steps.reached("join.slot");
          return new Peers(file, slot, inherit);
        }
      }
    }
    throw refused(
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
      gate = awaitGate(lock);
      if (peers.cells.isIdle()) {
        peers.takeBack(peers.slot);
        Steps.reached("leave.leases");
        peers.release(peers.slot);
      }
      Steps.reached("leave.slot");
      if (gate && isCurrent() && !othersAlive()) {
        removeAsLast();
      }
    } finally {
      lock.unlock(PeersLayout.lockOf(peers.slot));
      if (gate) {
        lock.unlock(PeersLayout.GATE);
      }
      control.close();
      arena.close();
      lock.close();
    }
  }

  private boolean othersAlive() throws IOException {
    for (int slot = 0; slot < PeersLayout.SLOTS; slot++) {
      if (slot != peers.slot && isHeld(lock, slot)) {
        return true;
      }
    }
    return false;
  }

  private void removeAsLast() throws IOException {
    if (madeHere) {
      ControlLayout.close(control());
      Steps.reached("leave.closed");
      var _ = removeAll(names);
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

  // ---- clean-up

  /** Removes what dead processes left; null when somebody is alive. */
  static @Nullable Removed cleanUp(Names names) throws NamespaceRefusedException, IOException {
    if (SharedFiles.list(names.directory(), names.prefix()).stream()
        .noneMatch(name -> names.isOwn(name) || name.equals(names.prefix() + "lock"))) {
      return new Removed(0, 0);
    }
    LockBytes lock = enterGate(names);
    try {
      if (isAlive(names, lock)) {
        return null;
      }
      Removed removed = removeAll(names);
      var _ = SharedFiles.delete(names.lock());
      return removed;
    } catch (SharedFileException e) {
      throw refused(names, e);
    } finally {
      try {
        removeUnused(names, lock);
      } finally {
        lock.unlock(PeersLayout.GATE);
        lock.close();
      }
    }
  }

  /** Removes every file of the namespace but its lock file, the control file first. */
  private static Removed removeAll(Names names) throws IOException {
    int files = 0;
    long bytes = 0;
    if (SharedFiles.exists(names.control()) && SharedFiles.delete(names.control())) {
      files++;
      bytes += ControlLayout.BYTES;
      Steps.reached("remove.control");
    }
    for (String name : SharedFiles.list(names.directory(), names.prefix())) {
      if (names.isOwn(name)) {
        Path file = names.directory().resolve(name);
        long size = SharedFiles.lengthOrZero(file);
        if (remove(file)) {
          files++;
          bytes += size;
          Steps.reached("remove.file");
        }
      }
    }
    return new Removed(files, bytes);
  }

  private static boolean remove(Path file) throws IOException {
    try {
      return SharedFiles.delete(file);
    } catch (IOException e) {
      // Another user's is refused as such.
      var _ = SharedFiles.size(file);
      throw e;
    }
  }

  private static boolean isAlive(Names names, LockBytes lock) throws IOException {
    if (lock.size() > 0 && anySlotHeld(lock)) {
      return true;
    }
    if (!SharedFiles.exists(names.control())) {
      return false;
    }
    byte[] bytes = SharedFiles.read(names.control(), ControlLayout.BYTES);
    ByteBuffer head = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    boolean isOriginal = bytes.length == ControlLayout.BYTES && !ControlLayout.isMadeHere(head);
    return isOriginal && Processes.anyMaps(names.control());
  }

  private static boolean anySlotHeld(LockBytes lock) throws IOException {
    for (int slot = 0; slot < PeersLayout.SLOTS; slot++) {
      if (isHeld(lock, slot)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isHeld(LockBytes lock, int slot) throws IOException {
    if (!lock.tryLock(PeersLayout.lockOf(slot))) {
      return true;
    }
    lock.unlock(PeersLayout.lockOf(slot));
    return false;
  }

  // ---- the gate

  private static LockBytes enterGate(Names names) throws NamespaceRefusedException, IOException {
    try {
      return gate(names);
    } catch (SharedFileException e) {
      throw refused(names, e);
    }
  }

  private static LockBytes gate(Names names) throws NamespaceRefusedException, IOException {
    while (true) {
      LockBytes lock = LockBytes.open(names.lock());
      boolean inside = false;
      try {
        if (!awaitGate(lock)) {
          throw refused(
              Reason.IN_USE, names, "another process has been joining or leaving for 10 s");
        }
        inside = lock.isCurrent();
        if (inside) {
          return lock;
        }
        lock.unlock(PeersLayout.GATE);
      } finally {
        if (!inside) {
          lock.close();
        }
      }
    }
  }

  private static boolean awaitGate(LockBytes lock) throws IOException {
    long start = System.nanoTime();
    while (!lock.tryLock(PeersLayout.GATE)) {
      if (System.nanoTime() - start > GATE_NANOS) {
        return false;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return true;
  }

  private static void leaveGate(LockBytes lock, Arena arena, @Nullable Peers peers, boolean joined)
      throws IOException {
    if (!joined && peers != null) {
      if (!peers.inherited) {
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

  private static NamespaceRefusedException refused(Reason reason, Names names, String what) {
    return new NamespaceRefusedException(
        reason, "namespace=" + names.namespace() + " in " + names.directory() + ": " + what, null);
  }

  private static NamespaceRefusedException refused(Names names, SharedFileException e) {
    Reason reason =
        switch (e.problem()) {
          case MISSING -> Reason.MISSING;
          case SHAPE -> Reason.CORRUPT;
          case OWNER -> Reason.FOREIGN_OWNER;
        };
    return new NamespaceRefusedException(
        reason, "namespace=" + names.namespace() + ": " + e.getMessage(), e);
  }
}
