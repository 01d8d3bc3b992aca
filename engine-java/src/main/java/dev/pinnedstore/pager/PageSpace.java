package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;

/**
 * Hands out pages and takes them back; makes the file larger when it must. All under the state
 * lock.
 */
final class PageSpace {
  /** Most that is added at a time, so that no call waits long for space. */
  private static final long MAX_STEP_BYTES = 64L << 20;

  private final PagerFile file;
  private final PageTable table;
  private final boolean sparse;
  private final Limbo limbo = new Limbo();

  PageSpace(PagerFile file, boolean sparse) {
    this.file = file;
    this.table = file.table();
    this.sparse = sparse;
  }

  /**
   * Whether a commit, which makes freed pages usable, is the better answer to a lack of pages than
   * a larger file: when those are more than an eighth of it. Nothing else must be under way then.
   */
  boolean wantsCommit(long pages) {
    releaseLimbo();
    return !file.isFrozen()
        && limbo.size() > table.pageCount() / 8 + 64
        && table.freeCount() - limbo.size() < pages;
  }

  /** Makes sure that a number of single pages can be taken. */
  void reserve(long pages) {
    releaseLimbo();
    long missing = pages - (table.freeCount() - limbo.size());
    if (missing > 0) {
      grow(missing);
    }
  }

  /** Takes the lowest free page. */
  PageId take(int kind) {
    releaseLimbo();
    long page = table.findFree();
    if (page < 0) {
      grow(1);
      page = table.findFree();
    }
    int reuse = nextReuse(page);
    table.take(page, PageWord.of(kind, reuse, 0));
    return PageId.of(page, reuse);
  }

  /** Takes the lowest free pair as a protected page of zeros; its number is that of the lower. */
  PageId takePair() {
    releaseLimbo();
    long page = table.findPair();
    if (page < 0) {
      long block = 2L * file.geometry().pairStride();
      grow(block + Math.floorMod(-table.pageCount(), block));
      page = table.findPair();
    }
    file.extents().page(page).fill((byte) 0);
    return takePair(page);
  }

  /** Takes a free pair whose lower page has the bytes that it is to have. */
  PageId takePair(long page) {
    long shadow = table.partner(page);
    PageId id = PageId.of(page, nextReuse(page));
    MemorySegment bytes = file.extents().page(page);
    file.syncFirst(page);
    int checksum = ProtectedPages.checksum(bytes, id.value());
    table.take(shadow, PageWord.of(PageWord.SHADOW, nextReuse(shadow), 0));
    table.take(page, PageWord.of(PageWord.PROTECTED, id.reuse(), checksum));
    return id;
  }

  private int nextReuse(long page) {
    return Math.max(PageWord.reuse(table.get(page)), file.reuseFloor());
  }

  /** Frees a page in use; it is handed out again once the change under way is durable. */
  void free(long page) {
    int reuse = PageWord.reuse(table.get(page)) + 1;
    if (reuse > PageWord.MAX_REUSE) {
      table.free(page, PageWord.of(PageWord.SPENT, PageWord.MAX_REUSE, 0));
    } else {
      table.free(page, PageWord.of(PageWord.FREE, reuse, 0));
      limbo.add(page, file.currentChange());
    }
  }

  /** Undoes {@link #take} within the change that took: nobody has seen the page. */
  void giveBack(long page) {
    table.free(page, PageWord.of(PageWord.FREE, PageWord.reuse(table.get(page)), 0));
    table.makeFindable(page);
  }

  void releaseLimbo() {
    if (limbo.size() > 0) {
      limbo.release(file.releasable(), table::makeFindable);
    }
  }

  /** Adds pages: as many as wanted, more where that is cheap, and fewer again where it is not. */
  void grow(long wanted) {
    file.checkUsable();
    long count = table.pageCount();
    if (wanted > Geometry.MAX_PAGES - count) {
      throw new PagerFullException(
          "the pager is full: pageCount=" + count + ", at most " + Geometry.MAX_PAGES, null);
    }
    long target = Math.min(Geometry.MAX_PAGES, count + Math.max(wanted, step(count)));
    try {
      growTo(count, target);
    } catch (PagerFullException e) {
      if (target == count + wanted) {
        throw e;
      }
      growTo(count, count + wanted);
    }
  }

  private long step(long count) {
    Geometry geometry = file.geometry();
    if (sparse) {
      return Math.max(count, 1L << geometry.firstShift());
    }
    long most = Math.max(1, MAX_STEP_BYTES >> geometry.pageShift());
    return Math.clamp(count / 2, Math.min(most, 1L << geometry.firstShift()), most);
  }

  private void growTo(long count, long target) {
    file.extents().cover(target);
    if (!sparse) {
      file.extents().allocate(count, target);
    }
    table.extend(target);
  }
}
