package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.Codes;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Says what a handle is, whatever its fields are: every combination is answered. */
final class Handles {
  private final Namespace namespace;
  private final Cells cells;
  private final MemorySegment control;
  private final Expiry expiry;
  private final long capacity;

  Handles(Namespace namespace, Expiry expiry) {
    this.namespace = namespace;
    this.cells = namespace.peers.cells;
    this.control = namespace.control();
    this.expiry = expiry;
    this.capacity = namespace.capacity;
  }

  /** What a handle is in a chunk of its generation; never issued if that is another. */
  int state(Chunk chunk, int offset, int size, int generation, long millis) {
    long start = Integer.toUnsignedLong(offset);
    long bytes = Integer.toUnsignedLong(size);
    if (chunk.generation() != generation || bytes == 0 || start + bytes > capacity) {
      return Codes.NEVER_ISSUED;
    }
    int record = Records.state(chunk, start, bytes, generation, millis);
    if (record == RecordLayout.LIVE) {
      return expiry.isPast(chunk, generation) ? Codes.STALE : Codes.LIVE;
    }
    if (record == RecordLayout.ACKNOWLEDGED) {
      return Codes.ACKNOWLEDGED;
    }
    return record == RecordLayout.NONE && isOriginals(chunk, start, bytes, generation)
        ? expiry.isPast(millis) ? Codes.STALE : Codes.LIVE
        : Codes.NEVER_ISSUED;
  }

  /** Whether an original may have written these bytes: reserved, without record, and no JVM's. */
  private boolean isOriginals(Chunk chunk, long start, long bytes, int generation) {
    return start + bytes <= chunk.used()
        && !cells.isReserved(chunk.id, start, bytes)
        && Records.isFree(chunk, start, bytes, generation)
        && chunk.generation() == generation;
  }

  /**
   * What a handle is, for a caller to be told.
   *
   * @param chunk the handle's; null when there is no such chunk now
   */
  int check(@Nullable Chunk chunk, int pageId, int offset, int size, int generation, long millis) {
    if (chunk != null) {
      int state = state(chunk, offset, size, generation, millis);
      if (state != Codes.NEVER_ISSUED) {
        // Nobody opens a view of a retired chunk, so a caller must not be told to try again.
        boolean isRetired = ChunkLayout.has(chunk.base, ChunkLayout.RETIRED);
        return isRetired && state == Codes.LIVE ? Codes.STALE : state;
      }
    }
    return isPast(chunk, pageId, offset, size, generation) ? Codes.STALE : Codes.NEVER_ISSUED;
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
}
