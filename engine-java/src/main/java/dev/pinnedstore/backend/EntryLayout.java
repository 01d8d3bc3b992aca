package dev.pinnedstore.backend;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The entry table of a page: one 64-bit word for each 64-byte granule of its data, in native byte
 * order.
 *
 * <pre>
 *   63     62 61             52 51                        32 31                              0
 *  +---------+-----------------+----------------------------+---------------------------------+
 *  |  state  |   generation    |      timestamp in ms       |          size in bytes          |
 *  | 2 bits  |  low 10 bits    |        low 20 bits         |        32 bits, unsigned        |
 *  +---------+-----------------+----------------------------+---------------------------------+
 *   state: 00 no blob starts here, 01 live, 10 acknowledged
 * </pre>
 *
 * <p>A word belongs to the granule at which a blob starts. It is written once per generation by the
 * blob's writer (state live, release: the bytes are whole before it) and changed once, live to
 * acknowledged, by one compare-and-set: so an acknowledgement counts exactly once, whoever repeats
 * it. A word of an earlier generation never equals one of a later: the table is cleared whenever
 * the low 10 bits of the page's generation start again at zero.
 */
final class EntryLayout {
  /** Bytes between two places at which a blob may start; a cache line. */
  static final int GRANULE_BYTES = 64;

  /** Binary logarithm of {@link #GRANULE_BYTES}. */
  static final int GRANULE_SHIFT = 6;

  /** Bytes of one word. */
  static final int ENTRY_BYTES = 8;

  /** Generations after which a table must be cleared. */
  static final int GENERATIONS = 1 << 10;

  private static final long MILLIS_MASK = (1L << 20) - 1;
  private static final long LIVE = 1L << 62;
  private static final long STATES = 3L << 62;
  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  private EntryLayout() {}

  /** The word of a live blob. */
  static long live(int generation, long millis, int size) {
    return LIVE
        | ((long) (generation & (GENERATIONS - 1)) << 52)
        | ((millis & MILLIS_MASK) << 32)
        | Integer.toUnsignedLong(size);
  }

  /** The word of the same blob once it is acknowledged. */
  static long acknowledged(long live) {
    return live ^ STATES;
  }

  static boolean isLive(long word) {
    return (word & STATES) == LIVE;
  }

  /** Whether a word was written in this generation, or in one {@link #GENERATIONS} away. */
  static boolean isOf(long word, int generation) {
    return (word & STATES) != 0
        && (int) ((word >>> 52) & (GENERATIONS - 1)) == (generation & (GENERATIONS - 1));
  }

  /** The size in the word, in bytes. */
  static long sizeBytes(long word) {
    return word & 0xFFFF_FFFFL;
  }

  /** The granule of an offset, which is unsigned. */
  static long granule(int offset) {
    return Integer.toUnsignedLong(offset) >>> GRANULE_SHIFT;
  }

  /** Granules that a blob takes. */
  static long granules(long sizeBytes) {
    return (sizeBytes + GRANULE_BYTES - 1) >>> GRANULE_SHIFT;
  }

  /** Reads a word, and what was written before it: one load, with no check but that of bounds. */
  static long acquire(Frame frame, long granule) {
    long word = frame.table.get(ValueLayout.JAVA_LONG_UNALIGNED, granule * ENTRY_BYTES);
    VarHandle.acquireFence();
    return word;
  }

  static void release(Frame frame, long granule, long word) {
    WORD.setRelease(frame.table, granule * ENTRY_BYTES, word);
  }

  static boolean compareAndSet(Frame frame, long granule, long expected, long word) {
    return WORD.compareAndSet(frame.table, granule * ENTRY_BYTES, expected, word);
  }

  /** Clears the table; the caller owns the page alone. */
  static void clear(Frame frame) {
    var _ = frame.table.fill((byte) 0);
  }
}
