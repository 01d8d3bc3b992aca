package dev.pinnedstore.pool;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The last 16 bytes of a page on storage, little endian:
 *
 * <pre>
 *  0       1       2       3       4       5       6       7
 *  +-------+-------+-------+-------+-------+-------+-------+-------+
 *  |                              lsn                              |
 *  +-------+-------+-------+-------+-------+-------+-------+-------+
 *  |   low half of page number     |            CRC32C             |
 *  +-------+-------+-------+-------+-------+-------+-------+-------+
 *  8       9      10      11      12      13      14      15
 * </pre>
 *
 * <p>The checksum is that of the data, the LSN and the whole page number, 8 bytes each. A page of
 * zeros was never written.
 */
final class PageTrailerLayout {
  static final int BYTES = 16;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private PageTrailerLayout() {}

  /** Ends a page. */
  static void seal(MemorySegment page, long pageNumber, long lsn) {
    long at = page.byteSize() - BYTES;
    page.set(LONG, at, lsn);
    page.set(INT, at + 8, (int) pageNumber);
    page.set(INT, at + 12, checksum(page, pageNumber));
  }

  static long lsn(MemorySegment page) {
    return page.get(LONG, page.byteSize() - BYTES);
  }

  /** Returns what is wrong with a page; empty if nothing is. */
  static String fault(MemorySegment page, long pageNumber) {
    long at = page.byteSize() - BYTES;
    int stored = page.get(INT, at + 12);
    int computed = checksum(page, pageNumber);
    if (stored == computed && page.get(INT, at + 8) == (int) pageNumber) {
      return "";
    }
    if (stored == 0 && isZero(page)) {
      return "";
    }
    return String.format(
        "checksum=%08x, but the bytes give %08x; it names page number %d (mod 2^32), lsn=%d",
        stored, computed, Integer.toUnsignedLong(page.get(INT, at + 8)), page.get(LONG, at));
  }

  /** Of a segment that nobody frees meanwhile: the checksum takes its bare address. */
  private static int checksum(MemorySegment page, long pageNumber) {
    CRC32C crc = new CRC32C();
    crc.update(page.asSlice(0, page.byteSize() - 8).asByteBuffer());
    ByteBuffer number = ByteBuffer.allocate(Long.BYTES).putLong(pageNumber).flip();
    crc.update(number);
    return (int) crc.getValue();
  }

  private static boolean isZero(MemorySegment page) {
    for (long at = 0; at < page.byteSize(); at += Long.BYTES) {
      if (page.get(LONG, at) != 0) {
        return false;
      }
    }
    return true;
  }
}
