package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A batch in the log: little endian, at a multiple of 64 bytes.
 *
 * <pre>
 *   0          4         8             16            24
 *   +----------+---------+-------------+-------------+---------------+---------------+----
 *   | CRC-32C  | entries | generation  | sequence    | key, value    | key, value    | ...
 *   | u32      | u32     | u64         | u64         | 2 x u64       | 2 x u64       |
 *   +----------+---------+-------------+-------------+---------------+---------------+----
 *
 *   key   63  60 59                              0
 *        +------+---------------------------------+
 *        | what |  index                          |   what: 0 word of the page map
 *        +------+---------------------------------+         1 word of the slot map
 *                                                           2 user root, 3 page count (index 0)
 * </pre>
 *
 * <p>The checksum covers bytes 4 up to the end of the entries, the file's id and the batch's place
 * in the log. An entry is the new value of one word: to apply it twice does no harm.
 */
final class JournalLayout {
  static final long MIN_LOG_BYTES = 4096;
  static final long MAX_LOG_BYTES = 1L << 28;
  static final int HEADER_BYTES = 24;
  static final int ENTRY_BYTES = 16;
  static final int ALIGNMENT = 64;

  static final int PAGE_WORD = 0;
  static final int SLOT_WORD = 1;
  static final int ROOT = 2;
  static final int PAGE_COUNT = 3;

  private static final int WHAT_SHIFT = 60;
  private static final long INDEX_MASK = (1L << WHAT_SHIFT) - 1;

  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private JournalLayout() {}

  static long key(int what, long index) {
    return ((long) what << WHAT_SHIFT) | index;
  }

  static int what(long key) {
    return (int) (key >>> WHAT_SHIFT);
  }

  static long index(long key) {
    return key & INDEX_MASK;
  }

  static int batchBytes(int entries) {
    return HEADER_BYTES + entries * ENTRY_BYTES;
  }

  /** The most entries of a batch that may have a number of bytes. */
  static int entriesIn(int bytes) {
    return (bytes - HEADER_BYTES) / ENTRY_BYTES;
  }

  static long align(long bytes) {
    return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /** Writes a batch to the start of an array that is large enough. */
  static void encode(
      byte[] batch,
      long[] keysAndValues,
      int entries,
      long generation,
      long sequence,
      long fileId,
      long at) {
    MemorySegment to = MemorySegment.ofArray(batch);
    to.set(U32, 4, entries);
    to.set(U64, 8, generation);
    to.set(U64, 16, sequence);
    MemorySegment.copy(keysAndValues, 0, to, U64, HEADER_BYTES, entries * 2);
    to.set(U32, 0, Checksum.of(batch, 4, batchBytes(entries), fileId, at));
  }

  /**
   * The entries that the header at a place of a log claims, or -1 if the log ends before them. Not
   * checked further.
   */
  static int claimedEntries(MemorySegment log, long at) {
    if (at > log.byteSize() - HEADER_BYTES) {
      return -1;
    }
    int entries = log.get(U32, at + 4);
    boolean fits = entries > 0 && entries <= (log.byteSize() - at - HEADER_BYTES) / ENTRY_BYTES;
    return fits ? entries : -1;
  }

  static long generation(MemorySegment log, long at) {
    return log.get(U64, at + 8);
  }

  static long sequence(MemorySegment log, long at) {
    return log.get(U64, at + 16);
  }

  /** Whether the copy of a batch is whole, which lies at a place in the log of a file. */
  static boolean isWhole(byte[] batch, long fileId, long at) {
    return MemorySegment.ofArray(batch).get(U32, 0)
        == Checksum.of(batch, 4, batch.length, fileId, at);
  }

  static long key(byte[] batch, int entry) {
    return MemorySegment.ofArray(batch).get(U64, batchBytes(entry));
  }

  static long value(byte[] batch, int entry) {
    return MemorySegment.ofArray(batch).get(U64, batchBytes(entry) + 8L);
  }
}
