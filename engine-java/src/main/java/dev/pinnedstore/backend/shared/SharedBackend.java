package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.BackendEvents;
import dev.pinnedstore.backend.BackendStats;
import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.Codes;
import dev.pinnedstore.backend.StorageBackend;
import dev.pinnedstore.backend.ViewGroups;
import dev.pinnedstore.os.AliasFailedException;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MappingLostException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Chunks of files that processes share, JVMs and the Rust original alike.
 *
 * <h2>An append</h2>
 *
 * <ol>
 *   <li>A {@linkplain Cells cell} is taken that names the chunk.
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

  private static final int MOST_TRIES = 100;

  /** What a cycle by hand waits before it unmaps; see {@link Chunks#unmapGone}. */
  private static final long GRACE_NANOS = 5_000_000;

  private static final long MOST_GROUP_BYTES = 32L << 20;

  private final Namespace namespace;
  private final Peers peers;
  private final BackendEvents events;
  private final ViewGroups groups;
  private final Chunks chunks;
  private final Expiry expiry;
  private final Keeper keeper;
  private final Views views;
  private final Supply supply;
  private final WriteHead head;
  private final Handles handles;
  private final Blobs blobs;

  /** The figures from the end on. */
  private volatile @Nullable BackendStats lastStats;

  private boolean left;

  private SharedBackend(
      Namespace namespace, SharedSettings settings, CoarseClock clock, BackendEvents events) {
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.events = events;
    this.groups = new ViewGroups(Math.max(namespace.chunkBytes, MOST_GROUP_BYTES));
    this.chunks = new Chunks(namespace, groups);
    this.expiry = new Expiry(clock, namespace.ttlMillis());
    this.keeper = new Keeper(namespace, chunks, events, settings.decayMillis());
    this.views = new Views(chunks, keeper, groups, clock);
    this.supply = new Supply(namespace, chunks, expiry, clock, events);
    this.head = new WriteHead(namespace, supply, keeper, views, expiry);
    this.handles = new Handles(namespace, expiry);
    this.blobs = new Blobs(namespace, chunks, handles, expiry, head, views, clock, events);
    chunks.whenDropped(head::forget);
  }

  /**
   * Returns the time that all processes of a machine share.
   *
   * @param clock the store's clock
   * @return milliseconds
   */
  public static long sharedMillis(CoarseClock clock) {
    return Expiry.sharedMillis(clock);
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
          namespace.names.namespace()
              + ": slot="
              + namespace.peers.slot
              + " of a process that died cannot be put in order now: another keeps the chunks and"
              + " does not end, or there is no room for their records",
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
    return CleanUp.run(names);
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
    return expiry.ttlMillis;
  }

  @Override
  public long maxBlobBytes() {
    return namespace.capacity;
  }

  // ---- the data path

  @Override
  public long reserve(long size, long millis) {
    try {
      return head.reserve(size, millis);
    } catch (InternalError e) {
      throw namespace.lost(e);
    }
  }

  @Override
  public MemorySegment window(long place, long size, Arena arena) {
    return blobs.window(place, size, arena);
  }

  @Override
  public void publish(long place, MemorySegment source, long offset, long size, long millis) {
    blobs.publish(place, source, offset, size, millis);
  }

  @Override
  public void publish(long place, byte[] source, int offset, int size, long millis) {
    blobs.publish(place, source, offset, size, millis);
  }

  @Override
  public void publish(long place, long size, long millis) {
    blobs.publish(place, size, millis);
  }

  @Override
  public void cancel(long place, long size) {
    blobs.cancel(place, size);
  }

  @Override
  public int generation(int pageId) {
    try {
      return chunks.at(Codes.place(pageId, 0)).generation();
    } catch (InternalError e) {
      throw namespace.lost(e);
    }
  }

  @Override
  public @Nullable MemorySegment view(
      int pageId, int offset, int size, int generation, long millis) {
    try {
      return blobs.view(pageId, offset, size, generation, millis);
    } catch (InternalError e) {
      throw namespace.lost(e);
    }
  }

  @Override
  public void openView(int pageId, int offset, int size) {
    try {
      Chunk chunk = mappedOrThrow(pageId);
      if (chunk != null) {
        views.open(chunk);
      }
    } catch (InternalError e) {
      throw namespace.lost(e);
    }
  }

  @Override
  public byte @Nullable [] resolve(int pageId, int offset, int size, int generation, long millis) {
    try {
      return blobs.resolve(pageId, offset, size, generation, millis);
    } catch (InternalError e) {
      throw namespace.lost(e);
    }
  }

  @Override
  public int check(int pageId, int offset, int size, int generation, long millis) {
    try {
      Chunk chunk = mappedOrThrow(pageId);
      return handles.check(chunk, pageId, offset, size, generation, millis);
    } catch (InternalError e) {
      throw namespace.lost(e);
    }
  }

  @Override
  public int acknowledge(int pageId, int offset, int size, int generation, long millis) {
    try {
      Chunk chunk = mappedOrThrow(pageId);
      return chunk != null && blobs.acknowledge(chunk, offset, size, generation, millis)
          ? Codes.LIVE
          : handles.check(chunk, pageId, offset, size, generation, millis);
    } catch (InternalError e) {
      throw namespace.lost(e);
    }
  }

  private @Nullable Chunk mappedOrThrow(int id) {
    try {
      return chunks.findOrMap(id);
    } catch (MappingFailedException e) {
      throw new AliasFailedException(e);
    }
  }

  // ---- room

  @Override
  public boolean hasRoom(long size) {
    try {
      return supply.mayHaveRoom(size);
    } catch (InternalError e) {
      throw namespace.lost(e);
    }
  }

  @Override
  public void sealFor(long size) {
    keeper.sealFor(size);
  }

  @Override
  public @Nullable MappingFailedException refusal() {
    return supply.refusal();
  }

  // ---- the lifecycle's side

  @Override
  public long pageBytes() {
    return namespace.chunkBytes;
  }

  @Override
  public double fill() {
    return supply.fill();
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
    return supply.readyChunks();
  }

  @Override
  public boolean makeReady() {
    return supply.makeReady();
  }

  @Override
  public long recycle(boolean atOnce) {
    long now = expiry.now();
    int opened = atOnce || keeper.hasWork(now) ? keeper.keep(now, Keeper.Haste.NONE) : 0;
    int closedGroups = views.end(atOnce);
    if (closedGroups > 0) {
      opened += keeper.keep(now, Keeper.Haste.NONE);
    }
    if (opened > 0) {
      events.roomMayCome(opened * namespace.capacity);
    }
    if (atOnce && chunks.hasGone()) {
      LockSupport.parkNanos(GRACE_NANOS);
      var _ = chunks.unmapGone(true);
    }
    if (head.writes()) {
      supply.touchReady();
    }
    return ((long) closedGroups << 32) | opened;
  }

  @Override
  public void sealIdle(long stillSinceNanos) {
    keeper.sealIdle(expiry.now());
  }

  @Override
  public int giveBack(long idleSinceNanos, int atMost) {
    return keeper.giveBack(expiry.now(), atMost);
  }

  @Override
  public int expire() {
    return keeper.expire(expiry.now());
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
      if (chunk.room() == 0 && chunk.lost) {
        continue;
      }
      long entries = Integer.toUnsignedLong(ChunkLayout.entries(chunk.base));
      long acknowledged = Integer.toUnsignedLong(ChunkLayout.acknowledged(chunk.base));
      if (!ChunkLayout.has(chunk.base, ChunkLayout.RETIRED)) {
        live += Math.max(0, entries - acknowledged);
        appended += entries;
      }
    }
    long alive = supply.aliveChunks();
    long bytes = alive * namespace.chunkBytes;
    return new BackendStats(
        alive,
        readyPages(),
        peers.figure(PeersLayout.MADE_AT),
        pagesReused(),
        peers.figure(PeersLayout.GIVEN_BACK_AT),
        bytes,
        supply.peakBytes(bytes),
        alive * RecordLayout.backedBytes(namespace.capacity),
        groups.waitingBytes(),
        live,
        appended,
        supply.stalls(),
        supply.stallNanos());
  }

  // ---- the end

  @Override
  public synchronized boolean close() {
    head.shut();
    try {
      return left || tryClose();
    } catch (InternalError e) {
      // The JVM may tell late of a chunk that was cut off; the next attempt goes on.
      MappingLostException _ = namespace.lost(e);
      return false;
    }
  }

  private boolean tryClose() {
    if (lastStats == null) {
      lastStats = statsNow();
    }
    supply.shut();
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
}
