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
 * <p>The maps and the user roots are copied under the state lock: they are of one moment. The bytes
 * follow without it. What is freed meanwhile is not handed out again before the end, so each page
 * has bytes of its own owner. A protected page has its bytes of the moment until the second writer
 * after it starts; that one copies them first.
 */
final class Snapshot {
  private final PagerFile source;
  private final ProtectedWriters writers;
  private final boolean sparse;

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
    long pages = source.table().pageCount();
    target.extents().cover(pages);
    if (!sparse && pages > 0) {
      target.extents().allocate(0, pages);
    }
    target.table().extend(pages);
    for (long page = 0; page < pages; page++) {
      if (!source.table().words().isPresent(page >>> WordMap.LEAF_SHIFT)) {
        page |= WordMap.LEAF_WORDS - 1;
      } else if (source.table().get(page) != 0) {
        target.table().apply(page, source.table().get(page));
      }
    }
    long words = SlotWord.index(Math.min(pages, Geometry.MAX_SUB_PAGES_PAGE), 0);
    for (long word = 0; word < words; word++) {
      if (!source.slots().isPresent(word >>> WordMap.LEAF_SHIFT)) {
        word |= WordMap.LEAF_WORDS - 1;
      } else if (source.slots().get(word) != 0) {
        if (!sparse) {
          target.slots().allocate(word);
        }
        target.slots().set(word, source.slots().get(word));
      }
    }
    for (int i = 0; i < SuperblockLayout.ROOTS; i++) {
      target.setRoot(i, source.root(i));
    }
  }

  /** Copies the bytes of all pages in use, as the target's map says. */
  void copyPages(PagerFile target) {
    PageTable table = target.table();
    for (long leaf = 0; leaf < table.leaves(); leaf++) {
      if (!table.words().isPresent(leaf)) {
        continue;
      }
      long first = leaf << WordMap.LEAF_SHIFT;
      long end = Math.min(first + WordMap.LEAF_WORDS, table.pageCount());
      for (long page = first; page < end; page++) {
        long word = table.get(page);
        if (PageWord.isProtected(word)) {
          copyProtected(target, page, word);
        } else if (PageWord.kind(word) == PageWord.PAGE || PageWord.isSubPages(word)) {
          copyPage(target, page);
        }
      }
    }
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
