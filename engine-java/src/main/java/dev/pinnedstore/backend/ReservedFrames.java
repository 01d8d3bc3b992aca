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
  private static final long UNIT_BYTES = 2L << 20;
  private static final long OS_PAGE_BYTES = 4096;

  private final Reservation data;
  private final Reservation tables;
  private final long pageBytes;
  private final long tableStride;
  private final int pages;

  private ReservedFrames(Reservation data, Reservation tables, long pageBytes) {
    this.data = data;
    this.tables = tables;
    this.pageBytes = pageBytes;
    this.tableStride = tableStride(pageBytes);
    this.pages = (int) Math.min(data.bytes() / pageBytes, Integer.MAX_VALUE);
  }

  /**
   * Reserves both ranges.
   *
   * @throws MappingFailedException when there is no such range of addresses
   */
  static ReservedFrames reserve(MemorySource source, long reserveBytes, long pageBytes)
      throws MappingFailedException {
    Reservation data = source.reserve(reserveBytes);
    boolean reserved = false;
    try {
      long pages = reserveBytes / pageBytes;
      Reservation tables = source.reserve(align(pages * tableStride(pageBytes), UNIT_BYTES));
      reserved = true;
      return new ReservedFrames(data, tables, pageBytes);
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
  public boolean close(Iterable<Frame> frames) {
    // Not frame by frame: a reader that is copying right now must get an exception, not zeros.
    boolean dataClosed = data.close();
    return tables.close() && dataClosed;
  }

  /** Bytes from one table to the next: whole pages of the operating system. */
  private static long tableStride(long pageBytes) {
    return align(pageBytes / EntryLayout.GRANULE_BYTES * EntryLayout.ENTRY_BYTES, OS_PAGE_BYTES);
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
          pageBytes / EntryLayout.GRANULE_BYTES);
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
