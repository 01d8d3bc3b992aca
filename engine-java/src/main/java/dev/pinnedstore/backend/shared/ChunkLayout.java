package dev.pinnedstore.backend.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A chunk file, {@code NS_data_ID}: a header of 64 bytes, then the data; native byte order.
 *
 * <pre>
 *  offset size field         who changes it, and how
 *  ------ ---- ------------- --------------------------------------------------------------
 *     0     4  used          bytes reserved, header not counted; writers by compare-and-set.
 *                            The keeper seals by a compare-and-set to the capacity
 *     4     4  generation    the maker; the keeper when it retires the incarnation
 *     8     4  entries       blobs whose bytes are whole; get-and-add after the record
 *    12     4  acknowledged  get-and-add after the record
 *    16     8  empty since   epoch ms, 0: never; compare-and-set by an acknowledgement
 *    24     8  first write   epoch ms, 0: none; compare-and-set by a writer
 *    32     4  sealed used   what "used" was when it was sealed. The keeper
 *    36     4  flags         SMALL: any writer; all others: the keeper
 *    40     8  newest        monotonic ms of the newest blob, 0: none; raised by writers
 *    48     8  still since   monotonic ms at which it became ready; of a retired chunk CLEARED,
 *                            once it is. The keeper
 *    56     4  maker         low half of the namespace's incarnation, or 0: the original
 *    60     4  first         the generation of the first incarnation, or 0: the original's. The
 *                            maker
 *    64        data, blobs back to back
 * </pre>
 *
 * <p>Bytes 0 to 31 are version 1 of the original; 32 to 63 it leaves zero and never reads.
 */
final class ChunkLayout {
  static final int HEADER_BYTES = 64;

  /** No reservation is possible any more, and "sealed used" holds. */
  static final int SEALED = 1;

  /** The generation is past, the next one has not begun. */
  static final int RETIRED = 2;

  /** A process died that used it: its counters may be off. */
  static final int SUSPECT = 4;

  /** The table of small records has been used. */
  static final int SMALL = 8;

  /**
   * Of a retired chunk: it is not opened again, as its file is being unlinked, or must be because
   * an acknowledgement may yet be counted in it.
   */
  static final int SPENT = 16;

  /** In "still since" of a retired chunk, above its new generation: no record says otherwise. */
  private static final long CLEARED = 0x434C_4541L << 32;

  private static final long USED_AT = 0;
  private static final long GENERATION_AT = 4;
  private static final long ENTRIES_AT = 8;
  private static final long ACKNOWLEDGED_AT = 12;
  private static final long EMPTY_SINCE_AT = 16;
  private static final long FIRST_WRITE_AT = 24;
  private static final long SEALED_USED_AT = 32;
  private static final long FLAGS_AT = 36;
  private static final long NEWEST_AT = 40;
  private static final long STILL_SINCE_AT = 48;
  private static final long MAKER_AT = 56;
  private static final long FIRST_AT = 60;
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private ChunkLayout() {}

  /** The header of a new chunk. */
  static byte[] created(int generation, long stillSince, long incarnation) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.nativeOrder());
    header.putInt((int) GENERATION_AT, generation).putLong((int) STILL_SINCE_AT, stillSince);
    return header
        .putInt((int) MAKER_AT, (int) incarnation)
        .putInt((int) FIRST_AT, generation)
        .array();
  }

  /** The generation that the chunk began with, or 0. */
  static int first(MemorySegment chunk) {
    return (int) INT.get(chunk, FIRST_AT);
  }

  static int maker(MemorySegment chunk) {
    return (int) INT.get(chunk, MAKER_AT);
  }

  static int used(MemorySegment chunk) {
    return (int) INT.getVolatile(chunk, USED_AT);
  }

  static boolean reserve(MemorySegment chunk, int from, int to) {
    return INT.compareAndSet(chunk, USED_AT, from, to);
  }

  /** Opens the chunk: the last step of a recycling. */
  static void open(MemorySegment chunk) {
    INT.setVolatile(chunk, USED_AT, 0);
  }

  static int generation(MemorySegment chunk) {
    return (int) INT.getAcquire(chunk, GENERATION_AT);
  }

  static void setGeneration(MemorySegment chunk, int generation) {
    INT.setVolatile(chunk, GENERATION_AT, generation);
  }

  static int entries(MemorySegment chunk) {
    return (int) INT.getVolatile(chunk, ENTRIES_AT);
  }

  static void countEntry(MemorySegment chunk) {
    var _ = (int) INT.getAndAdd(chunk, ENTRIES_AT, 1);
  }

  static int acknowledged(MemorySegment chunk) {
    return (int) INT.getVolatile(chunk, ACKNOWLEDGED_AT);
  }

  /** Adds to the acknowledged ones and returns their number. */
  static int countAcknowledged(MemorySegment chunk, int more) {
    return (int) INT.getAndAdd(chunk, ACKNOWLEDGED_AT, more) + more;
  }

  static void setEmptySince(MemorySegment chunk, long millis) {
    if ((long) LONG.getAcquire(chunk, EMPTY_SINCE_AT) == 0) {
      var _ = LONG.compareAndSet(chunk, EMPTY_SINCE_AT, 0L, millis);
    }
  }

  static void setFirstWrite(MemorySegment chunk, long millis) {
    if ((long) LONG.getAcquire(chunk, FIRST_WRITE_AT) == 0) {
      var _ = LONG.compareAndSet(chunk, FIRST_WRITE_AT, 0L, millis);
    }
  }

  static int sealedUsed(MemorySegment chunk) {
    return (int) INT.getAcquire(chunk, SEALED_USED_AT);
  }

  static void setSealedUsed(MemorySegment chunk, int used) {
    INT.setRelease(chunk, SEALED_USED_AT, used);
  }

  static boolean has(MemorySegment chunk, int flag) {
    return ((int) INT.getVolatile(chunk, FLAGS_AT) & flag) != 0;
  }

  /** Sets one flag, or some at a time. */
  static void raise(MemorySegment chunk, int flag) {
    if (((int) INT.getVolatile(chunk, FLAGS_AT) & flag) != flag) {
      var _ = (int) INT.getAndBitwiseOr(chunk, FLAGS_AT, flag);
    }
  }

  /** Monotonic milliseconds of the newest blob; 0 when no JVM wrote one. */
  static long newest(MemorySegment chunk) {
    return (long) LONG.getVolatile(chunk, NEWEST_AT);
  }

  static void clearNewest(MemorySegment chunk) {
    LONG.setOpaque(chunk, NEWEST_AT, 0L);
  }

  static void raiseNewest(MemorySegment chunk, long millis) {
    long newest = (long) LONG.getVolatile(chunk, NEWEST_AT);
    while (millis > newest && !LONG.compareAndSet(chunk, NEWEST_AT, newest, millis)) {
      newest = (long) LONG.getVolatile(chunk, NEWEST_AT);
    }
  }

  static long stillSince(MemorySegment chunk) {
    return (long) LONG.getAcquire(chunk, STILL_SINCE_AT);
  }

  /** Whether a retired chunk has its new generation, and its records are cleared. */
  static boolean isCleared(MemorySegment chunk) {
    return stillSince(chunk) == (CLEARED | Integer.toUnsignedLong(generation(chunk)));
  }

  /** Notes that, beside the generation, as flags may be written by anybody at random. */
  static void setCleared(MemorySegment chunk) {
    long cleared = CLEARED | Integer.toUnsignedLong(generation(chunk));
    LONG.setVolatile(chunk, STILL_SINCE_AT, cleared);
  }

  /** Zeroes all counters of a retired incarnation but "used", which keeps everybody out. */
  static void reset(MemorySegment chunk, long stillSince) {
    INT.setOpaque(chunk, SEALED_USED_AT, 0);
    INT.setOpaque(chunk, ENTRIES_AT, 0);
    INT.setOpaque(chunk, ACKNOWLEDGED_AT, 0);
    Steps.reached("reset.counts");
    LONG.setOpaque(chunk, EMPTY_SINCE_AT, 0L);
    LONG.setOpaque(chunk, FIRST_WRITE_AT, 0L);
    LONG.setOpaque(chunk, NEWEST_AT, 0L);
    LONG.setOpaque(chunk, STILL_SINCE_AT, stillSince);
    Steps.reached("reset.times");
    INT.setVolatile(chunk, FLAGS_AT, 0);
  }
}
