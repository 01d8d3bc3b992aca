package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Copies a pager into another file, with the same page numbers and handles, while it is in use.
 *
 * <p>Space is taken first, without a lock. Then the maps and the user roots are copied under the
 * state lock: they are of one moment. The bytes follow without it. What is freed meanwhile is not
 * handed out again before the end, so each page has bytes of its own owner. A protected page has
 * its bytes of the moment until the second writer after it starts; that one copies them first.
 */
final class Snapshot {
  private final PagerFile source;
  private final ProtectedWriters writers;
  private final boolean sparse;

  /** Pages of the source for which the target has space. */
  private long covered;

  /** Guards the copies of protected pages, which more than one thread makes. */
  private final ReentrantLock copies = new ReentrantLock();

  /** Protected pages from here on are not copied yet, but for those that are. */
  private long next;

  private final Set<Long> copied = new HashSet<>();

  /** Why a writer could not copy. */
  private @Nullable Throwable failure;

  Snapshot(Session session, ProtectedWriters writers) {
    this.source = session.file();
    this.writers = writers;
    this.sparse = session.options().sparse();
  }

  /** Copies to an empty disk, which is whole and durable afterwards. */
  void copyTo(Disk disk) throws IOException {
    PagerFile target = null;
    try {
      target = Creation.createFor(source, disk, sparse);
      takeSpace(target);
      begin(target);
      try {
        copyPages(target);
      } finally {
        end();
      }
      target.extents().syncPages();
      target.finish();
    } finally {
      if (target == null) {
        disk.close();
      } else {
        target.close();
      }
    }
  }

  /** Takes space for all that the source has, but for what was taken before. */
  private void takeSpace(PagerFile target) {
    for (long pages = pageCount(); pages > covered; pages = pageCount()) {
      target.extents().cover(pages);
      if (!sparse) {
        target.extents().allocate(covered, pages);
      }
      covered = pages;
    }
    if (!sparse) {
      long leaves = leaves(slotWords(covered));
      for (long leaf = nextSlotLeaf(0, leaves); leaf < leaves; ) {
        target.slots().allocate(leaf << WordMap.LEAF_SHIFT);
        leaf = nextSlotLeaf(leaf + 1, leaves);
      }
    }
  }

  private long pageCount() {
    source.lock();
    try {
      return source.table().pageCount();
    } finally {
      source.unlock();
    }
  }

  private long nextSlotLeaf(long from, long to) {
    source.lock();
    try {
      return source.slots().nextPresent(from, to);
    } finally {
      source.unlock();
    }
  }

  private static long slotWords(long pages) {
    return SlotWord.index(Math.min(pages, Geometry.MAX_SUB_PAGES_PAGE), 0);
  }

  private static long leaves(long words) {
    return (words + WordMap.LEAF_WORDS - 1) >>> WordMap.LEAF_SHIFT;
  }

  /** Takes over the state of this moment. */
  void begin(PagerFile target) {
    source.lock();
    try {
      copyState(target);
      source.changes().freeze();
      writers.beforeOverwriting((page, place) -> copyFirst(target, page, place));
    } finally {
      source.unlock();
    }
  }

  /** After this nobody copies any more. */
  void end() {
    copies.lock();
    try {
      next = Long.MAX_VALUE;
    } finally {
      copies.unlock();
    }
    source.lock();
    try {
      writers.beforeOverwriting((page, place) -> {});
      source.changes().thaw();
    } finally {
      source.unlock();
    }
  }

  /** Takes over the maps, roots and counts. */
  private void copyState(PagerFile target) {
    takeSpace(target);
    target.table().extend(covered);
    forEachWord(source.table().words(), covered, target.table()::apply);
    forEachWord(source.slots(), slotWords(covered), target.slots()::set);
    for (int i = 0; i < SuperblockLayout.ROOTS; i++) {
      target.setRoot(i, source.root(i));
    }
  }

  private interface Word {
    void of(long index, long word);
  }

  /** Goes through the first words of a map, but for zeros. */
  private static void forEachWord(WordMap map, long count, Word use) {
    long leaves = leaves(count);
    for (long leaf = map.nextPresent(0, leaves); leaf < leaves; ) {
      long[] words = map.leaf(leaf);
      long first = leaf << WordMap.LEAF_SHIFT;
      for (int i = 0; i < Math.min(words.length, count - first); i++) {
        if (words[i] != 0) {
          use.of(first + i, words[i]);
        }
      }
      leaf = map.nextPresent(leaf + 1, leaves);
    }
  }

  /** Copies the bytes of all pages in use, as the target's map says. */
  void copyPages(PagerFile target) {
    PageTable table = target.table();
    forEachWord(
        table.words(),
        table.pageCount(),
        (page, word) -> {
          if (PageWord.isProtected(word)) {
            copyProtected(target, page, word);
          } else if (PageWord.kind(word) == PageWord.PAGE || PageWord.isSubPages(word)) {
            copyPage(target, page);
          }
        });
  }

  private void copyProtected(PagerFile target, long page, long word) {
    if (!target.table().isPaired(page, word)) {
      throw new PagerCorruptException(
          "page map", "page map: page " + page + " is protected and has no shadow");
    }
    copies.lock();
    try {
      if (failure != null) {
        throw new PagerIoException("a page cannot be copied: " + failure, failure);
      }
      next = page + 1;
      if (!copied.remove(page)) {
        copyPage(target, target.table().activePlace(page, word));
      }
    } finally {
      copies.unlock();
    }
  }

  /** Copies the place of a protected page that a writer is about to take, if that is needed. */
  private void copyFirst(PagerFile target, long page, long place) {
    PageTable table = target.table();
    copies.lock();
    try {
      if (page < next || page >= table.pageCount() || copied.contains(page)) {
        return;
      }
      long word = table.words().isPresent(page >>> WordMap.LEAF_SHIFT) ? table.get(page) : 0;
      if (table.isPaired(page, word) && table.activePlace(page, word) == place) {
        copyPage(target, place);
        copied.add(page);
      }
    } catch (RuntimeException | InternalError e) {
      // The snapshot fails, not the writer: for one, there is no room for the copy.
      failure = e;
    } finally {
      copies.unlock();
    }
  }

  private void copyPage(PagerFile target, long page) {
    target.extents().page(page).copyFrom(source.extents().page(page));
  }
}
