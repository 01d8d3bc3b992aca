package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A superblock: little endian, one sector at the start of each of the first two blocks of the file.
 *
 * <pre>
 *    0        8     10     12         16           24          32          40
 *    +--------+-----+------+----------+------------+-----------+-----------+
 *    | magic  |major|minor | page     | generation | file id   | log bytes |
 *    | u64    | u16 | u16  | shift u32| u64        | u64       | u64       |
 *    +--------+-----+------+----------+------------+-----------+-----------+
 *   40           48           56            64                   80               96
 *    +------------+------------+-------------+--------------------+----------------+
 *    | page count | used count | reuse floor | page map entry     | slot map entry |
 *    | u64        | u64        | u64         | 2 x u64            | 2 x u64        |
 *    +------------+------------+-------------+--------------------+----------------+
 *   96                               224        228        232          508        512
 *    +--------------------------------+----------+----------+------------+----------+
 *    | user roots, 16 x u64           | epoch    | flags    | zero       | CRC-32C  |
 *    |                                | u32      | u32      |            |          |
 *    +--------------------------------+----------+----------+------------+----------+
 *     flags: bit 0 open, bit 1 sparse
 * </pre>
 *
 * <p>The checksum covers bytes 0 to 508. A map entry is that of {@link WordMap}: with its checksum
 * it binds the topmost block of a map, and through it all others, to this generation.
 */
final class SuperblockLayout {
  static final int BYTES = 512;
  static final long MAGIC = 0x3145_4741_504e_4950L; // "PINPAGE1" in the order of the bytes
  static final int MAJOR = 1;
  static final int MINOR = 0;
  static final int ROOTS = 16;

  private static final int MAJOR_AT = 8;
  private static final int MINOR_AT = 10;
  private static final int PAGE_SHIFT_AT = 12;
  private static final int GENERATION_AT = 16;
  private static final int FILE_ID_AT = 24;
  private static final int LOG_BYTES_AT = 32;
  private static final int PAGE_COUNT_AT = 40;
  private static final int USED_COUNT_AT = 48;
  private static final int FLOOR_AT = 56;
  private static final int PAGE_MAP_AT = 64;
  private static final int SLOT_MAP_AT = 80;
  private static final int ROOTS_AT = 96;
  private static final int EPOCH_AT = 224;
  private static final int FLAGS_AT = 228;
  private static final int CHECKSUM_AT = 508;

  private static final int OPEN = 1;
  private static final int SPARSE = 2;

  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private SuperblockLayout() {}

  static byte[] encode(Superblock from) {
    byte[] bytes = new byte[BYTES];
    MemorySegment to = MemorySegment.ofArray(bytes);
    to.set(U64, 0, MAGIC);
    to.set(U16, MAJOR_AT, (short) MAJOR);
    to.set(U16, MINOR_AT, (short) MINOR);
    to.set(U32, PAGE_SHIFT_AT, from.geometry().pageShift());
    to.set(U64, GENERATION_AT, from.generation());
    to.set(U64, FILE_ID_AT, from.fileId());
    to.set(U64, LOG_BYTES_AT, from.geometry().logBytes());
    to.set(U64, PAGE_COUNT_AT, from.pageCount());
    to.set(U64, USED_COUNT_AT, from.usedCount());
    to.set(U64, FLOOR_AT, from.reuseFloor());
    longs(to, PAGE_MAP_AT, from.pageMap());
    longs(to, SLOT_MAP_AT, from.slotMap());
    longs(to, ROOTS_AT, from.roots());
    to.set(U32, EPOCH_AT, from.epoch());
    to.set(U32, FLAGS_AT, (from.open() ? OPEN : 0) | (from.sparse() ? SPARSE : 0));
    to.set(U32, CHECKSUM_AT, Checksum.of(bytes, 0, CHECKSUM_AT));
    return bytes;
  }

  private static void longs(MemorySegment to, int at, long[] values) {
    MemorySegment.copy(values, 0, to, U64, at, values.length);
  }

  /** The generation that a superblock claims, unchecked. */
  static long generation(MemorySegment file, long position) {
    return file.get(U64, position + GENERATION_AT);
  }

  /** Reads a superblock; an exception names the first field that is wrong. */
  static Superblock decode(byte[] bytes) {
    MemorySegment from = MemorySegment.ofArray(bytes);
    check("magic", from.get(U64, 0) == MAGIC, from.get(U64, 0), "a pager file begins otherwise");
    int major = Short.toUnsignedInt(from.get(U16, MAJOR_AT));
    // Before the checksum: a newer format may have another one.
    check("version", major == MAJOR, major, "this release reads version " + MAJOR);
    int checksum = from.get(U32, CHECKSUM_AT);
    check("superblock checksum", checksum == Checksum.of(bytes, 0, CHECKSUM_AT), checksum, "");
    int pageShift = from.get(U32, PAGE_SHIFT_AT);
    check(
        "page shift",
        pageShift >= Geometry.MIN_PAGE_SHIFT && pageShift <= Geometry.MAX_PAGE_SHIFT,
        pageShift,
        "must be between " + Geometry.MIN_PAGE_SHIFT + " and " + Geometry.MAX_PAGE_SHIFT);
    long logBytes = from.get(U64, LOG_BYTES_AT);
    check(
        "log bytes",
        logBytes >= JournalLayout.MIN_LOG_BYTES
            && logBytes <= JournalLayout.MAX_LOG_BYTES
            && logBytes % Geometry.BLOCK_BYTES == 0,
        logBytes,
        "must be a multiple of 4096 between 4096 and " + JournalLayout.MAX_LOG_BYTES);
    long pageCount = from.get(U64, PAGE_COUNT_AT);
    check("page count", pageCount >= 0 && pageCount <= Geometry.MAX_PAGES, pageCount, "too large");
    long used = from.get(U64, USED_COUNT_AT);
    check("used count", used >= 0 && used <= pageCount, used, "of " + pageCount + " pages");
    long floor = from.get(U64, FLOOR_AT);
    check("reuse floor", floor >= 1 && floor < ReuseCounts.END_OF_FLOOR, floor, "out of range");
    int epoch = from.get(U32, EPOCH_AT);
    check("epoch", epoch >= 0 && epoch < ReuseCounts.END_OF_EPOCH, epoch, "out of range");
    int flags = from.get(U32, FLAGS_AT);
    long generation = from.get(U64, GENERATION_AT);
    check("generation", generation > 0, generation, "out of range");
    return new Superblock(
        new Geometry(pageShift, logBytes),
        generation,
        from.get(U64, FILE_ID_AT),
        pageCount,
        used,
        (int) floor,
        epoch,
        (flags & OPEN) != 0,
        (flags & SPARSE) != 0,
        from.asSlice(PAGE_MAP_AT, 16).toArray(U64),
        from.asSlice(SLOT_MAP_AT, 16).toArray(U64),
        from.asSlice(ROOTS_AT, ROOTS * 8L).toArray(U64));
  }

  private static void check(String field, boolean legal, long value, String why) {
    if (!legal) {
      throw new PagerCorruptException(
          field, field + "=" + value + (why.isEmpty() ? "" : ": " + why));
    }
  }
}
