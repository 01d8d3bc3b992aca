package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import dev.pinnedstore.os.MappingFailedException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The mappings of a file: the header and the extents of {@link Geometry}. Lookups take no lock and
 * are safe for threads; whatever adds or drops is called by one thread at a time.
 */
final class Extents {
  private static final Extent[] NONE = {};
  private static final long BOTH_COPIES = 2 * Geometry.BLOCK_BYTES;

  private final Disk disk;
  private final Geometry geometry;
  private final int firstShift;
  private final int pageShift;
  private final long pageBytes;
  private final Arena headerArena;
  private final MemorySegment header;
  private volatile Extent[] extents = NONE;

  Extents(Disk disk, Geometry geometry) {
    this.disk = disk;
    this.geometry = geometry;
    this.firstShift = geometry.firstShift();
    this.pageShift = geometry.pageShift();
    this.pageBytes = geometry.pageSize();
    this.headerArena = Arena.ofShared();
    this.header = mapOrClose(0, geometry.headerBytes(), headerArena);
  }

  /** Maps a range; the arena is closed if that fails. */
  private MemorySegment mapOrClose(long position, long bytes, Arena arena) {
    MemorySegment mapping = null;
    try {
      mapping = disk.map(position, bytes, arena);
      return mapping;
    } catch (MappingFailedException e) {
      throw new PagerFullException("the pager is full: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new PagerFullException(
          "the pager is full: a file of " + (position + bytes) + " bytes is refused: " + e, e);
    } finally {
      if (mapping == null) {
        arena.close();
      }
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
      more[number] = new Extent(geometry, number, arena, mapOrClose(position, bytes, arena));
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
    long end = last.offset(pages);
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

  /** The extent that has a page, or null if it was cut off. */
  @Nullable Extent find(long page) {
    Extent[] all = extents;
    int number = Geometry.extentOf(page, firstShift);
    return number < all.length ? all[number] : null;
  }

  /** The bytes of the pages that a leaf of the page map tells about, if one extent has them all. */
  @Nullable MemorySegment pagesOfLeaf(long leaf) {
    long page = leaf << WordMap.LEAF_SHIFT;
    int number = Geometry.extentOf(page, firstShift);
    if (number >= extents.length || geometry.pages(number) < WordMap.LEAF_WORDS) {
      return null;
    }
    Extent extent = extents[number];
    return extent.pages.asSlice(
        (page - extent.firstPage) << pageShift, (long) WordMap.LEAF_WORDS << pageShift);
  }

  /** A part of a page, or null if its extent was cut off. */
  @Nullable MemorySegment partOrNull(long page, long offset, long bytes) {
    Extent extent = find(page);
    return extent == null
        ? null
        : extent.pages.asSlice(((page - extent.firstPage) << pageShift) + offset, bytes);
  }

  /** A part of a page once more, for as long as an arena lives. */
  MemorySegment alias(long page, long offset, long bytes, Arena arena) {
    int number = geometry.extentOf(page);
    Extent extent = extents[number];
    long position = geometry.position(number) + extent.offset(page) + offset;
    try {
      return disk.alias(page(page).asSlice(offset, bytes), position, arena);
    } catch (MappingFailedException | IOException e) {
      throw new PagerFullException("the page cannot be mapped once more: " + e.getMessage(), e);
    }
  }

  /** Waits until a page is on the medium, unless it is cut off meanwhile. */
  void syncPage(long page) throws IOException {
    Extent[] all = extents;
    int number = geometry.extentOf(page);
    if (number < all.length) {
      sync(all[number], all[number].offset(page), geometry.pageSize());
    }
  }

  /** Waits until all pages are on the medium, and whatever lies between them. */
  void syncPages() throws IOException {
    for (Extent extent : extents) {
      sync(extent, 0, extent.whole.byteSize());
    }
  }

  private void sync(Extent extent, long offset, long bytes) throws IOException {
    try {
      disk.sync(extent.whole, offset, bytes);
    } catch (IllegalStateException e) {
      // Cut off meanwhile, it holds no page; otherwise the pager was closed.
      if (Arrays.asList(extents).contains(extent)) {
        throw e;
      }
    }
  }

  /**
   * Takes space for pages that have none yet, and for the blocks of the page map that tell about
   * them only.
   */
  void allocate(long from, long to) {
    forEachRange(from, to, this::allocateRange);
  }

  /** Takes space for pages, and blocks, that may have some already, and bytes in it. */
  void fillHoles(long from, long to) {
    forEachRange(from, to, this::fillRange);
  }

  private interface Range {
    void of(long position, long bytes);
  }

  private void forEachRange(long from, long to, Range range) {
    for (int e = geometry.extentOf(from); e <= geometry.extentOf(to - 1); e++) {
      long first = Math.max(from, geometry.firstPage(e));
      long end = Math.min(to, geometry.firstPage(e + 1));
      long position = geometry.position(e);
      range.of(
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
          range.of(blocksPosition(Geometry.PAGE_MAP, level, block), blocks * BOTH_COPIES);
        }
      }
    }
  }

  /** Takes space for both copies of a block. */
  void allocateBlock(int map, int level, long index) {
    allocateRange(blocksPosition(map, level, index), BOTH_COPIES);
  }

  /** Takes space for both copies of a block that was written. */
  void fillHolesOfBlock(int map, int level, long index) {
    fillRange(blocksPosition(map, level, index), BOTH_COPIES);
  }

  private long blocksPosition(int map, int level, long index) {
    int number = geometry.extentOfBlock(map, level, index);
    return geometry.position(number) + extents[number].blockOffset(map, level, index, 0);
  }

  void allocateHeader() {
    allocateRange(0, geometry.headerBytes());
  }

  private void allocateRange(long position, long bytes) {
    try {
      disk.allocate(position, bytes);
    } catch (MappingFailedException e) {
      throw full(bytes, e);
    }
  }

  private void fillRange(long position, long bytes) {
    try {
      disk.fillHoles(position, bytes);
    } catch (MappingFailedException e) {
      throw full(bytes, e);
    }
  }

  private static PagerFullException full(long bytes, MappingFailedException e) {
    return new PagerFullException(
        "the pager is full: the file system gave no "
            + bytes
            + " bytes, freeBytes="
            + e.freeBytes()
            + ", totalBytes="
            + e.totalBytes()
            + "; free pages, or give it more room",
        e);
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
    extent.markDirty(extent.offset(page), geometry.pageSize());
  }

  /**
   * Hands what is dirty so far to {@link #syncSealed}. In the commit turn, under the state lock.
   */
  void sealDirty() {
    for (Extent extent : extents) {
      extent.sealDirty();
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
