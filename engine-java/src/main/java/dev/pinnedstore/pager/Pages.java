package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The plain pages of a pager: finds them, hands them out, takes them back. Safe for threads. */
final class Pages {
  private final Session session;
  private final PagerFile file;
  private final PageTable table;

  /** Null in checked mode, which makes segments of its own. */
  private final @Nullable WordMap words;

  private final Extents extents;
  private final PageSpace space;
  private final @Nullable CheckedPages checked;
  private final boolean zeroed;
  private final int pageShift;
  private final long pageBytes;

  Pages(Session session) {
    this.session = session;
    this.file = session.file();
    this.table = file.table();
    this.extents = file.extents();
    this.space = session.space();
    this.checked = session.checked();
    this.words = checked == null ? table.words() : null;
    this.zeroed = session.options().zeroed();
    this.pageShift = file.geometry().pageShift();
    this.pageBytes = file.geometry().pageSize();
  }

  /** The bytes of a page. No lock, but for the first look at a leaf of the map. */
  MemorySegment find(PageId id) {
    long value = id.value();
    long page = PageId.number(value);
    Leaf leaf = words == null ? null : words.peekLeaf(page);
    if (leaf == null || (int) leaf.word(page) != PageWord.low(PageWord.PAGE, PageId.reuse(value))) {
      return findSlowly(id);
    }
    // One place that makes a segment, or it is not kept off the heap.
    MemorySegment some = leaf.pages;
    long number = page & (WordMap.LEAF_WORDS - 1);
    if (some == null) {
      Extent extent = extents.find(page);
      if (extent == null) {
        // Freed and cut off since the look at its word.
        return findSlowly(id);
      }
      some = extent.pages;
      number = page - extent.firstPage;
    }
    return some.asSlice(number << pageShift, pageBytes);
  }

  private MemorySegment findSlowly(PageId id) {
    return session.read(
        () -> {
          check(id);
          return checked == null
              ? extents.page(id.number())
              : checked.segment(id, id.number(), 0, file.geometry().pageSize());
        });
  }

  /** Refuses an id that is not in use. Under the state lock. */
  void check(PageId id) {
    if (id.number() >= table.pageCount()
        || (int) table.get(id.number()) != PageWord.low(PageWord.PAGE, id.reuse())) {
      throw refuse(id, "a page");
    }
  }

  /** Says what is wrong with an id. Under the state lock. */
  InvalidPageException refuse(PageId id, String expected) {
    String why;
    if (id.number() >= table.pageCount()) {
      why = "pageCount=" + table.pageCount();
    } else {
      long word = table.get(id.number());
      int reuse = PageWord.reuse(word);
      int next = PageWord.isFree(word) ? file.counts().next(reuse) : reuse + 1;
      if (id.reuse() >= next || id.reuse() == 0) {
        why = "it was never issued";
      } else if (PageWord.isFree(word) || reuse != id.reuse()) {
        why = "it was freed";
      } else {
        why = "it is not " + expected;
      }
    }
    return new InvalidPageException(id + ": " + why);
  }

  PageId alloc(Durability durability) {
    if (zeroed) {
      return allocBulk(1, durability).getFirst();
    }
    PageId id = null;
    long change = 0;
    while (id == null) {
      file.lock();
      try {
        session.beginChange();
        if (!space.wantsCommit(1)) {
          id = space.take(space.hold(), PageWord.PAGE);
          change = file.changes().end();
        }
      } finally {
        file.unlock();
      }
      if (id == null) {
        file.commitAll();
      }
    }
    session.finish(change, durability);
    return id;
  }

  List<PageId> allocBulk(int count, Durability durability) {
    Session.checkCount(count);
    PageId[][] ids = new PageId[1][];
    if (zeroed) {
      long[] pages = holdZeroed(count);
      session.change(
          durability,
          () -> {
            ids[0] = space.takeOrRelease(pages);
            for (long page : pages) {
              file.syncFirst(page);
            }
          });
    } else {
      session.change(
          durability,
          () -> space.wantsCommit(count),
          () -> ids[0] = space.takeOrRelease(space.hold(count)));
    }
    return List.of(ids[0]);
  }

  /** Holds pages and fills them with zeros, which takes long, without the lock. */
  private long[] holdZeroed(int count) {
    long[][] held = new long[1][];
    session.change(
        Durability.NONE, () -> space.wantsCommit(count), () -> held[0] = space.hold(count));
    boolean done = false;
    try {
      for (long page : held[0]) {
        extents.page(page).fill((byte) 0);
      }
      done = true;
      return held[0];
    } finally {
      if (!done) {
        session.read(() -> space.release(held[0], count));
      }
    }
  }

  void free(PageId id, Durability durability) {
    long change;
    file.lock();
    try {
      session.beginChange();
      freeNow(id);
      change = file.changes().end();
    } finally {
      file.unlock();
    }
    session.finish(change, durability);
  }

  /** Frees a page as part of the change under way. */
  void freeNow(PageId id) {
    check(id);
    session.endUse(id);
    space.free(id.number());
  }

  void freeBulk(Collection<? extends PageId> pages, Durability durability) {
    session.change(
        durability,
        () -> {
          long[] numbers = new long[pages.size()];
          int count = 0;
          for (PageId id : pages) {
            check(id);
            numbers[count++] = id.number();
          }
          refuseDoubles(numbers);
          for (PageId id : pages) {
            session.endUse(id);
          }
          for (long page : numbers) {
            space.free(page);
          }
        });
  }

  private static void refuseDoubles(long[] numbers) {
    Arrays.sort(numbers);
    for (int i = 1; i < numbers.length; i++) {
      if (numbers[i] == numbers[i - 1]) {
        throw new InvalidPageException("page " + numbers[i] + ": named twice");
      }
    }
  }

  Iterable<PageId> allocated() {
    return LeafIterator.of(
        session,
        PageTable.HAS_USED,
        (page, word, items) -> {
          if (PageWord.kind(word) == PageWord.PAGE) {
            items.add(PageId.of(page, PageWord.reuse(word)));
          }
        });
  }
}
