package dev.pinnedstore.pager;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One mapping of {@link Extents}, with what is needed to find things in it. */
final class Extent {
  final long firstPage;
  final Arena arena;
  final MemorySegment whole;
  final MemorySegment pages;
  private final int pageShift;
  private final long[][] levelOffsets = new long[Geometry.MAPS][WordMap.ROOT_LEVEL + 1];
  private final long[][] firstBlocks = new long[Geometry.MAPS][WordMap.ROOT_LEVEL + 1];

  /** What the next commit syncs first; empty when from is not below to. Under the state lock. */
  private long dirtyFrom = Long.MAX_VALUE;

  private long dirtyTo;

  /** The same of the commit under way. In the commit turn. */
  long sealedFrom;

  long sealedTo;

  Extent(Geometry geometry, int number, Arena arena, MemorySegment whole) {
    this.firstPage = geometry.firstPage(number);
    this.arena = arena;
    this.whole = whole;
    this.pages = whole.asSlice(geometry.dataOffset(number));
    this.pageShift = geometry.pageShift();
    for (int map = 0; map < Geometry.MAPS; map++) {
      for (int level = 0; level <= WordMap.ROOT_LEVEL; level++) {
        levelOffsets[map][level] = geometry.levelOffset(map, level, number);
        firstBlocks[map][level] = geometry.firstBlock(map, level, number);
      }
    }
  }

  /** Where a page begins, counted from the start of the extent. */
  long offset(long page) {
    return whole.byteSize() - pages.byteSize() + ((page - firstPage) << pageShift);
  }

  long blockOffset(int map, int level, long index, int copy) {
    return levelOffsets[map][level]
        + ((index - firstBlocks[map][level]) * 2 + copy) * Geometry.BLOCK_BYTES;
  }

  void markDirty(long offset, long bytes) {
    dirtyFrom = Math.min(dirtyFrom, offset);
    dirtyTo = Math.max(dirtyTo, offset + bytes);
  }

  void sealDirty() {
    sealedFrom = dirtyFrom;
    sealedTo = dirtyTo;
    dirtyFrom = Long.MAX_VALUE;
    dirtyTo = 0;
  }
}
