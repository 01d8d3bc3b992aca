package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import dev.pinnedstore.os.MappingFailedException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The mappings of a file: the header and the extents of {@link Geometry}. Lookups take no lock and
 * are safe for threads; whatever adds or drops is called by one thread at a time.
 */
final class Extents {
  private static final Extent[] NONE = {};

  private final Disk disk;
  private final Geometry geometry;
  private final int firstShift;
  private final int pageShift;
  private final long pageBytes;
  private final Arena headerArena = Arena.ofShared();
  private final MemorySegment header;
  private volatile Extent[] extents = NONE;

  Extents(Disk disk, Geometry geometry) {
    this.disk = disk;
    this.geometry = geometry;
    this.firstShift = geometry.firstShift();
    this.pageShift = geometry.pageShift();
    this.pageBytes = geometry.pageSize();
    this.header = map(disk, 0, geometry.headerBytes(), headerArena);
  }

  /** One mapping, with what is needed to find things in it. */
  private static final class Extent {
    final long firstPage;
    final Arena arena;
    final MemorySegment whole;
    final MemorySegment pages;
    final long[][] levelOffsets;
    final long[][] firstBlocks;

    /** What the next commit syncs first; empty when from is not below to. Under the state lock. */
    long dirtyFrom = Long.MAX_VALUE;

    long dirtyTo;

    /** The same of the commit under way. In the commit turn. */
    long sealedFrom;

    long sealedTo;

    Extent(Geometry geometry, int number, Arena arena, MemorySegment whole) {
      this.firstPage = geometry.firstPage(number);
      this.arena = arena;
      this.whole = whole;
      this.pages = whole.asSlice(geometry.dataOffset(number));
      this.levelOffsets = new long[Geometry.MAPS][WordMap.ROOT_LEVEL + 1];
      this.firstBlocks = new long[Geometry.MAPS][WordMap.ROOT_LEVEL + 1];
      for (int map = 0; map < Geometry.MAPS; map++) {
        for (int level = 0; level <= WordMap.ROOT_LEVEL; level++) {
          levelOffsets[map][level] = geometry.levelOffset(map, level, number);
          firstBlocks[map][level] = geometry.firstBlock(map, level, number);
        }
      }
    }

    /** Where a page begins, counted from the start of the extent. */
    long offset(Geometry geometry, long page) {
      return whole.byteSize() - pages.byteSize() + ((page - firstPage) << geometry.pageShift());
    }

    void markDirty(long offset, long bytes) {
      dirtyFrom = Math.min(dirtyFrom, offset);
      dirtyTo = Math.max(dirtyTo, offset + bytes);
    }

    long blockOffset(int map, int level, long index, int copy) {
      return levelOffsets[map][level]
          + ((index - firstBlocks[map][level]) * 2 + copy) * Geometry.BLOCK_BYTES;
    }
  }

  private static MemorySegment map(Disk disk, long position, long bytes, Arena arena) {
    try {
      return disk.map(position, bytes, arena);
    } catch (MappingFailedException e) {
      throw new PagerFullException("the pager is full: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new PagerFullException(
          "the pager is full: a file of " + (position + bytes) + " bytes is refused: " + e, e);
    }
  }

  MemorySegment header() {
    return header;
  }

  /** Pages that the mapped extents have room for. */
  long capacity() {
    return geometry.firstPage(extents.length);
  }

  /** Maps extents until a number of pages have their place. */
  void cover(long pages) {
    while (capacity() < pages || extents.length == 0) {
      int number = extents.length;
      long position = geometry.position(number);
      long bytes = geometry.extentBytes(number);
      Arena arena = Arena.ofShared();
      Extent[] more = Arrays.copyOf(extents, number + 1);
      more[number] = new Extent(geometry, number, arena, map(disk, position, bytes, arena));
      extents = more;
    }
  }

  /** Extents that are needed for a number of pages; one at least. */
  int needed(long pages) {
    return pages == 0 ? 1 : geometry.extentOf(pages - 1) + 1;
  }

  /**
   * Unmaps extents that hold no page any more, and gives the space behind the last page back; but
   * for what a native call uses right now, which the file keeps until it is cut again.
   */
  void cut(long pages) throws IOException {
    Extent[] all = extents;
    int keep = needed(pages);
    extents = Arrays.copyOf(all, keep);
    boolean unmapped = true;
    for (int e = keep; e < all.length; e++) {
      unmapped &= isClosed(all[e].arena);
    }
    if (unmapped) {
      disk.resize(geometry.position(keep));
    }
    Extent last = all[keep - 1];
    long end = last.offset(geometry, pages);
    if (end < last.whole.byteSize()) {
      disk.discard(geometry.position(keep - 1) + end, last.whole.byteSize() - end);
    }
  }

  /** Closes an arena; false if a native call has a segment of it, whose bytes must not go then. */
  private static boolean isClosed(Arena arena) {
    try {
      arena.close();
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /** The bytes of a page, which must be below {@link #capacity()}. */
  MemorySegment page(long page) {
    Extent extent = extents[Geometry.extentOf(page, firstShift)];
    return extent.pages.asSlice((page - extent.firstPage) << pageShift, pageBytes);
  }

  /** The same bytes, for as long as an arena lives. */
  MemorySegment alias(long page, Arena arena) {
    int number = geometry.extentOf(page);
    Extent extent = extents[number];
    try {
      return disk.alias(
          page(page), geometry.position(number) + extent.offset(geometry, page), arena);
    } catch (MappingFailedException | IOException e) {
      throw new PagerFullException("the page cannot be mapped once more: " + e.getMessage(), e);
    }
  }

  void syncPage(long page) throws IOException {
    Extent extent = extents[geometry.extentOf(page)];
    disk.sync(extent.whole, extent.offset(geometry, page), geometry.pageSize());
  }

  /** Waits until all pages are on the medium, and whatever lies between them. */
  void syncPages() throws IOException {
    for (Extent extent : extents) {
      try {
        disk.sync(extent.whole, 0, extent.whole.byteSize());
      } catch (IllegalStateException e) {
        // Cut off meanwhile, it holds no page; otherwise the pager was closed.
        if (Arrays.asList(extents).contains(extent)) {
          throw e;
        }
      }
    }
  }

  /** Takes space for pages, and for the blocks of the page map that tell about them only. */
  void allocate(long from, long to) {
    for (int e = geometry.extentOf(from); e <= geometry.extentOf(to - 1); e++) {
      long first = Math.max(from, geometry.firstPage(e));
      long end = Math.min(to, geometry.firstPage(e + 1));
      long position = geometry.position(e);
      allocateRange(
          position
              + geometry.dataOffset(e)
              + ((first - geometry.firstPage(e)) << geometry.pageShift()),
          (end - first) << geometry.pageShift());
      for (int level = 0; level <= WordMap.ROOT_LEVEL; level++) {
        int shift = Geometry.blockShift(Geometry.PAGE_MAP, level);
        long mask = (1L << shift) - 1;
        long block = (first + mask) >> shift;
        long blocks = ((end + mask) >> shift) - block;
        if (blocks > 0) {
          allocateBlocks(Geometry.PAGE_MAP, level, block, blocks);
        }
      }
    }
  }

  /** Takes space for both copies of blocks, all in one extent. */
  void allocateBlocks(int map, int level, long index, long blocks) {
    int number = geometry.extentOfBlock(map, level, index);
    allocateRange(
        geometry.position(number) + extents[number].blockOffset(map, level, index, 0),
        blocks * 2 * Geometry.BLOCK_BYTES);
  }

  void allocateHeader() {
    allocateRange(0, geometry.headerBytes());
  }

  private void allocateRange(long position, long bytes) {
    try {
      disk.allocate(position, bytes);
    } catch (MappingFailedException e) {
      throw new PagerFullException(
          "the pager is full: the file system gave no "
              + bytes
              + " bytes, freeBytes="
              + e.freeBytes()
              + ", totalBytes="
              + e.totalBytes()
              + "; free pages, or give it more room",
          e);
    }
  }

  byte[] readBlock(int map, int level, long index, int copy) {
    Extent extent = extents[geometry.extentOfBlock(map, level, index)];
    byte[] bytes = new byte[Geometry.BLOCK_BYTES];
    MemorySegment.copy(
        extent.whole,
        ValueLayout.JAVA_BYTE,
        extent.blockOffset(map, level, index, copy),
        bytes,
        0,
        bytes.length);
    return bytes;
  }

  void writeBlock(int map, int level, long index, int copy, byte[] bytes) {
    Extent extent = extents[geometry.extentOfBlock(map, level, index)];
    long offset = extent.blockOffset(map, level, index, copy);
    disk.write(extent.whole, offset, bytes, bytes.length);
    extent.markDirty(offset, bytes.length);
  }

  /** Has the bytes of a page synced by the next commit. */
  void markDirty(long page) {
    Extent extent = extents[geometry.extentOf(page)];
    extent.markDirty(extent.offset(geometry, page), geometry.pageSize());
  }

  /**
   * Hands what is dirty so far to {@link #syncSealed}. In the commit turn, under the state lock.
   */
  void sealDirty() {
    for (Extent extent : extents) {
      extent.sealedFrom = extent.dirtyFrom;
      extent.sealedTo = extent.dirtyTo;
      extent.dirtyFrom = Long.MAX_VALUE;
      extent.dirtyTo = 0;
    }
  }

  /**
   * Waits until what was sealed is on the medium: one sync for each extent, of the range from the
   * first to the last of it.
   */
  void syncSealed() throws IOException {
    for (Extent extent : extents) {
      if (extent.sealedFrom < extent.sealedTo) {
        disk.sync(extent.whole, extent.sealedFrom, extent.sealedTo - extent.sealedFrom);
        extent.sealedTo = 0;
      }
    }
  }

  /**
   * Unmaps everything. Lookups go on and find what throws when it is used.
   *
   * @throws IllegalStateException if a thread is in a native call with a segment
   */
  void close() {
    IllegalStateException inUse = null;
    for (Extent extent : extents) {
      try {
        extent.arena.close();
      } catch (IllegalStateException e) {
        // The others go all the same.
        inUse = e;
      }
    }
    headerArena.close();
    if (inUse != null) {
      throw inUse;
    }
  }
}
