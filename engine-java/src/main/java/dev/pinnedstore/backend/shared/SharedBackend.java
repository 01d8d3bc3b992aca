package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.BackendEvents;
import dev.pinnedstore.backend.BackendStats;
import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.Codes;
import dev.pinnedstore.backend.StorageBackend;
import dev.pinnedstore.backend.ViewGroup;
import dev.pinnedstore.backend.ViewGroups;
import dev.pinnedstore.os.AliasFailedException;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MappingFailedException.Limit;
import dev.pinnedstore.os.MappingLostException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Chunks of files that processes share, JVMs and the Rust original alike.
 *
 * <h2>An append</h2>
 *
 * <ol>
 *   <li>A {@linkplain Peers cell} is taken that names the chunk.
 *   <li>One compare-and-set of "used" reserves the bytes, back to back with the blob before. It
 *       fails in a chunk that is sealed; the cell then says nothing that matters. From here on the
 *       keeper sees the cell, and lets the chunk alone.
 *   <li>The cell says which bytes; they are copied; the chunk's newest time is raised; the record
 *       is stored with release, and only then the entry is counted, so that a counted blob always
 *       has a record that can be acknowledged.
 *   <li>The cell is given up, and after that the handle exists.
 * </ol>
 *
 * <p>Killed before the record: whoever recovers the cell makes the bytes padding. Killed after it:
 * nobody has the handle, so the blob is revoked, to padding as well; whether it was counted does
 * not matter, as the chunk is suspect then and judged by its records. Killed between the
 * reservation and the note which bytes: they look like an original's.
 *
 * <p>What is written in place is padding with a window meanwhile, without a cell, and is published
 * under a cell again.
 *
 * <p>A thread that finds the head full moves it on to a ready chunk, by a compare-and-set of the
 * head, and makes one if there is none. A head may have moved although it had room, as another
 * thread opened it again in between: what is left of it is used at the limit. One whose file is
 * gone counts as full. What happens to a chunk then is written at {@link Keeper}.
 *
 * <p>An acknowledgement is one compare-and-set of the record and, for who succeeds, one addition to
 * the chunk's counter. Records of small blobs do not tell their generation, so it happens under a
 * cell there, taken before the generation is looked at.
 */
public final class SharedBackend implements StorageBackend {
  /** The most chunks that can be alive in a namespace. */
  public static final int MOST_CHUNKS = PeersLayout.CHUNKS;

  /** Makes shared milliseconds greater than zero, whatever the clock begins with. */
  private static final long EPOCH = 1L << 40;

  private static final long NO_ROOM = -10;
  private static final long AGAIN = -11;
  private static final int MOST_WAITS = 5_000;
  private static final int MOST_TRIES = 100;
  private static final long WAIT_NANOS = 200_000;

  /** What a cycle by hand waits before it unmaps; see {@link Chunks#unmapGone}. */
  private static final long GRACE_NANOS = 5_000_000;

  private static final long MOST_GROUP_BYTES = 32L << 20;

  private final Namespace namespace;
  private final Peers peers;
  private final MemorySegment control;
  private final Chunks chunks;
  private final ChunkMaker maker;
  private final Keeper keeper;
  private final ViewGroups groups;
  private final CoarseClock clock;
  private final BackendEvents events;
  private final long capacity;
  private final long ttlMillis;
  private final long shiftMillis;
  private final AtomicLong stalls = new AtomicLong();
  private final AtomicLong stallNanos = new AtomicLong();
  private final AtomicLong peakBytes = new AtomicLong();
  private volatile @Nullable MappingFailedException refusal;
  private volatile @Nullable Chunk head;
  private volatile boolean writes;
  private volatile boolean closed;

  /** The figures from the end on. */
  private volatile @Nullable BackendStats lastStats;

  private boolean left;

  private SharedBackend(
      Namespace namespace, SharedSettings settings, CoarseClock clock, BackendEvents events) {
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.control = namespace.control();
    this.capacity = namespace.capacity;
    this.ttlMillis = namespace.ttlMillis();
    this.clock = clock;
    this.events = events;
    this.shiftMillis = sharedShift(clock);
    this.groups = new ViewGroups(Math.max(namespace.chunkBytes, MOST_GROUP_BYTES));
    this.chunks = new Chunks(namespace, groups, this::dropped);
    this.maker = new ChunkMaker(namespace, chunks);
    this.keeper = new Keeper(namespace, chunks, events, settings.decayMillis());
  }

  /** What turns epoch milliseconds of a clock into those that all processes share. */
  private static long sharedShift(CoarseClock clock) {
    return clock.monotonicShiftMillis() + EPOCH;
  }

  /**
   * Returns the time that all processes of a machine share.
   *
   * @param clock the store's clock
   * @return milliseconds
   */
  public static long sharedMillis(CoarseClock clock) {
    return clock.exactMillis() + sharedShift(clock);
  }

  /**
   * Creates a namespace.
   *
   * @param settings what it is
   * @param clock the store's clock
   * @param events is told of chunks
   * @return the backend, the only one that takes part so far
   * @throws NamespaceRefusedException when it is in use
   * @throws MappingFailedException when the file system has no room for the first chunk
   * @throws IOException when the file system refuses
   */
  public static SharedBackend create(
      SharedSettings settings, CoarseClock clock, BackendEvents events)
      throws NamespaceRefusedException, MappingFailedException, IOException {
    return begin(Namespace.create(settings), settings, clock, events);
  }

  /**
   * Joins a namespace.
   *
   * @param settings its names; the rest if an original created it
   * @param clock the store's clock
   * @param events is told of chunks
   * @return the backend
   * @throws NamespaceRefusedException when there is none, or it is not what it should be
   * @throws MappingFailedException when the process may not map more
   * @throws IOException when the file system refuses
   */
  public static SharedBackend attach(
      SharedSettings settings, CoarseClock clock, BackendEvents events)
      throws NamespaceRefusedException, MappingFailedException, IOException {
    return begin(Namespace.attach(settings), settings, clock, events);
  }

  /**
   * Creates a namespace, or joins it if it is in use.
   *
   * @param settings what it is
   * @param clock the store's clock
   * @param events is told of chunks
   * @return the backend
   * @throws NamespaceRefusedException when it is not what it should be
   * @throws MappingFailedException when the file system has no room for the first chunk
   * @throws IOException when the file system refuses
   */
  public static SharedBackend createOrAttach(
      SharedSettings settings, CoarseClock clock, BackendEvents events)
      throws NamespaceRefusedException, MappingFailedException, IOException {
    for (int tries = 1; ; tries++) {
      try {
        return create(settings, clock, events);
      } catch (NamespaceRefusedException e) {
        if (e.reason() != NamespaceRefusedException.Reason.IN_USE) {
          throw e;
        }
      }
      try {
        return attach(settings, clock, events);
      } catch (NamespaceRefusedException e) {
        // The last one left it between the two; or somebody removed the control file of the living.
        if (e.reason() != NamespaceRefusedException.Reason.MISSING || tries == MOST_TRIES) {
          throw e;
        }
      }
    }
  }

  private static SharedBackend begin(
      Namespace namespace, SharedSettings settings, CoarseClock clock, BackendEvents events)
      throws NamespaceRefusedException {
    SharedBackend backend = new SharedBackend(namespace, settings, clock, events);
    boolean joined = false;
    try {
      joined = backend.keeper.join();
    } finally {
      if (!joined) {
        boolean _ = backend.close();
      }
    }
    if (!joined) {
      throw new NamespaceRefusedException(
          NamespaceRefusedException.Reason.IN_USE,
          namespace.names.namespace() + ": another process keeps its chunks and does not end",
          null);
    }
    return backend;
  }

  /**
   * Removes what dead processes left of a namespace.
   *
   * @param names its files
   * @return what was removed; null when somebody uses it
   * @throws NamespaceRefusedException when it belongs to another user
   * @throws IOException when the file system refuses
   */
  public static @Nullable Removed cleanUp(Names names)
      throws NamespaceRefusedException, IOException {
    return Namespace.cleanUp(names);
  }

  /**
   * Returns the size of a chunk file, which the namespace's creator chose.
   *
   * @return bytes
   */
  public long chunkBytes() {
    return namespace.chunkBytes;
  }

  /**
   * Returns how many chunks may be alive, as the namespace's creator chose.
   *
   * @return chunks
   */
  public long maxChunks() {
    return peers.figure(PeersLayout.MAX_CHUNKS_AT);
  }

  /**
   * Returns how many bytes chunks may have, as the namespace's creator chose.
   *
   * @return bytes
   */
  public long maxBytes() {
    return peers.figure(PeersLayout.MAX_BYTES_AT);
  }

  /**
   * Returns the time after which blobs expire, as the namespace's creator chose.
   *
   * @return milliseconds, 0 for never
   */
  public long ttlMillis() {
    return ttlMillis;
  }

  @Override
  public long maxBlobBytes() {
    return capacity;
  }

  // ---- append

  @Override
  public long reserve(long size, long millis) {
    try {
      return reserveInAny(size, millis);
    } catch (InternalError e) {
      throw lost(e);
    }
  }

  private long reserveInAny(long size, long millis) {
    try {
      Chunk chunk = head;
      if (chunk != null && chunk.id == ControlLayout.writeHead(control) && !isPast(chunk, millis)) {
        long start = reserveIn(chunk, size);
        if (start >= 0) {
          return Codes.place(chunk.id, start);
        }
      }
    } catch (MappingLostException e) {
      // The next append finds that it is lost, and moves on.
      head = null;
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
    long cell = peers.enter(chunk.id);
    boolean reserved = false;
    try {
      Steps.reached("append.entered");
      while (Integer.toUnsignedLong(used) + size <= capacity) {
        if (ChunkLayout.reserve(base, used, (int) (used + size))) {
          Steps.reached("append.reserved");
          peers.holds(cell, chunk.id, Integer.toUnsignedLong(used), size);
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
        peers.leave(cell);
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
      Chunk chunk = mapped(headId);
      long start = chunk == null || chunk.lost ? NO_ROOM : reserveAgain(chunk, size, millis);
      if (start >= 0) {
        return Codes.place(headId, start);
      }
      if (start == AGAIN) {
        continue;
      }
      long next = chunk == null && refusal != null ? Codes.FULL_SYSTEM : successor(headId);
      if (next >= 0) {
        boolean isFull = chunk == null || roomIn(chunk) < size || isSpent(chunk, millis);
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
      if (!isPending) {
        continue;
      }
      LockSupport.parkNanos(WAIT_NANOS);
    }
    return Codes.CLOSED;
  }

  /** Whether a chunk has room, or one more may be made. */
  private boolean isOpen(long size, long millis, boolean mayNotMake) {
    int taken = 0;
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      taken += word != 0 ? 1 : 0;
      Chunk chunk =
          PeersLayout.state(word) == PeersLayout.ALIVE ? mapped(PeersLayout.id(word)) : null;
      if (chunk != null && roomIn(chunk) >= size && !isSpent(chunk, millis)) {
        return true;
      }
    }
    return !mayNotMake && taken < namespace.limit();
  }

  /** Whether all in it has expired, or it is no more. */
  private boolean isSpent(Chunk chunk, long millis) {
    try {
      return isPast(chunk, millis);
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
      long word = peers.entry(i);
      Chunk chunk =
          PeersLayout.state(word) == PeersLayout.ALIVE ? mapped(PeersLayout.id(word)) : null;
      if (chunk != null && roomIn(chunk) >= size) {
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
      return isPast(chunk, millis) ? NO_ROOM : reserveIn(chunk, size);
    } catch (MappingLostException e) {
      throw e;
    } catch (IllegalStateException e) {
      head = null;
      return AGAIN;
    } catch (InternalError e) {
      throw chunk.lose(e);
    }
  }

  /** A ready chunk other than the head, made now if there is none; or a refusal. */
  private long successor(int headId) {
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      int id = PeersLayout.id(word);
      if (PeersLayout.state(word) == PeersLayout.ALIVE && id != headId) {
        try {
          Chunk chunk = chunks.findOrMap(id);
          if (chunk != null && chunk.isReady()) {
            return id;
          }
        } catch (MappingFailedException e) {
          // Another one could not be mapped either, and would only fill the file system.
          refusal = e;
          return chunks.unmapGone(true) ? successor(headId) : Codes.FULL_SYSTEM;
        }
      }
    }
    long start = clock.nanos();
    long made = make();
    if (made >= 0) {
      long nanos = clock.nanos() - start;
      stalls.incrementAndGet();
      stallNanos.addAndGet(nanos);
      events.stalled((int) made, namespace.chunkBytes, nanos);
    }
    return made;
  }

  /** The id of a new chunk, or a refusal. */
  private long make() {
    try {
      Chunk chunk = maker.make(sharedNow());
      if (chunk == null) {
        boolean byBytes = maxBytes() / namespace.chunkBytes < maxChunks();
        return byBytes ? Codes.FULL_BYTES : Codes.FULL_CHUNKS;
      }
      refusal = null;
      long bytes = aliveChunks() * namespace.chunkBytes;
      peakBytes.accumulateAndGet(bytes, Math::max);
      return chunk.id;
    } catch (MappingFailedException e) {
      refusal = e;
      // What is gone may take the room that was missing.
      return chunks.unmapGone(true) ? make() : Codes.FULL_SYSTEM;
    }
  }

  /**
   * At a limit: takes every chunk as far as it goes, what has expired too, first with the views of
   * this store, and only then against those of others; whether one was opened.
   */
  private boolean relieve() {
    long now = sharedNow();
    var _ = keeper.expire(now);
    return keeper.keep(now, Keeper.Haste.WAIT) > 0
        || (endViews(true) > 0 && keeper.keep(now, Keeper.Haste.WAIT) > 0)
        || keeper.keep(now, Keeper.Haste.UNLINK) > 0;
  }

  /** Lets views of the past die, and what is no more; the number of Arenas closed. */
  private int endViews(boolean atOnce) {
    chunks.tidy();
    int closedGroups = groups.closeComplete(clock.nanos(), atOnce);
    chunks.tidy();
    return closedGroups;
  }

  /** Counts what may have made room for somebody. */
  private long changes() {
    return peers.figure(PeersLayout.MADE_AT)
        + peers.figure(PeersLayout.RECYCLED_AT)
        + peers.figure(PeersLayout.GIVEN_BACK_AT);
  }

  @Override
  public MemorySegment window(long place, long size, Arena arena) {
    Chunk chunk = at(place);
    long start = start(place);
    if (chunk.index < 0) {
      keeper.adopt(chunk);
    }
    checkKnown(chunk);
    try {
      chunks.openWindow(chunk);
      Steps.reached("window.marked");
      Records.put(chunk, RecordLayout.PADDING, start, size, chunk.generation(), 0);
      Steps.reached("window.padded");
      peers.leave(peers.find(chunk.id, start, size));
      Steps.reached("window.opened");
      MemorySegment window = chunk.data.alias(ChunkLayout.HEADER_BYTES + start, size, arena);
      return window.fill((byte) 0);
    } catch (InternalError e) {
      throw lost(e);
    }
  }

  @Override
  public void publish(long place, MemorySegment source, long offset, long size, long millis) {
    Chunk chunk = at(place);
    long start = start(place);
    boolean copied = false;
    try {
      MemorySegment.copy(source, offset, chunk.base, ChunkLayout.HEADER_BYTES + start, size);
      copied = true;
    } catch (InternalError e) {
      throw cutOff(chunk, e);
    } finally {
      if (!copied) {
        cancel(place, size);
      }
    }
    publishCopied(chunk, start, size, millis);
  }

  @Override
  public void publish(long place, byte[] source, int offset, int size, long millis) {
    Chunk chunk = at(place);
    long start = start(place);
    boolean copied = false;
    try {
      MemorySegment.copy(
          source,
          offset,
          chunk.base,
          ValueLayout.JAVA_BYTE,
          ChunkLayout.HEADER_BYTES + start,
          size);
      copied = true;
    } catch (InternalError e) {
      throw cutOff(chunk, e);
    } finally {
      if (!copied) {
        cancel(place, size);
      }
    }
    publishCopied(chunk, start, size, millis);
  }

  private void publishCopied(Chunk chunk, long start, long size, long millis) {
    long cell = peers.find(chunk.id, start, size);
    try {
      publishAs(chunk, start, size, millis);
    } catch (InternalError e) {
      throw lost(e);
    } finally {
      peers.leave(cell);
    }
    Steps.reached("append.left");
  }

  private void publishAs(Chunk chunk, long start, long size, long millis) {
    Steps.reached("append.copied");
    int generation = chunk.generation();
    boolean isNewer = !chunk.isKnownSince(generation, millis + shiftMillis);
    if (isNewer) {
      ChunkLayout.raiseNewest(chunk.base, millis + shiftMillis);
      chunk.know(generation, millis + shiftMillis);
    }
    Steps.reached("append.raised");
    Records.put(chunk, RecordLayout.LIVE, start, size, generation, millis);
    Steps.reached("append.recorded");
    ChunkLayout.countEntry(chunk.base);
    Steps.reached("append.counted");
    if (isNewer) {
      ChunkLayout.setFirstWrite(chunk.base, millis);
    }
    Steps.reached("append.stamped");
  }

  @Override
  public void publish(long place, long size, long millis) {
    Chunk chunk = at(place);
    // Under a cell again, which tells a process that died with the handle from one that gave it.
    long cell = peers.enter(chunk.id);
    peers.holds(cell, chunk.id, start(place), size);
    try {
      publishAs(chunk, start(place), size, millis);
    } catch (InternalError e) {
      throw lost(e);
    } finally {
      peers.leave(cell);
      chunks.closeWindow(chunk);
    }
    Steps.reached("window.left");
  }

  @Override
  public void cancel(long place, long size) {
    Chunk chunk = at(place);
    long start = start(place);
    long cell = peers.find(chunk.id, start, size);
    if (cell < 0) {
      chunks.closeWindow(chunk);
      return;
    }
    try {
      Records.put(chunk, RecordLayout.PADDING, start, size, chunk.generation(), 0);
    } catch (InternalError e) {
      throw lost(e);
    } finally {
      peers.leave(cell);
    }
  }

  @Override
  public int generation(int pageId) {
    try {
      return at(Codes.place(pageId, 0)).generation();
    } catch (InternalError e) {
      throw lost(e);
    }
  }

  // ---- read

  @Override
  public @Nullable MemorySegment view(
      int pageId, int offset, int size, int generation, long millis) {
    Chunk chunk = chunks.find(pageId);
    // The view first, the generation after.
    Chunk.View view = chunk == null ? null : chunk.view;
    if (chunk == null || view == null || view.generation() != generation) {
      return null;
    }
    try {
      return state(chunk, offset, size, generation, millis) == Codes.LIVE ? view.segment() : null;
    } catch (InternalError e) {
      throw lost(e);
    }
  }

  @Override
  public void openView(int pageId, int offset, int size) {
    try {
      Chunk chunk = mappedOrThrow(pageId);
      if (chunk != null) {
        if (chunk.index < 0) {
          keeper.adopt(chunk);
        }
        openView(chunk);
      }
    } catch (InternalError e) {
      throw lost(e);
    }
  }

  private void openView(Chunk chunk) {
    synchronized (chunk) {
      Chunk.View view = chunk.view;
      if (view != null && view.generation() == chunk.generation()) {
        return;
      }
      if (!chunks.lease(chunk)) {
        settle(chunk);
        return;
      }
      Steps.reached("view.leased");
      VarHandle.fullFence();
      boolean opened = false;
      try {
        int generation = chunk.generation();
        ViewGroup group =
            ChunkLayout.has(chunk.base, ChunkLayout.RETIRED)
                ? null
                : groups.join(clock.nanos(), capacity);
        if (group != null) {
          try {
            MemorySegment segment =
                chunk.data.alias(ChunkLayout.HEADER_BYTES, capacity, group.arena).asReadOnly();
            chunk.view = new Chunk.View(generation, segment, group);
            opened = true;
          } finally {
            if (!opened) {
              groups.leave(group);
            }
          }
        }
      } finally {
        if (!opened) {
          chunks.endLease(chunk);
        }
      }
    }
  }

  /** A chunk that is gone, or whose earlier views have not died: helps that on. */
  private void settle(Chunk chunk) {
    checkKnown(chunk);
    var _ = endViews(true);
  }

  /** Without an entry in the chunk table, keepers would not see what is noted of a chunk. */
  private static void checkKnown(Chunk chunk) {
    if (chunk.index < 0) {
      throw new AliasFailedException(
          new MappingFailedException(
              Limit.OTHER,
              "chunks=" + PeersLayout.CHUNKS + ": no more can be viewed or written in place",
              -1,
              -1,
              null));
    }
  }

  @Override
  public byte @Nullable [] resolve(int pageId, int offset, int size, int generation, long millis) {
    Chunk chunk = chunks.find(pageId);
    try {
      if (chunk == null || state(chunk, offset, size, generation, millis) != Codes.LIVE) {
        return null;
      }
      byte[] copy = new byte[size];
      long start = ChunkLayout.HEADER_BYTES + Integer.toUnsignedLong(offset);
      MemorySegment.copy(chunk.base, ValueLayout.JAVA_BYTE, start, copy, 0, size);
      VarHandle.loadLoadFence();
      // An acknowledged blob's bytes stay until the generation changes.
      return chunk.generation() == generation ? copy : null;
    } catch (InternalError e) {
      throw lost(e);
    }
  }

  @Override
  public int check(int pageId, int offset, int size, int generation, long millis) {
    try {
      Chunk chunk = mappedOrThrow(pageId);
      if (chunk != null) {
        int state = state(chunk, offset, size, generation, millis);
        if (state != Codes.NEVER_ISSUED) {
          // Nobody opens a view of a retired chunk, so a caller must not be told to try again.
          boolean isRetired = ChunkLayout.has(chunk.base, ChunkLayout.RETIRED);
          return isRetired && state == Codes.LIVE ? Codes.STALE : state;
        }
      }
      return isPast(chunk, pageId, offset, size, generation) ? Codes.STALE : Codes.NEVER_ISSUED;
    } catch (InternalError e) {
      throw lost(e);
    }
  }

  /** What a handle is in a chunk of its generation; never issued if that is another. */
  private int state(Chunk chunk, int offset, int size, int generation, long millis) {
    long start = Integer.toUnsignedLong(offset);
    long bytes = Integer.toUnsignedLong(size);
    if (chunk.generation() != generation || bytes == 0 || start + bytes > capacity) {
      return Codes.NEVER_ISSUED;
    }
    int record = Records.state(chunk, start, bytes, generation, millis);
    if (record == RecordLayout.LIVE) {
      return ttlMillis != 0 && isPast(chunk, generation, clock.millis()) ? Codes.STALE : Codes.LIVE;
    }
    if (record == RecordLayout.ACKNOWLEDGED) {
      return Codes.ACKNOWLEDGED;
    }
    return record == RecordLayout.NONE && isOriginals(chunk, start, bytes, generation)
        ? age(millis)
        : Codes.NEVER_ISSUED;
  }

  /** Whether an original may have written these bytes: reserved, without record, and no JVM's. */
  private boolean isOriginals(Chunk chunk, long start, long bytes, int generation) {
    return start + bytes <= chunk.used()
        && !peers.isReserved(chunk.id, start, bytes)
        && Records.isFree(chunk, start, bytes, generation)
        && chunk.generation() == generation;
  }

  /** An original's blob expires by its own time. */
  private int age(long millis) {
    return ttlMillis != 0 && clock.millis() - millis > ttlMillis ? Codes.STALE : Codes.LIVE;
  }

  /** Whether all that JVMs wrote in a chunk has expired, at a time in epoch milliseconds. */
  private boolean isPast(Chunk chunk, long millis) {
    if (ttlMillis == 0) {
      return false;
    }
    return isPast(chunk, chunk.generation(), millis);
  }

  private boolean isPast(Chunk chunk, int generation, long millis) {
    long oldest = millis + shiftMillis - ttlMillis;
    if (chunk.isKnownSince(generation, oldest)) {
      return false;
    }
    long newest = ChunkLayout.newest(chunk.base);
    chunk.know(generation, newest);
    return newest != 0 && newest < oldest;
  }

  private boolean isPast(@Nullable Chunk chunk, int pageId, int offset, int size, int generation) {
    long end = Integer.toUnsignedLong(offset) + Integer.toUnsignedLong(size);
    if (size == 0 || end > capacity || !isIssued(pageId, generation)) {
      return false;
    }
    if (chunk == null) {
      return true;
    }
    int own = ChunkLayout.first(chunk.base);
    int first = own == 0 ? namespace.firstGeneration : own;
    return Integer.compareUnsigned(generation - first, chunk.generation() - first) < 0;
  }

  /** Whether a chunk of that id may have had that generation. */
  private boolean isIssued(int pageId, int generation) {
    int first = namespace.firstGeneration;
    int newest = ControlLayout.generation(control);
    return Integer.compareUnsigned(pageId, ControlLayout.chunkCount(control)) < 0
        && Integer.compareUnsigned(generation - first, newest - first) <= 0;
  }

  // ---- acknowledge

  @Override
  public int acknowledge(int pageId, int offset, int size, int generation, long millis) {
    try {
      Chunk chunk = mappedOrThrow(pageId);
      if (chunk == null || state(chunk, offset, size, generation, millis) != Codes.LIVE) {
        return check(pageId, offset, size, generation, millis);
      }
      long start = Integer.toUnsignedLong(offset);
      long bytes = Integer.toUnsignedLong(size);
      boolean direct =
          bytes >= RecordLayout.LARGE
              && Records.change(
                  chunk,
                  start,
                  bytes,
                  generation,
                  millis,
                  RecordLayout.LIVE,
                  RecordLayout.ACKNOWLEDGED);
      boolean done =
          direct ? counted(chunk) : acknowledgeInCell(chunk, start, bytes, generation, millis);
      return done ? Codes.LIVE : check(pageId, offset, size, generation, millis);
    } catch (InternalError e) {
      throw lost(e);
    }
  }

  /** A small blob, or one of the original, whose record is made now. */
  private boolean acknowledgeInCell(
      Chunk chunk, long start, long size, int generation, long millis) {
    long cell = peers.enterToRead(chunk.id);
    Steps.reached("acknowledge.entered");
    try {
      if (chunk.generation() != generation || ChunkLayout.has(chunk.base, ChunkLayout.RETIRED)) {
        return false;
      }
      int from = Records.state(chunk, start, size, generation, millis);
      boolean isOpen = from == RecordLayout.LIVE || from == RecordLayout.NONE;
      return isOpen
          && Records.change(chunk, start, size, generation, millis, from, RecordLayout.ACKNOWLEDGED)
          && counted(chunk);
    } finally {
      peers.leave(cell);
    }
  }

  private boolean counted(Chunk chunk) {
    Steps.reached("acknowledge.recorded");
    int acknowledged = ChunkLayout.countAcknowledged(chunk.base, 1);
    Steps.reached("acknowledge.counted");
    if (Integer.compareUnsigned(acknowledged, ChunkLayout.entries(chunk.base)) >= 0) {
      ChunkLayout.setEmptySince(chunk.base, Math.max(1, clock.millis()));
      if (chunk.isSealed() || chunk.id != ControlLayout.writeHead(control)) {
        events.roomMayCome(capacity);
      }
    }
    return true;
  }

  // ---- room

  @Override
  public boolean hasRoom(long size) {
    try {
      return mayHaveRoom(size);
    } catch (InternalError e) {
      throw lost(e);
    }
  }

  private boolean mayHaveRoom(long size) {
    int headId = ControlLayout.writeHead(control);
    Chunk chunk = mapped(headId);
    if (chunk != null && roomIn(chunk) >= size) {
      return true;
    }
    int used = 0;
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      used += word != 0 ? 1 : 0;
      Chunk other =
          PeersLayout.state(word) == PeersLayout.ALIVE ? mapped(PeersLayout.id(word)) : null;
      boolean comes =
          other != null
              && (roomIn(other) >= size
                  || (!other.lost
                      && other.isCountedOut()
                      && (other.id != headId || other.isSealed())));
      if (comes) {
        return true;
      }
    }
    return used < namespace.limit() && refusal == null;
  }

  @Override
  public void sealFor(long size) {
    keeper.sealFor(size);
  }

  @Override
  public @Nullable MappingFailedException refusal() {
    return refusal;
  }

  // ---- the lifecycle's side

  @Override
  public long pageBytes() {
    return namespace.chunkBytes;
  }

  @Override
  public double fill() {
    Chunk chunk = mapped(ControlLayout.writeHead(control));
    return chunk == null ? 1 : 1 - (double) roomIn(chunk) / capacity;
  }

  /** Bytes that are not reserved in a chunk; none where its file was cut off. */
  private long roomIn(Chunk chunk) {
    try {
      long used = Integer.toUnsignedLong(ChunkLayout.used(chunk.base));
      return chunk.lost ? 0 : Math.max(0, capacity - used);
    } catch (IllegalStateException e) {
      return 0;
    } catch (InternalError e) {
      var _ = chunk.lose(e);
      return 0;
    }
  }

  @Override
  public long pagesBegun() {
    return peers.figure(PeersLayout.BEGUN_AT);
  }

  @Override
  public long pagesReused() {
    return peers.figure(PeersLayout.RECYCLED_AT);
  }

  @Override
  public int readyPages() {
    int headId = ControlLayout.writeHead(control);
    int ready = 0;
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      int state = PeersLayout.state(word);
      if (state == PeersLayout.CLAIMED || state == PeersLayout.MAKING) {
        // Some process makes it now; one is enough for all.
        ready++;
      } else if (state == PeersLayout.ALIVE && PeersLayout.id(word) != headId) {
        Chunk chunk = mapped(PeersLayout.id(word));
        ready += chunk != null && chunk.isReady() ? 1 : 0;
      }
    }
    return ready;
  }

  @Override
  public boolean makeReady() {
    long start = clock.nanos();
    long made = make();
    if (made >= 0) {
      events.pageMade((int) made, namespace.chunkBytes, clock.nanos() - start);
    }
    return made >= 0;
  }

  @Override
  public long recycle(boolean atOnce) {
    long now = sharedNow();
    int opened = atOnce || keeper.hasWork(now) ? keeper.keep(now, Keeper.Haste.NONE) : 0;
    int closedGroups = endViews(atOnce);
    if (closedGroups > 0) {
      opened += keeper.keep(now, Keeper.Haste.NONE);
    }
    if (opened > 0) {
      events.roomMayCome(opened * capacity);
    }
    if (atOnce && chunks.hasGone()) {
      LockSupport.parkNanos(GRACE_NANOS);
      var _ = chunks.unmapGone(true);
    }
    if (writes) {
      touchReady();
    }
    return ((long) closedGroups << 32) | opened;
  }

  /** Maps what another process made, before a writer of this one comes to it. */
  private void touchReady() {
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      Chunk chunk =
          PeersLayout.state(word) == PeersLayout.ALIVE ? mapped(PeersLayout.id(word)) : null;
      if (chunk != null && !chunk.touched && chunk.isReady()) {
        try {
          chunks.touch(chunk);
        } catch (MappingFailedException e) {
          refusal = e;
        }
      }
    }
  }

  @Override
  public void sealIdle(long stillSinceNanos) {
    keeper.sealIdle(sharedNow());
  }

  @Override
  public int giveBack(long idleSinceNanos, int atMost) {
    return keeper.giveBack(sharedNow(), atMost);
  }

  @Override
  public int expire() {
    return keeper.expire(sharedNow());
  }

  @Override
  public void setPolled(boolean polled) {
    groups.setGrouping(polled);
  }

  @Override
  public BackendStats stats() {
    BackendStats last = lastStats;
    return last == null ? statsNow() : last;
  }

  private BackendStats statsNow() {
    long live = 0;
    long appended = peers.figure(PeersLayout.PAST_BLOBS_AT);
    for (Chunk chunk : chunks.all()) {
      if (roomIn(chunk) == 0 && chunk.lost) {
        continue;
      }
      long entries = Integer.toUnsignedLong(ChunkLayout.entries(chunk.base));
      long acknowledged = Integer.toUnsignedLong(ChunkLayout.acknowledged(chunk.base));
      if (!ChunkLayout.has(chunk.base, ChunkLayout.RETIRED)) {
        live += Math.max(0, entries - acknowledged);
        appended += entries;
      }
    }
    long alive = aliveChunks();
    long bytes = alive * namespace.chunkBytes;
    return new BackendStats(
        alive,
        readyPages(),
        peers.figure(PeersLayout.MADE_AT),
        pagesReused(),
        peers.figure(PeersLayout.GIVEN_BACK_AT),
        bytes,
        peakBytes.accumulateAndGet(bytes, Math::max),
        alive * RecordLayout.backedBytes(capacity),
        groups.waitingBytes(),
        live,
        appended,
        stalls.get(),
        stallNanos.get());
  }

  @Override
  public synchronized boolean close() {
    closed = true;
    try {
      return left || tryClose();
    } catch (InternalError e) {
      // The JVM may tell late of a chunk that was cut off; the next attempt goes on.
      MappingLostException _ = lost(e);
      return false;
    }
  }

  private boolean tryClose() {
    if (lastStats == null) {
      lastStats = statsNow();
    }
    maker.shut();
    if (!keeper.shut() || !chunks.close()) {
      return false;
    }
    left = true;
    try {
      namespace.leave();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return true;
  }

  // ---- inside

  private long aliveChunks() {
    long alive = 0;
    for (int i = 0; i < peers.tableEnd(); i++) {
      alive += PeersLayout.state(peers.entry(i)) == PeersLayout.ALIVE ? 1 : 0;
    }
    return alive;
  }

  private long sharedNow() {
    return clock.exactMillis() + shiftMillis;
  }

  private void dropped(Chunk chunk) {
    if (head == chunk) {
      head = null;
    }
  }

  /** The chunk of an id, mapped now if need be; null when there is none or it cannot be mapped. */
  private @Nullable Chunk mapped(int id) {
    Chunk found = chunks.find(id);
    if (found != null) {
      return found;
    }
    try {
      Chunk mapped = chunks.findOrMap(id);
      refusal = mapped != null ? null : refusal;
      return mapped;
    } catch (MappingFailedException e) {
      refusal = e;
      return null;
    }
  }

  private @Nullable Chunk mappedOrThrow(int id) {
    try {
      return chunks.findOrMap(id);
    } catch (MappingFailedException e) {
      throw new AliasFailedException(e);
    }
  }

  /** The chunk of a place that the caller holds; it cannot be dropped meanwhile. */
  private Chunk at(long place) {
    Chunk chunk = chunks.find(Codes.pageId(place));
    if (chunk == null) {
      throw new IllegalStateException("chunk id=" + Codes.pageId(place) + ": is closed");
    }
    return chunk;
  }

  private static long start(long place) {
    return Integer.toUnsignedLong(Codes.offset(place));
  }

  /** Data is backed, so where it cannot be written its file was cut off: it takes no blobs more. */
  private MappingLostException cutOff(Chunk chunk, InternalError e) {
    head = null;
    return chunk.lose(e);
  }

  private MappingLostException lost(InternalError e) {
    return MappingLostException.of(
        "a chunk of namespace="
            + namespace.names.namespace()
            + " in "
            + namespace.names.directory(),
        e);
  }
}
