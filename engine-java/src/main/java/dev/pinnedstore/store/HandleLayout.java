package dev.pinnedstore.store;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The 24 bytes of a handle: unsigned fields, little endian, of any alignment.
 *
 * <pre>
 *   0         4         8         12            16                24
 *   +---------+---------+---------+-------------+-----------------+
 *   | page id | offset  | size    | generation  | timestamp (ms)  |
 *   | u32     | u32     | u32     | u32         | u64             |
 *   +---------+---------+---------+-------------+-----------------+
 * </pre>
 */
final class HandleLayout {
  static final int BYTES = 24;
  static final int PAGE_ID = 0;
  static final int OFFSET = 4;
  static final int SIZE = 8;
  static final int GENERATION = 12;
  static final int TIMESTAMP = 16;

  /** Two fields are read and written at a time: each access to a segment has its price. */
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private HandleLayout() {}

  static void write(
      MemorySegment target,
      long at,
      int pageId,
      int offset,
      int size,
      int generation,
      long timestampMillis) {
    target.set(U64, at + PAGE_ID, pair(pageId, offset));
    target.set(U64, at + SIZE, pair(size, generation));
    target.set(U64, at + TIMESTAMP, timestampMillis);
  }

  /** The page in the low half, the offset in the high half. */
  static long pageAndOffset(MemorySegment source, long at) {
    return source.get(U64, at + PAGE_ID);
  }

  /** The size in the low half, the generation in the high half. */
  static long sizeAndGeneration(MemorySegment source, long at) {
    return source.get(U64, at + SIZE);
  }

  static long timestampMillis(MemorySegment source, long at) {
    return source.get(U64, at + TIMESTAMP);
  }

  static int low(long pair) {
    return (int) pair;
  }

  static int high(long pair) {
    return (int) (pair >>> 32);
  }

  private static long pair(int low, int high) {
    return Integer.toUnsignedLong(low) | ((long) high << 32);
  }

  /** Refuses a range that does not hold a handle. */
  static void checkRange(String name, long at, MemorySegment segment) {
    long bytes = segment.byteSize();
    if (at < 0 || at > bytes - BYTES) {
      throw outOfBounds(name, at, bytes);
    }
  }

  /** Refuses what the calling thread could not write a handle to. */
  static void checkWritable(String name, long at, MemorySegment segment) {
    checkRange(name, at, segment);
    if (segment.isReadOnly()) {
      throw new IllegalArgumentException("the segment for the handle is read-only");
    }
    if (!segment.isAccessibleBy(Thread.currentThread())) {
      throw new WrongThreadException("the segment for the handle belongs to another thread");
    }
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("the Arena of the segment for the handle is closed");
    }
  }

  private static IndexOutOfBoundsException outOfBounds(String name, long at, long bytes) {
    String range =
        bytes < BYTES
            ? "no offset is legal, a handle takes " + BYTES + " bytes"
            : "must be between 0 and " + (bytes - BYTES);
    return new IndexOutOfBoundsException(
        name + "=" + at + ": " + range + " in a segment of " + bytes + " bytes");
  }
}
