package dev.pinnedstore.backend.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The record file of a chunk, {@code NS_acks_ID}: which blobs begin where, and which of them are
 * acknowledged. Native byte order; C is the capacity of the chunk's data.
 *
 * <pre>
 *  offset size field
 *  ------ ---- -------------------------------------------------------------------------
 *     0     8  magic
 *     8     8  capacity C in bytes
 *    16    48  zero
 *    64   8*W  words, W = C/32 + 2: one for each 32 bytes of data; backed
 *  64+8*W  C   bytes, rounded up to 4: one for each byte of data; a hole until it is used
 *
 *  word, of a blob of 63 bytes or more that begins at o: word number (o + 31) / 32
 *   63     62 61         57 56              45 44       32 31                         0
 *  +---------+-------------+------------------+-----------+-----------------------------+
 *  |  state  |  o mod 32   | generation mod   | hash of   |  size in bytes              |
 *  |  2 bits |  5 bits     | 4096, 12 bits    | time, 13  |  32 bits                    |
 *  +---------+-------------+------------------+-----------+-----------------------------+
 *
 *  byte, of a smaller blob that begins at o: byte number o
 *   7       6 5                    0     state: 0 none, 1 live, 2 acknowledged, 3 padding
 *  +---------+----------------------+
 *  |  state  |  size in bytes, 1-62 |
 *  +---------+----------------------+
 * </pre>
 *
 * <p>A blob of 63 bytes covers its word's 32 bytes whole wherever it begins, so each word and each
 * byte belongs to one blob: its writer stores it with release once the bytes are whole, and one
 * compare-and-set turns live into acknowledged. Words of past generations are told by their
 * generation; the keeper clears them where its low 12 bits begin again, and the bytes, which have
 * none, at every recycling.
 */
final class RecordLayout {
  static final int HEADER_BYTES = 64;
  static final long MAGIC = 0x3153_4B43_4150_5346L;

  /** The smallest blob that has a word. */
  static final long LARGE = 63;

  /** Generations after which words must be cleared. */
  static final int GENERATIONS = 1 << 12;

  static final int NONE = 0;
  static final int LIVE = 1;
  static final int ACKNOWLEDGED = 2;
  static final int PADDING = 3;

  private static final int STATE_SHIFT = 62;
  private static final int PLACE_SHIFT = 57;
  private static final int GENERATION_SHIFT = 45;
  private static final int MILLIS_SHIFT = 32;
  private static final int HASH_SHIFT = 64 - 13;
  private static final long HASH = 0x9E37_79B9_7F4A_7C15L;
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();

  private RecordLayout() {}

  static byte[] created(long capacity) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.nativeOrder());
    return header.putLong(0, MAGIC).putLong(8, capacity).array();
  }

  /** Bytes of header and words. */
  static long backedBytes(long capacity) {
    return HEADER_BYTES + 8 * (capacity / 32 + 2);
  }

  /** Bytes of the file. */
  static long fileBytes(long capacity) {
    return backedBytes(capacity) + ((capacity + 3) & ~3L);
  }

  static boolean isValid(MemorySegment file, long capacity) {
    return (long) LONG.get(file, 0L) == MAGIC && (long) LONG.get(file, 8L) == capacity;
  }

  // ---- words

  static long word(int state, long offset, int generation, long millis, long size) {
    return ((long) state << STATE_SHIFT)
        | ((offset & 31) << PLACE_SHIFT)
        | ((long) (generation & (GENERATIONS - 1)) << GENERATION_SHIFT)
        | (((millis * HASH) >>> HASH_SHIFT) << MILLIS_SHIFT)
        | size;
  }

  /** The same word in another state. */
  static long inState(long word, int state) {
    return (word & ~(3L << STATE_SHIFT)) | ((long) state << STATE_SHIFT);
  }

  static int state(long word) {
    return (int) (word >>> STATE_SHIFT);
  }

  static long sizeBytes(long word) {
    return word & 0xFFFF_FFFFL;
  }

  /** Whether a word is that of a blob that begins at an offset in a generation. */
  static boolean isAt(long word, long offset, int generation) {
    return state(word) != NONE
        && ((word >>> PLACE_SHIFT) & 31) == (offset & 31)
        && isOf(word, generation);
  }

  static boolean isOf(long word, int generation) {
    return ((word >>> GENERATION_SHIFT) & (GENERATIONS - 1)) == (generation & (GENERATIONS - 1));
  }

  /** Where the blob of a word begins. */
  static long offset(long index, long word) {
    long rest = (word >>> PLACE_SHIFT) & 31;
    return rest == 0 ? index << 5 : (index << 5) - 32 + rest;
  }

  static long index(long offset) {
    return (offset + 31) >>> 5;
  }

  private static long at(long index) {
    return HEADER_BYTES + (index << 3);
  }

  static long acquire(MemorySegment file, long index) {
    return (long) LONG.getAcquire(file, at(index));
  }

  static void release(MemorySegment file, long index, long word) {
    LONG.setRelease(file, at(index), word);
  }

  static boolean compareAndSet(MemorySegment file, long index, long expected, long word) {
    return LONG.compareAndSet(file, at(index), expected, word);
  }

  // ---- bytes

  static byte small(int state, long size) {
    return (byte) ((state << 6) | (int) size);
  }

  static int smallState(byte record) {
    return (record >>> 6) & 3;
  }

  static int smallSize(byte record) {
    return record & 63;
  }

  /** Also backs the byte, where it is a hole, before anything is changed in it. */
  static byte acquireSmall(MemorySegment file, long capacity, long offset) {
    return (byte) BYTE.getAcquire(file, backedBytes(capacity) + offset);
  }

  static void releaseSmall(MemorySegment file, long capacity, long offset, byte record) {
    BYTE.setRelease(file, backedBytes(capacity) + offset, record);
  }

  /** By the four bytes around it, as there is no such operation on one. */
  static boolean compareAndSetSmall(
      MemorySegment file, long capacity, long offset, byte expected, byte record) {
    long at = backedBytes(capacity) + (offset & ~3L);
    boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    int shift = (int) (little ? offset & 3 : 3 - (offset & 3)) * 8;
    while (true) {
      int four = (int) INT.getVolatile(file, at);
      if ((byte) (four >>> shift) != expected) {
        return false;
      }
      int changed = (four & ~(0xFF << shift)) | ((record & 0xFF) << shift);
      if (INT.compareAndSet(file, at, four, changed)) {
        return true;
      }
    }
  }

  static void clearWords(MemorySegment file, long capacity) {
    var _ = file.asSlice(HEADER_BYTES, 8 * (capacity / 32 + 2)).fill((byte) 0);
  }

  static void clearSmall(MemorySegment file, long capacity, long bytes) {
    var _ = file.asSlice(backedBytes(capacity), bytes).fill((byte) 0);
  }
}
