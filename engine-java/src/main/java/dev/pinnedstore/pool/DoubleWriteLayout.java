package dev.pinnedstore.pool;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The double-write area: one batch of pages, as it was last begun to be written to its places.
 * Little endian, in whole pages:
 *
 * <pre>
 *  offset        bytes
 *  0             8      magic, "PPSDWB" and version 1
 *  8             4      bytes of a page
 *  12            4      n, the pages of the batch
 *  16            4      CRC32C of the entries, after that of bytes 0 to 15
 *  20            12     0
 *  32 + 16 i     8      number of page i
 *  40 + 16 i     4      CRC32C of page i, whole
 *  44 + 16 i     4      0
 *  h + p i       p      page i, p bytes; h is 32 + 16 n, rounded up to whole pages
 * </pre>
 */
final class DoubleWriteLayout {
  private static final long MAGIC = 0x0001_4257_4453_5050L;
  private static final int ENTRIES = 32;
  private static final int ENTRY_BYTES = 16;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private DoubleWriteLayout() {}

  /** The bytes before the first page of a batch of so many. */
  static int headerBytes(int pages, int pageBytes) {
    return (ENTRIES + pages * ENTRY_BYTES + pageBytes - 1) & -pageBytes;
  }

  static void writeEntry(MemorySegment header, int index, long pageNumber, MemorySegment page) {
    long at = ENTRIES + (long) index * ENTRY_BYTES;
    header.set(LONG, at, pageNumber);
    header.set(INT, at + 8, crc(page));
    header.set(INT, at + 12, 0);
  }

  /** Ends a header whose entries are written. */
  static void seal(MemorySegment header, int pages, int pageBytes) {
    header.asSlice(0, ENTRIES).fill((byte) 0);
    header.set(LONG, 0, MAGIC);
    header.set(INT, 8, pageBytes);
    header.set(INT, 12, pages);
    header.set(INT, 16, headerCrc(header, pages));
  }

  /** Returns how many pages a header tells of, as far as can be said from its first page; or 0. */
  static int pages(MemorySegment header, int pageBytes) {
    boolean known = header.get(LONG, 0) == MAGIC && header.get(INT, 8) == pageBytes;
    int pages = header.get(INT, 12);
    return known && pages > 0 && pages <= 1024 ? pages : 0;
  }

  /** Whether a whole header is as it was sealed. */
  static boolean isWhole(MemorySegment header, int pages) {
    return header.get(INT, 16) == headerCrc(header, pages);
  }

  static long pageNumber(MemorySegment header, int index) {
    return header.get(LONG, ENTRIES + (long) index * ENTRY_BYTES);
  }

  static boolean isWhole(MemorySegment header, int index, MemorySegment page) {
    return header.get(INT, ENTRIES + (long) index * ENTRY_BYTES + 8) == crc(page);
  }

  private static int headerCrc(MemorySegment header, int pages) {
    CRC32C crc = new CRC32C();
    crc.update(header.asSlice(0, 16).asByteBuffer());
    crc.update(header.asSlice(ENTRIES, (long) pages * ENTRY_BYTES).asByteBuffer());
    return (int) crc.getValue();
  }

  private static int crc(MemorySegment page) {
    CRC32C crc = new CRC32C();
    crc.update(page.asByteBuffer());
    return (int) crc.getValue();
  }
}
