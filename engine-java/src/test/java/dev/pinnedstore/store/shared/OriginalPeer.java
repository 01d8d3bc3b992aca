package dev.pinnedstore.store.shared;

import static dev.pinnedstore.store.shared.OriginalLayout.ACK_COUNT;
import static dev.pinnedstore.store.shared.OriginalLayout.CHUNK_COUNT;
import static dev.pinnedstore.store.shared.OriginalLayout.CONTROL_BYTES;
import static dev.pinnedstore.store.shared.OriginalLayout.CONTROL_CHUNK_SIZE;
import static dev.pinnedstore.store.shared.OriginalLayout.CONTROL_GENERATION;
import static dev.pinnedstore.store.shared.OriginalLayout.CONTROL_MAGIC;
import static dev.pinnedstore.store.shared.OriginalLayout.CONTROL_VERSION;
import static dev.pinnedstore.store.shared.OriginalLayout.EMPTY_SINCE;
import static dev.pinnedstore.store.shared.OriginalLayout.ENTRY_COUNT;
import static dev.pinnedstore.store.shared.OriginalLayout.FIRST_WRITE;
import static dev.pinnedstore.store.shared.OriginalLayout.GENERATION;
import static dev.pinnedstore.store.shared.OriginalLayout.HEADER_BYTES;
import static dev.pinnedstore.store.shared.OriginalLayout.MAGIC;
import static dev.pinnedstore.store.shared.OriginalLayout.USED;
import static dev.pinnedstore.store.shared.OriginalLayout.VERSION;
import static dev.pinnedstore.store.shared.OriginalLayout.WRITE_HEAD;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.pinnedstore.store.BlobHandle;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Does on files what the shared backend of the Rust original does: the same stores in the same
 * order, and so the same defects. It knows nothing of what a later version keeps in the reserved
 * bytes.
 *
 * <p>Threads: any number, as the original. Java has no acquire-release compare-and-set, so those
 * are sequentially consistent here.
 */
final class OriginalPeer implements Peer {
  /** As many chunks as ids can name, which is the original's limit without a limit. */
  static final int UNLIMITED = -1;

  private static final long UNLIMITED_TTL = -1;
  private static final long MAX_CHUNK_SIZE = 0xFFFF_FFFFL;
  private static final float PREFETCH_THRESHOLD = 0.8f;

  private final OriginalFile control;
  private final OriginalChunks chunks;
  private final long capacity;
  private final int maxChunks;
  private final boolean creator;
  private volatile LongSupplier wallClock = System::currentTimeMillis;

  private OriginalPeer(
      OriginalFile control, OriginalChunks chunks, int maxChunks, boolean creator) {
    this.control = control;
    this.chunks = chunks;
    this.capacity = chunks.chunkSize - HEADER_BYTES;
    this.maxChunks = maxChunks;
    this.creator = creator;
  }

  static OriginalPeer create(Path directory, String namespace, long chunkSize, int maxChunks) {
    OriginalChunks.checkNamespace(namespace);
    if (chunkSize <= HEADER_BYTES) {
      throw OriginalError.dataTooLarge(chunkSize, HEADER_BYTES + 1);
    }
    if (chunkSize > MAX_CHUNK_SIZE) {
      throw OriginalError.dataTooLarge(chunkSize, MAX_CHUNK_SIZE);
    }
    OriginalFile control =
        OriginalFile.create(OriginalChunks.control(directory, namespace), 0, CONTROL_BYTES);
    var _ = control.memory().fill((byte) 0);
    control.setLong(CONTROL_MAGIC, MAGIC);
    control.set(CONTROL_VERSION, VERSION);
    control.set(CONTROL_CHUNK_SIZE, (int) chunkSize);
    OriginalChunks chunks = new OriginalChunks(directory, namespace, chunkSize);
    OriginalPeer peer = new OriginalPeer(control, chunks, maxChunks, true);
    peer.initialise(0);
    control.setRelease(CHUNK_COUNT, 1);
    return peer;
  }

  static OriginalPeer attach(Path directory, String namespace, int maxChunks) {
    OriginalChunks.checkNamespace(namespace);
    OriginalFile control =
        OriginalFile.open(OriginalChunks.control(directory, namespace), 0, CONTROL_BYTES);
    if (control.getLong(CONTROL_MAGIC) != MAGIC || control.getAcquire(CONTROL_VERSION) != VERSION) {
      control.leave();
      throw OriginalError.invalidHandle();
    }
    long chunkSize = Integer.toUnsignedLong(control.getAcquire(CONTROL_CHUNK_SIZE));
    if (chunkSize <= HEADER_BYTES) {
      // The original goes on and writes where it must not.
      throw new OriginalError.Died("SIGSEGV");
    }
    OriginalChunks chunks = new OriginalChunks(directory, namespace, chunkSize);
    int count = control.getAcquire(CHUNK_COUNT);
    for (int id = 0; id != count; id++) {
      OriginalFile chunk = chunks.lookup(id);
      if (chunk != null) {
        chunk.leave();
      }
    }
    return new OriginalPeer(control, chunks, maxChunks, false);
  }

  /** Without a control file nothing is removed. */
  static void cleanupNamespace(Path directory, String namespace) {
    Path path = OriginalChunks.control(directory, namespace);
    if (Files.exists(path)) {
      OriginalFile control = OriginalFile.open(path, 0, CONTROL_BYTES);
      OriginalChunks.unlinkAll(directory, namespace, control.getAcquire(CHUNK_COUNT));
      control.leave();
    }
  }

  /** Replaces the wall clock that the original reads. */
  void wallClock(LongSupplier millis) {
    wallClock = millis;
  }

  /** Chunks that this process has mapped. */
  int chunkCount() {
    return chunks.size();
  }

  long dataCapacity() {
    return capacity;
  }

  @Override
  public BlobHandle append(byte[] blob) {
    if (blob.length == 0 || blob.length > capacity) {
      throw OriginalError.dataTooLarge(blob.length, capacity);
    }
    while (true) {
      int head = control.getAcquire(WRITE_HEAD);
      OriginalFile chunk = chunks.lookup(head);
      if (chunk == null) {
        throw OriginalError.outOfMemory();
      }
      try {
        int used = chunk.getAcquire(USED);
        long end = Integer.toUnsignedLong(used) + blob.length;
        if (end > capacity) {
          int next = allocateNext(head);
          boolean _ = control.compareAndSet(WRITE_HEAD, head, next);
        } else if (chunk.weakCompareAndSet(USED, used, (int) end)) {
          return publish(chunk, used, blob, end);
        }
      } finally {
        chunk.leave();
      }
    }
  }

  private BlobHandle publish(OriginalFile chunk, int offset, byte[] blob, long end) {
    MemorySegment.copy(
        blob,
        0,
        chunk.memory(),
        JAVA_BYTE,
        HEADER_BYTES + Integer.toUnsignedLong(offset),
        blob.length);
    chunk.incrementRelease(ENTRY_COUNT);
    chunk.compareAndSetLong(FIRST_WRITE, 0, wallClock.getAsLong());
    int generation = chunk.getAcquire(GENERATION);
    if ((float) end / (float) capacity >= PREFETCH_THRESHOLD) {
      try {
        int _ = allocateNext(chunk.id);
      } catch (OriginalError _) {
        // The next append meets it again, if nobody makes room.
      }
    }
    return new BlobHandle(chunk.id, offset, blob.length, generation, wallClock.getAsLong());
  }

  /** A chunk to write to, neither claimed nor made the head. */
  private int allocateNext(int skip) {
    OriginalFile known =
        chunks.first(
            chunk ->
                chunk.id != skip
                    && chunk.getAcquire(USED) == 0
                    && chunk.getAcquire(ENTRY_COUNT) == 0);
    if (known != null) {
      return known.id;
    }
    int id;
    do {
      id = control.getAcquire(CHUNK_COUNT);
      if (Integer.compareUnsigned(id, maxChunks) >= 0) {
        throw OriginalError.outOfMemory();
      }
    } while (!control.weakCompareAndSet(CHUNK_COUNT, id, id + 1));
    initialise(id);
    return id;
  }

  private void initialise(int id) {
    int generation = control.increment(CONTROL_GENERATION);
    OriginalFile chunk = chunks.create(id);
    var _ = chunk.memory().asSlice(0, HEADER_BYTES).fill((byte) 0);
    chunk.setRelease(GENERATION, generation);
    chunks.put(chunk);
  }

  @Override
  public byte @Nullable [] resolve(BlobHandle handle) {
    return resolve(handle, UNLIMITED_TTL);
  }

  /** The TTL is unsigned, in ms. */
  byte @Nullable [] resolve(BlobHandle handle, long ttlMillis) {
    if (Long.compareUnsigned(since(handle.timestampMillis()), ttlMillis) > 0) {
      return null;
    }
    OriginalFile chunk = chunks.lookup(handle.pageId());
    if (chunk == null) {
      return null;
    }
    try {
      if (chunk.getAcquire(GENERATION) != handle.generation()
          || handle.offsetBytes() + handle.sizeBytes() > capacity) {
        return null;
      }
      byte[] copy = new byte[Math.toIntExact(handle.sizeBytes())];
      long from = HEADER_BYTES + handle.offsetBytes();
      MemorySegment.copy(chunk.memory(), JAVA_BYTE, from, copy, 0, copy.length);
      return chunk.getAcquire(GENERATION) == handle.generation() ? copy : null;
    } finally {
      chunk.leave();
    }
  }

  @Override
  public boolean acknowledge(BlobHandle handle) {
    OriginalFile chunk = chunks.lookup(handle.pageId());
    if (chunk == null) {
      return false;
    }
    try {
      if (chunk.getAcquire(GENERATION) != handle.generation()) {
        return false;
      }
      int acks = chunk.increment(ACK_COUNT);
      int entries = chunk.getAcquire(ENTRY_COUNT);
      if (entries != 0 && Integer.compareUnsigned(acks, entries) >= 0) {
        chunk.compareAndSetLong(EMPTY_SINCE, 0, wallClock.getAsLong());
      }
      return true;
    } finally {
      chunk.leave();
    }
  }

  @Override
  public int cleanup(long ttlMillis, long decayMillis) {
    int head = control.getAcquire(WRITE_HEAD);
    return chunks.free(chunk -> chunk.id != head && isFree(chunk, ttlMillis, decayMillis));
  }

  private boolean isFree(OriginalFile chunk, long ttlMillis, long decayMillis) {
    int entries = chunk.getAcquire(ENTRY_COUNT);
    if (entries == 0) {
      return false;
    }
    if (Integer.compareUnsigned(chunk.getAcquire(ACK_COUNT), entries) >= 0) {
      long emptySince = chunk.getLong(EMPTY_SINCE);
      if (emptySince == 0) {
        emptySince = wallClock.getAsLong();
        chunk.setLongRelease(EMPTY_SINCE, emptySince);
      }
      if (Long.compareUnsigned(since(emptySince), decayMillis) >= 0) {
        return true;
      }
    }
    long firstWrite = chunk.getLong(FIRST_WRITE);
    return firstWrite != 0 && Long.compareUnsigned(since(firstWrite), ttlMillis) > 0;
  }

  /** The creator unlinks what the control file counts; an attacher only unmaps. */
  @Override
  public void close() {
    if (creator) {
      chunks.unlinkAll(control.getAcquire(CHUNK_COUNT));
    }
    chunks.close();
    control.leave();
  }

  private long since(long millis) {
    long now = wallClock.getAsLong();
    return Long.compareUnsigned(now, millis) > 0 ? now - millis : 0;
  }

  /** Serves the line protocol of {@link PeerLines}; the argument is the directory. */
  public static void main(String... args) throws IOException {
    Path directory = Path.of(args[0]);
    PeerLines.serve(
        new PeerLines.Opener() {
          @Override
          public Peer create(String namespace, long chunkSize, int maxChunks) {
            return OriginalPeer.create(directory, namespace, chunkSize, maxChunks);
          }

          @Override
          public Peer attach(String namespace) {
            return OriginalPeer.attach(directory, namespace, UNLIMITED);
          }
        });
  }
}
