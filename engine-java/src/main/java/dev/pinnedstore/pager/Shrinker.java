package dev.pinnedstore.pager;

import java.io.IOException;

/**
 * Cuts free pages off the end of a file. All within {@link PagerFile#quietly}: what was freed is
 * durable, and nothing changes.
 *
 * <p>The words of those pages go with them. So that no handle comes twice, pages that are added
 * later begin with the highest reuse count that went: the reuse floor of the superblock. First that
 * is durable, and that no block of a map leads behind the new end; then the file is cut.
 */
final class Shrinker {
  private final PagerFile file;
  private final PageTable table;
  private final WordMap slots;
  private final Extents extents;

  Shrinker(PagerFile file) {
    this.file = file;
    this.table = file.table();
    this.slots = file.slots();
    this.extents = file.extents();
  }

  /** Cuts the free pages off the end; returns how many. Within {@link PagerFile#quietly}. */
  long shrink() {
    long before = table.pageCount();
    long count = before;
    while (count > 0 && isDroppable(count - 1)) {
      count--;
    }
    if (count < before) {
      cut(count);
    }
    return before - count;
  }

  /**
   * Free and not held by anybody. A page whose count is far on stays, or new pages would begin with
   * that count: the floor, which is refused when it is so high.
   */
  private boolean isDroppable(long page) {
    return !table.words().isPresent(page >>> WordMap.LEAF_SHIFT)
        || (PageWord.isFree(table.get(page))
            && table.isFindable(page)
            && highestReuse(page, page + 1) < ReuseCounts.END_OF_FLOOR);
  }

  /**
   * Takes pages off the end, which are all free, and cuts the file: the superblock without them is
   * durable before. Within {@link PagerFile#quietly}.
   */
  private void cut(long pages) {
    long before = table.pageCount();
    file.counts().raiseFloor(highestReuse(pages, before));
    table.cut(pages);
    table.words().clear(pages, before);
    slots.clear(SlotWord.index(pages, 0), SlotWord.index(slotPages(before), 0));
    for (int level = 0; level <= WordMap.ROOT_LEVEL; level++) {
      dropBlocks(table.words(), Geometry.PAGE_MAP, level, pages, before);
      dropBlocks(slots, Geometry.SLOT_MAP, level, pages, before);
    }
    file.checkpoint();
    try {
      extents.cut(pages);
    } catch (IOException e) {
      throw file.fail(e);
    }
  }

  /** Blocks that tell about pages which go, and no others: when those come again they are new. */
  private static void dropBlocks(WordMap words, int map, int level, long pages, long before) {
    int shift = Geometry.blockShift(map, level);
    long mask = (1L << shift) - 1;
    words.dropBlocks(level, (pages + mask) >> shift, (before + mask) >> shift);
  }

  /** The highest stored reuse count of free pages and their slots. */
  private int highestReuse(long from, long to) {
    int highest = 0;
    for (long page = from; page < to; page++) {
      if (table.words().isPresent(page >>> WordMap.LEAF_SHIFT)) {
        highest = Math.max(highest, PageWord.reuse(table.get(page)));
      }
      long slot = SlotWord.index(page, 0);
      if (page < slotPages(to) && slots.isPresent(slot >>> WordMap.LEAF_SHIFT)) {
        for (int i = 0; i < SlotWord.MAX_SLOTS; i++) {
          int half = SlotWord.half(slots.get(SlotWord.index(page, i)), i);
          highest = Math.max(highest, SlotWord.reuse(half));
        }
      }
    }
    return highest;
  }

  private static long slotPages(long pages) {
    return Math.min(pages, Geometry.MAX_SUB_PAGES_PAGE);
  }
}
