package dev.pinnedstore.backend.shared;

import static dev.pinnedstore.backend.shared.RecordLayout.ACKNOWLEDGED;
import static dev.pinnedstore.backend.shared.RecordLayout.LARGE;
import static dev.pinnedstore.backend.shared.RecordLayout.LIVE;
import static dev.pinnedstore.backend.shared.RecordLayout.NONE;
import static dev.pinnedstore.backend.shared.RecordLayout.PADDING;

import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;

/** Reads and changes the records of a chunk's blobs; {@link RecordLayout} says what they are. */
final class Records {
  /**
   * What the records of an incarnation say.
   *
   * @param accounted bytes that records cover
   * @param live blobs that are not acknowledged
   * @param acknowledged blobs that are
   */
  record Sum(long accounted, int live, int acknowledged) {}

  private Records() {}

  /** Makes reserved bytes a blob, or padding; the caller's bytes are whole. */
  static void put(Chunk chunk, int state, long offset, long size, int generation, long millis) {
    if (size >= LARGE) {
      long word = RecordLayout.word(state, offset, generation, millis, size);
      RecordLayout.release(chunk.table, RecordLayout.index(offset), word);
    } else {
      // Read first: where the byte is a hole and there is no room, this fails and nothing breaks.
      var _ = RecordLayout.acquireSmall(chunk.table, chunk.capacity, offset);
      ChunkLayout.raise(chunk.base, ChunkLayout.SMALL);
      byte record = RecordLayout.small(state, size);
      RecordLayout.releaseSmall(chunk.table, chunk.capacity, offset, record);
    }
  }

  /** The state of the blob that is exactly this; {@link RecordLayout#NONE} if there is no such. */
  static int state(Chunk chunk, long offset, long size, int generation, long millis) {
    if (size >= LARGE) {
      long word = RecordLayout.acquire(chunk.table, RecordLayout.index(offset));
      int state = RecordLayout.state(word);
      return word == RecordLayout.word(state, offset, generation, millis, size) ? state : NONE;
    }
    if (!ChunkLayout.has(chunk.base, ChunkLayout.SMALL)) {
      return NONE;
    }
    byte record = RecordLayout.acquireSmall(chunk.table, chunk.capacity, offset);
    return RecordLayout.smallSize(record) == size ? RecordLayout.smallState(record) : NONE;
  }

  /** Changes the state of a blob; false when it was not in that state. */
  static boolean change(
      Chunk chunk, long offset, long size, int generation, long millis, int from, int to) {
    if (size >= LARGE) {
      long expected = from == NONE ? 0 : RecordLayout.word(from, offset, generation, millis, size);
      long index = RecordLayout.index(offset);
      if (from == NONE) {
        // A word of an earlier incarnation is as good as none.
        expected = RecordLayout.acquire(chunk.table, index);
        if (RecordLayout.isOf(expected, generation) && RecordLayout.state(expected) != NONE) {
          return false;
        }
      }
      long word = RecordLayout.word(to, offset, generation, millis, size);
      return RecordLayout.compareAndSet(chunk.table, index, expected, word);
    }
    byte expected = from == NONE ? 0 : RecordLayout.small(from, size);
    if (from == NONE) {
      ChunkLayout.raise(chunk.base, ChunkLayout.SMALL);
    }
    return RecordLayout.compareAndSetSmall(
        chunk.table, chunk.capacity, offset, expected, RecordLayout.small(to, size));
  }

  /** Whether no record lies across a range: then an original may have written there. */
  static boolean isFree(Chunk chunk, long offset, long size, int generation) {
    if (next(chunk, offset, offset + size, generation) >= 0) {
      return false;
    }
    for (long at = Math.max(0, offset - LARGE); at < offset; at++) {
      if (at + sizeAt(chunk, at, generation) > offset) {
        return false;
      }
    }
    for (long index = RecordLayout.index(offset); index >= 0; index--) {
      long word = RecordLayout.acquire(chunk.table, index);
      if (isRecord(word, generation) && RecordLayout.offset(index, word) < offset) {
        return RecordLayout.offset(index, word) + RecordLayout.sizeBytes(word) <= offset;
      }
    }
    return true;
  }

  /** Where the next blob or padding begins in a range, or -1. */
  private static long next(Chunk chunk, long from, long end, int generation) {
    boolean small = ChunkLayout.has(chunk.base, ChunkLayout.SMALL);
    for (long at = from; at < end; ) {
      long index = RecordLayout.index(at);
      long groupEnd = Math.min(end, (index << 5) + 1);
      long word = RecordLayout.acquire(chunk.table, index);
      long large = isRecord(word, generation) ? RecordLayout.offset(index, word) : -1;
      for (long b = at; small && b < groupEnd; b++) {
        if (b == large
            || RecordLayout.smallSize(RecordLayout.acquireSmall(chunk.table, chunk.capacity, b))
                > 0) {
          return b;
        }
      }
      if (large >= at && large < groupEnd) {
        return large;
      }
      at = groupEnd;
    }
    return -1;
  }

  private static boolean isRecord(long word, int generation) {
    return RecordLayout.state(word) != NONE && RecordLayout.isOf(word, generation);
  }

  /** Adds up the records of bytes that are reserved. */
  static Sum sum(Chunk chunk, long used, int generation) {
    boolean small = ChunkLayout.has(chunk.base, ChunkLayout.SMALL);
    MemorySegment table = chunk.table;
    long at = 0;
    long accounted = 0;
    int live = 0;
    int acknowledged = 0;
    while (at >= 0 && at < used) {
      long word = RecordLayout.acquire(table, RecordLayout.index(at));
      long size = 0;
      int state = NONE;
      if (RecordLayout.isAt(word, at, generation) && RecordLayout.sizeBytes(word) >= LARGE) {
        size = RecordLayout.sizeBytes(word);
        state = RecordLayout.state(word);
      } else if (small) {
        byte record = RecordLayout.acquireSmall(table, chunk.capacity, at);
        size = RecordLayout.smallSize(record);
        state = RecordLayout.smallState(record);
      }
      if (state == NONE || size == 0 || at + size > used) {
        // Bytes of an original, or of a process that died before it said that they are its own.
        at = next(chunk, at + 1, used, generation);
        continue;
      }
      live += state == LIVE ? 1 : 0;
      acknowledged += state == ACKNOWLEDGED ? 1 : 0;
      accounted += size;
      at += size;
    }
    return new Sum(accounted, live, acknowledged);
  }

  /** The size of the blob or padding that begins at an offset, or 0. */
  private static long sizeAt(Chunk chunk, long offset, int generation) {
    long word = RecordLayout.acquire(chunk.table, RecordLayout.index(offset));
    if (RecordLayout.isAt(word, offset, generation)) {
      return RecordLayout.sizeBytes(word);
    }
    if (ChunkLayout.has(chunk.base, ChunkLayout.SMALL)) {
      return RecordLayout.smallSize(RecordLayout.acquireSmall(chunk.table, chunk.capacity, offset));
    }
    return 0;
  }

  /**
   * Marks as padding what a process reserved and did not live to hand out: nobody has its handle.
   *
   * @return whether it had been published already
   */
  static boolean revoke(Chunk chunk, long offset, long size, int generation) {
    if (size >= LARGE) {
      long index = RecordLayout.index(offset);
      long word = RecordLayout.acquire(chunk.table, index);
      boolean own =
          RecordLayout.isAt(word, offset, generation) && RecordLayout.sizeBytes(word) == size;
      long millis = own ? word >>> 32 : 0;
      RecordLayout.release(
          chunk.table, index, RecordLayout.word(PADDING, offset, generation, millis, size));
      return own && RecordLayout.state(word) == LIVE;
    }
    boolean wasLive = state(chunk, offset, size, generation, 0) == LIVE;
    put(chunk, PADDING, offset, size, generation, 0);
    return wasLive;
  }

  /** Acknowledges what is live as long as a condition holds, and returns how many it was. */
  static int sweep(Chunk chunk, long used, int generation, BooleanSupplier stillHolds) {
    int swept = 0;
    long at = next(chunk, 0, used, generation);
    while (at >= 0) {
      long size = sizeAt(chunk, at, generation);
      long index = RecordLayout.index(at);
      long word = size >= LARGE ? RecordLayout.acquire(chunk.table, index) : 0;
      int state = size >= LARGE ? RecordLayout.state(word) : state(chunk, at, size, generation, 0);
      if (!stillHolds.getAsBoolean()) {
        break;
      }
      if (state == LIVE) {
        boolean done =
            size >= LARGE
                ? RecordLayout.compareAndSet(
                    chunk.table, index, word, RecordLayout.inState(word, ACKNOWLEDGED))
                : change(chunk, at, size, generation, 0, LIVE, ACKNOWLEDGED);
        swept += done ? 1 : 0;
      }
      at = next(chunk, at + Math.max(1, size), used, generation);
    }
    return swept;
  }
}
