package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.BackendEvents;
import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.Codes;
import dev.pinnedstore.os.MappingFailedException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The chunks that writers may take: those that are ready, and those that may yet be made. */
final class Supply {
  private static final long NONE = Long.MIN_VALUE;

  private final Namespace namespace;
  private final Peers peers;
  private final MemorySegment control;
  private final Chunks chunks;
  private final ChunkMaker maker;
  private final Expiry expiry;
  private final CoarseClock clock;
  private final BackendEvents events;
  private final AtomicLong stalls = new AtomicLong();
  private final AtomicLong stallNanos = new AtomicLong();
  private final AtomicLong peakBytes = new AtomicLong();
  private volatile @Nullable MappingFailedException refusal;

  Supply(
      Namespace namespace, Chunks chunks, Expiry expiry, CoarseClock clock, BackendEvents events) {
    this.namespace = namespace;
    this.peers = namespace.peers;
    this.control = namespace.control();
    this.chunks = chunks;
    this.maker = new ChunkMaker(namespace, chunks);
    this.expiry = expiry;
    this.clock = clock;
    this.events = events;
  }

  /** The last refusal by the operating system; null once it has granted something since. */
  @Nullable MappingFailedException refusal() {
    return refusal;
  }

  /** The chunk of an id, mapped now if need be; null when there is none or it cannot be mapped. */
  @Nullable Chunk mapped(int id) {
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

  /** The chunk of an entry of the chunk table if it is alive and can be mapped. */
  @Nullable Chunk alive(long word) {
    return PeersLayout.state(word) == PeersLayout.ALIVE ? mapped(PeersLayout.id(word)) : null;
  }

  /** A ready chunk other than the head, made now if there is none; or a refusal. */
  long successor(int headId) {
    long ready = ready(headId);
    if (ready != NONE) {
      return ready;
    }
    long start = clock.nanos();
    long made;
    synchronized (maker) {
      // Again: another thread of this store may have made one while this one waited for it.
      ready = ready(headId);
      if (ready != NONE) {
        return ready;
      }
      made = make();
    }
    if (made >= 0) {
      long nanos = clock.nanos() - start;
      stalls.incrementAndGet();
      stallNanos.addAndGet(nanos);
      events.stalled((int) made, namespace.chunkBytes, nanos);
    }
    return made;
  }

  /** The id of a ready chunk other than the head, none, or a refusal. */
  private long ready(int headId) {
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
          return chunks.unmapGone(true) ? ready(headId) : Codes.FULL_SYSTEM;
        }
      }
    }
    return NONE;
  }

  /** The id of a new chunk, or a refusal. */
  private long make() {
    try {
      Chunk chunk = maker.make(expiry.now());
      if (chunk == null) {
        long maxChunks = peers.figure(PeersLayout.MAX_CHUNKS_AT);
        long maxBytes = peers.figure(PeersLayout.MAX_BYTES_AT);
        return maxBytes / namespace.chunkBytes < maxChunks ? Codes.FULL_BYTES : Codes.FULL_CHUNKS;
      }
      refusal = null;
      var _ = peakBytes(aliveChunks() * namespace.chunkBytes);
      return chunk.id;
    } catch (MappingFailedException e) {
      refusal = e;
      // What is gone may take the room that was missing.
      return chunks.unmapGone(true) ? make() : Codes.FULL_SYSTEM;
    }
  }

  /** Makes a chunk off the writers' path; false when a limit or the system refuses. */
  boolean makeReady() {
    long start = clock.nanos();
    long made = make();
    if (made >= 0) {
      events.pageMade((int) made, namespace.chunkBytes, clock.nanos() - start);
    }
    return made >= 0;
  }

  /** Makes no more; waits for the one that is being made. */
  void shut() {
    maker.shut();
  }

  /** Maps what another process made, before a writer of this one comes to it. */
  void touchReady() {
    for (int i = 0; i < peers.tableEnd(); i++) {
      Chunk chunk = alive(peers.entry(i));
      if (chunk != null && !chunk.touched && chunk.isReady()) {
        try {
          chunks.touch(chunk);
        } catch (MappingFailedException e) {
          refusal = e;
        }
      }
    }
  }

  int readyChunks() {
    int headId = ControlLayout.writeHead(control);
    int ready = 0;
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      int state = PeersLayout.state(word);
      if (state == PeersLayout.CLAIMED || state == PeersLayout.MAKING) {
        // Some process makes it now; one is enough for all.
        ready++;
      } else if (PeersLayout.id(word) != headId) {
        Chunk chunk = alive(word);
        ready += chunk != null && chunk.isReady() ? 1 : 0;
      }
    }
    return ready;
  }

  /** Whether an append of that size may fit now, or a chunk is about to be empty. */
  boolean mayHaveRoom(long size) {
    int headId = ControlLayout.writeHead(control);
    Chunk head = mapped(headId);
    if (head != null && head.room() >= size) {
      return true;
    }
    int used = 0;
    for (int i = 0; i < peers.tableEnd(); i++) {
      long word = peers.entry(i);
      used += word != 0 ? 1 : 0;
      Chunk other = alive(word);
      boolean comes =
          other != null
              && (other.room() >= size
                  || (!other.lost
                      && other.isCountedOut()
                      && (other.id != headId || other.isSealed())));
      if (comes) {
        return true;
      }
    }
    return used < namespace.limit() && refusal == null;
  }

  /** How full the head is, 0.0 to 1.0. */
  double fill() {
    Chunk head = mapped(ControlLayout.writeHead(control));
    return head == null ? 1 : 1 - (double) head.room() / head.capacity;
  }

  long aliveChunks() {
    long alive = 0;
    for (int i = 0; i < peers.tableEnd(); i++) {
      alive += PeersLayout.state(peers.entry(i)) == PeersLayout.ALIVE ? 1 : 0;
    }
    return alive;
  }

  // ---- figures

  long peakBytes(long bytes) {
    return peakBytes.accumulateAndGet(bytes, Math::max);
  }

  long stalls() {
    return stalls.get();
  }

  long stallNanos() {
    return stallNanos.get();
  }
}
