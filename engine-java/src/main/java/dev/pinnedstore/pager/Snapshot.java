package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import java.io.IOException;

/**
 * Copies a pager into another file, with the same page numbers and handles, while it is in use.
 *
 * <p>The maps, the user roots and the bytes of protected pages are copied under the state lock:
 * they are of one moment. The bytes of other pages follow without it; what is freed meanwhile is
 * not handed out again before the end, so each page has bytes of its own owner.
 */
final class Snapshot {
  private final PagerFile source;
  private final PagerFile target;

  private Snapshot(PagerFile source, PagerFile target) {
    this.source = source;
    this.target = target;
  }

  /** Copies to an empty disk, which is whole and durable afterwards. */
  static void copy(PagerFile source, Disk disk, boolean sparse) throws IOException {
    PagerFile target = null;
    try {
      target = Creation.createFor(source, disk, sparse);
      new Snapshot(source, target).copy(sparse);
    } finally {
      if (target == null) {
        disk.close();
      } else {
        target.close();
      }
    }
  }

  private void copy(boolean sparse) throws IOException {
    source.lock();
    try {
      copyState(sparse);
      forEachPage(true);
      source.changes().freeze();
    } finally {
      source.unlock();
    }
    try {
      forEachPage(false);
    } finally {
      source.lock();
      try {
        source.changes().thaw();
      } finally {
        source.unlock();
      }
    }
    target.extents().syncPages();
    target.finish();
  }

  /** Takes over the maps, roots and counts. */
  private void copyState(boolean sparse) {
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

  /** Copies the bytes of protected pages, or of all others in use, as the target's map says. */
  private void forEachPage(boolean guarded) {
    PageTable table = target.table();
    for (long leaf = 0; leaf < table.leaves(); leaf++) {
      if (!table.words().isPresent(leaf)) {
        continue;
      }
      long first = leaf << WordMap.LEAF_SHIFT;
      for (long page = first;
          page < first + WordMap.LEAF_WORDS && page < table.pageCount();
          page++) {
        long word = table.get(page);
        if (PageWord.isProtected(word) && guarded) {
          copyProtected(page, word);
        } else if (!guarded
            && (PageWord.kind(word) == PageWord.PAGE || PageWord.isSubPages(word))) {
          copyPage(page);
        }
      }
    }
  }

  private void copyProtected(long page, long word) {
    if (!target.table().isPaired(page, word)) {
      throw new PagerCorruptException(
          "page map", "page map: page " + page + " is protected and has no shadow");
    }
    copyPage(target.table().activePlace(page, word));
  }

  private void copyPage(long page) {
    target.extents().page(page).copyFrom(source.extents().page(page));
  }
}
