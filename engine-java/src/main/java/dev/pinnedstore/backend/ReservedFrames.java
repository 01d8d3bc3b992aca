package dev.pinnedstore.backend;

import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;
import dev.pinnedstore.os.Reservation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Frames side by side in one reserved range of addresses, in the order of their pages; their tables
 * lie in the same order in a second range.
 *
 * <p>A frame that is given back keeps its addresses. Nothing is unmapped before the store closes,
 * so giving back waits for nobody; a reader that is still copying reads zeros and finds the
 * generation changed.
 */
final class ReservedFrames implements FrameSource {
  private static final long HUGE_PAGE_BYTES = 2L << 20;

  private final Reservation data;
  private final Reservation tables;
  private final long pageBytes;

  /** Bytes from one table to the next: whole pages of the operating system. */
  private final long tableStride;

  private final int pages;

  private ReservedFrames(
      Reservation data, Reservation tables, long pageBytes, long tableStride, int pages) {
    this.data = data;
    this.tables = tables;
    this.pageBytes = pageBytes;
    this.tableStride = tableStride;
    this.pages = pages;
  }

  /**
   * Reserves both ranges.
   *
   * @throws MappingFailedException when there is no such range of addresses
   * @throws IllegalArgumentException when the system's pages are larger, and no divisor of ours
   */
  static ReservedFrames reserve(MemorySource source, long reserveBytes, long pageBytes)
      throws MappingFailedException {
    Reservation data = source.reserve(reserveBytes);
    boolean reserved = false;
    try {
      long unit = data.unitBytes();
      if (pageBytes % unit != 0) {
        throw new IllegalArgumentException(
            "pageSize=" + pageBytes + ": must be a multiple of " + unit + " bytes on this system");
      }
      int pages = (int) Math.min(reserveBytes / pageBytes, Integer.MAX_VALUE);
      long words = pageBytes / EntryLayout.GRANULE_BYTES * EntryLayout.ENTRY_BYTES;
      long stride = align(words, unit);
      Reservation tables = source.reserve(align(pages * stride, HUGE_PAGE_BYTES));
      reserved = true;
      return new ReservedFrames(data, tables, pageBytes, stride, pages);
    } finally {
      if (!reserved) {
        data.close();
      }
    }
  }

  /** Pages for which there are addresses. */
  int pages() {
    return pages;
  }

  @Override
  public Frame commit(int pageId, long dataBytes, long entries) throws MappingFailedException {
    ReservedFrame frame = new ReservedFrame(pageId);
    data.commit(frame.start, pageBytes);
    boolean committed = false;
    try {
      tables.commit(frame.tableStart, tableStride);
      committed = true;
    } finally {
      if (!committed) {
        data.decommit(frame.start, pageBytes);
      }
    }
    return frame;
  }

  @Override
  public long tableBytes(long entries) {
    return tableStride;
  }

  @Override
  public boolean close(Iterable<Frame> frames) {
    // Not frame by frame: a reader that is copying right now must get an exception, not zeros.
    boolean dataClosed = data.close();
    return tables.close() && dataClosed;
  }

  private static long align(long bytes, long unit) {
    return (bytes + unit - 1) / unit * unit;
  }

  private final class ReservedFrame extends Frame {
    final long start;
    final long tableStart;

    ReservedFrame(int pageId) {
      super(
          data.base().asSlice(pageId * pageBytes),
          tables.base().asSlice(pageId * tableStride, tableStride),
          pageBytes,
          pageBytes / EntryLayout.GRANULE_BYTES,
          tableStride);
      this.start = pageId * pageBytes;
      this.tableStart = pageId * tableStride;
    }

    @Override
    MemorySegment view(long bytes, Arena arena) {
      return data.view(start, bytes, arena);
    }

    @Override
    MemorySegment window(long offset, long bytes, Arena arena) {
      return data.window(start + offset, bytes, arena);
    }

    @Override
    boolean close() {
      data.decommit(start, pageBytes);
      tables.decommit(tableStart, tableStride);
      return true;
    }
  }
}
