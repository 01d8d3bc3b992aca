package dev.pinnedstore.pager;

import java.util.function.LongConsumer;

/**
 * Hands out pages and takes them back; makes the file larger when it must. All under the state
 * lock.
 *
 * <p>What takes long to prepare is <em>held</em> first: it is found by nobody else, and free for a
 * crash; its bytes are made ready without the lock, and then it is taken or released.
 */
final class PageSpace {
  /** Most that is added at a time, so that no call waits long for space. */
  private static final long MAX_STEP_BYTES = 64L << 20;

  private final PagerFile file;
  private final PageTable table;
  private final ReuseCounts counts;
  private final boolean sparse;
  private final Limbo limbo = new Limbo();
  private final LongConsumer whatIsFree;
  private long held;

  PageSpace(PagerFile file, boolean sparse) {
    this.file = file;
    this.table = file.table();
    this.counts = file.counts();
    this.sparse = sparse;
    this.whatIsFree = table::makeFindable;
  }

  /** Free pages that can be found. */
  private long findable() {
    return table.freeCount() - limbo.size() - held;
  }

  /**
   * Whether a commit, which makes freed pages usable, is the better answer to a lack of pages than
   * a larger file: when those are more than an eighth of it. Nothing else must be under way then.
   */
  boolean wantsCommit(long pages) {
    if (findable() >= pages) {
      return false;
    }
    releaseLimbo();
    return !file.changes().isFrozen()
        && limbo.size() > table.pageCount() / 8 + 64
        && findable() < pages;
  }

  /** Makes sure that a number of single pages can be held. */
  void reserve(long pages) {
    releaseLimbo();
    long missing = pages - findable();
    if (missing > 0) {
      grow(missing);
    }
  }

  /** Holds the lowest free page. */
  long hold() {
    releaseLimbo();
    while (true) {
      long page = table.findFree();
      if (page < 0) {
        grow(1);
      } else {
        table.hide(page);
        if (isUsable(page)) {
          held++;
          return page;
        }
      }
    }
  }

  /** Holds a number of pages, the lowest that are free, in order; all or none. */
  long[] hold(int count) {
    reserve(count);
    long[] pages = new long[count];
    int done = 0;
    try {
      while (done < count) {
        int end = table.hideSome(pages, done);
        if (end == done) {
          grow(1);
        }
        for (int i = done; i < end; i++) {
          if (isUsable(pages[i])) {
            held++;
            pages[done++] = pages[i];
          }
        }
      }
      return pages;
    } finally {
      if (done < count) {
        release(pages, done);
      }
    }
  }

  /** Holds the lowest free pair; its number is that of the lower page. */
  long holdPair() {
    releaseLimbo();
    while (true) {
      long page = table.findPair();
      if (page < 0) {
        long block = 2L * file.geometry().pairStride();
        grow(block + Math.floorMod(-table.pageCount(), block));
      } else {
        table.hide(page);
        table.hide(table.partner(page));
        boolean lower = isUsable(page);
        boolean upper = isUsable(table.partner(page));
        if (lower && upper) {
          held += 2;
          return page;
        }
        if (lower || upper) {
          table.makeFindable(lower ? page : table.partner(page));
        }
      }
    }
  }

  /** Holds a number of pairs; all or none. */
  long[] holdPairs(int count) {
    reserve(2L * count);
    long[] pairs = new long[count];
    int done = 0;
    try {
      while (done < count) {
        pairs[done] = holdPair();
        done++;
      }
      return pairs;
    } finally {
      if (done < count) {
        releasePairs(pairs, done);
      }
    }
  }

  /** Retires a hidden page that has used up its reuse counts; false if it has. */
  private boolean isUsable(long page) {
    if (counts.next(PageWord.reuse(table.get(page))) <= PageWord.MAX_REUSE) {
      return true;
    }
    table.take(page, PageWord.of(PageWord.SPENT, PageWord.MAX_REUSE, 0));
    return false;
  }

  /** Ends a held page for good. */
  void retire(long page) {
    held--;
    table.take(page, PageWord.of(PageWord.SPENT, PageWord.MAX_REUSE, 0));
  }

  /** What a held page will be called when it is taken. */
  PageId nameOf(long page) {
    return PageId.of(page, counts.next(PageWord.reuse(table.get(page))));
  }

  /** Takes a held page. */
  PageId take(long page, int kind) {
    PageId id = nameOf(page);
    held--;
    table.take(page, PageWord.of(kind, id.reuse(), 0));
    return id;
  }

  /** Takes held pages as plain ones; releases them if that fails. */
  PageId[] takeOrRelease(long[] pages) {
    int taken = 0;
    boolean done = false;
    try {
      PageId[] ids = new PageId[pages.length];
      while (taken < pages.length) {
        ids[taken] = take(pages[taken], PageWord.PAGE);
        taken++;
      }
      done = true;
      return ids;
    } finally {
      if (!done) {
        // No heap for it.
        for (int i = 0; i < taken; i++) {
          giveBack(pages[i]);
        }
        release(pages, pages.length);
      }
    }
  }

  /** Undoes {@link #take} within the change that took: the page is held again. */
  void giveBack(long page) {
    int stored = counts.stored(PageWord.reuse(table.get(page)));
    table.free(page, PageWord.of(PageWord.FREE, stored, 0));
    held++;
  }

  /** Takes a held pair as a protected page, whose active bytes are in the lower page. */
  PageId takePair(long page, int checksum) {
    PageId id = nameOf(page);
    file.syncFirst(page);
    take(table.partner(page), PageWord.SHADOW);
    held--;
    table.take(page, PageWord.of(PageWord.PROTECTED, id.reuse(), checksum));
    return id;
  }

  /** Holds the lowest free page if it lies below another one, or -1. */
  long holdBelow(long page) {
    long free = table.findFree();
    return free >= 0 && free < page ? hold() : -1;
  }

  /** Holds the lowest free pair if it lies below a page, or -1. */
  long holdPairBelow(long page) {
    long pair = table.findPair();
    return pair >= 0 && pair < page ? holdPair() : -1;
  }

  /** Lets a held page be found again. */
  void release(long page) {
    held--;
    table.makeFindable(page);
  }

  /** Releases the first pages of an array; returns how many. */
  int release(long[] pages, int count) {
    for (int i = 0; i < count; i++) {
      release(pages[i]);
    }
    return count;
  }

  void releasePair(long page) {
    release(page);
    release(table.partner(page));
  }

  /** Releases the first pairs of an array; returns how many. */
  int releasePairs(long[] pairs, int count) {
    for (int i = 0; i < count; i++) {
      releasePair(pairs[i]);
    }
    return count;
  }

  /** Frees a page in use; it can be held again once the change under way is durable. */
  void free(long page) {
    int next = PageWord.reuse(table.get(page)) + 1;
    if (next > PageWord.MAX_REUSE) {
      table.free(page, PageWord.of(PageWord.SPENT, PageWord.MAX_REUSE, 0));
    } else {
      table.free(page, PageWord.of(PageWord.FREE, counts.stored(next), 0));
      limbo.add(page, file.changes().current());
    }
  }

  void releaseLimbo() {
    limbo.release(file.changes().releasable(), whatIsFree);
  }

  /** Adds pages: as many as wanted, more where that is cheap, and fewer again where it is not. */
  private void grow(long wanted) {
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
