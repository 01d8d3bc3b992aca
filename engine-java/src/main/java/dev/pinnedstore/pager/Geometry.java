package dev.pinnedstore.pager;

/**
 * Where things are in a file; follows from the page size and the size of the log alone.
 *
 * <pre>
 *  0        4096     8192            8192 + log      extent 1        extent 2
 *  +--------+--------+---------------+---------------+---------------+----------------------------
 *  | super- | super- | log           | extent 0      | extent 1      | extent 2 ...
 *  | block A| block B|               |               |               |
 *  +--------+--------+---------------+---------------+---------------+----------------------------
 *
 *  extent:  page map, level 4 .. 0 | slot map, level 4 .. 0 | pages
 *           each level: block n copy 0, block n copy 1, block n+1 copy 0, ...   (4096 bytes each)
 * </pre>
 *
 * <p>Extent 0 has the first F pages, F = max(1, 65536 / page size); extent e has as many as all
 * before it together, pages F * 2^(e-1) up to F * 2^e. So the extent of a page follows from its top
 * bit, and 41 extents reach 2^40 pages. An extent is mapped whole and never moves; what is not used
 * of it is a hole in the file. A block of a map lies in the extent of the first page that it tells
 * about.
 *
 * @param pageShift binary logarithm of the page size in bytes
 * @param logBytes size of the log in bytes
 */
record Geometry(int pageShift, long logBytes) {
  static final int MIN_PAGE_SHIFT = 10;
  static final int MAX_PAGE_SHIFT = 30;
  static final int BLOCK_BYTES = 4096;
  static final long LOG_POSITION = 2 * BLOCK_BYTES;
  static final int MAPS = 2;
  static final int PAGE_MAP = 0;
  static final int SLOT_MAP = 1;

  /** 2^40, but for what a Java array cannot hold. */
  static final long MAX_PAGES = (1L << 40) - (1L << 14);

  /** The pages whose numbers fit into a {@link SubPageId}. */
  static final long MAX_SUB_PAGES_PAGE = 1L << 34;

  /** Where files end at the latest; half of what a long can say, so that sums cannot overflow. */
  private static final long MAX_POSITION = 1L << 62;

  static void checkPageSize(long pageSize) {
    if (pageSize < 1L << MIN_PAGE_SHIFT
        || pageSize > 1L << MAX_PAGE_SHIFT
        || Long.bitCount(pageSize) != 1) {
      throw new IllegalArgumentException(
          "pageSize="
              + pageSize
              + ": must be a power of two between "
              + (1L << MIN_PAGE_SHIFT)
              + " and "
              + (1L << MAX_PAGE_SHIFT)
              + " bytes");
    }
  }

  int pageSize() {
    return 1 << pageShift;
  }

  /** Binary logarithm of the pages of extent 0. */
  int firstShift() {
    return Math.max(0, 16 - pageShift);
  }

  /**
   * Distance in pages between the two copies of a protected page: at least 4096 bytes, so that no
   * sector and no page of the system holds parts of both.
   */
  int pairStride() {
    return Math.max(1, 4096 >> pageShift);
  }

  long headerBytes() {
    return LOG_POSITION + logBytes;
  }

  int extentOf(long page) {
    return extentOf(page, firstShift());
  }

  static int extentOf(long page, int firstShift) {
    return 64 - Long.numberOfLeadingZeros(page >>> firstShift);
  }

  long firstPage(int extent) {
    return extent == 0 ? 0 : 1L << (firstShift() + extent - 1);
  }

  long pages(int extent) {
    return 1L << (firstShift() + Math.max(0, extent - 1));
  }

  /** Binary logarithm of the pages that one block tells about; negative is less than one. */
  static int blockShift(int map, int level) {
    int words = WordMap.LEAF_SHIFT + level * WordMap.FANOUT_SHIFT;
    return map == PAGE_MAP ? words : words - SlotWord.WORDS_SHIFT;
  }

  /** The first block of a level that lies in an extent. */
  long firstBlock(int map, int level, int extent) {
    return firstPage(extent) >> blockShift(map, level);
  }

  long blocks(int map, int level, int extent) {
    long blocks = pages(extent) >> blockShift(map, level);
    return extent == 0 ? Math.max(1, blocks) : blocks;
  }

  /** The extent that a block lies in. */
  int extentOfBlock(int map, int level, long index) {
    return extentOf(index << blockShift(map, level));
  }

  /** Where the blocks of a level begin, counted from the start of their extent. */
  long levelOffset(int map, int level, int extent) {
    long offset = 0;
    for (int m = 0; m < MAPS; m++) {
      for (int l = WordMap.ROOT_LEVEL; l >= 0; l--) {
        if (m == map && l == level) {
          return offset;
        }
        offset += blocks(m, l, extent) * 2 * BLOCK_BYTES;
      }
    }
    return offset;
  }

  /** Where the pages begin, counted from the start of their extent. */
  long dataOffset(int extent) {
    return levelOffset(MAPS, 0, extent);
  }

  long extentBytes(int extent) {
    long pages = pages(extent);
    if (pages > (MAX_POSITION >> pageShift)) {
      throw new PagerFullException(
          "the pager is full: a file of " + firstPage(extent) + " pages cannot be larger", null);
    }
    return dataOffset(extent) + (pages << pageShift);
  }

  /** Where an extent begins in the file, or the file ends that has the extents before it. */
  long position(int extent) {
    long position = headerBytes();
    for (int e = 0; e < extent; e++) {
      position += extentBytes(e);
      if (position > MAX_POSITION) {
        throw new PagerFullException(
            "the pager is full: a file of " + firstPage(e) + " pages cannot be larger", null);
      }
    }
    return position;
  }
}
