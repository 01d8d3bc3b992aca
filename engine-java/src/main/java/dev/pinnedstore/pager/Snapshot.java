package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import java.io.IOException;
import java.security.SecureRandom;

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
      target = PagerFile.create(disk, source.geometry(), new SecureRandom().nextLong());
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
      target.copyState(source, sparse);
      forEachPage(true);
      source.freeze();
    } finally {
      source.unlock();
    }
    try {
      forEachPage(false);
    } finally {
      source.lock();
      try {
        source.thaw();
      } finally {
        source.unlock();
      }
    }
    target.extents().syncPages();
    target.finish();
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
          copyPage(PageWord.kind(word) == PageWord.PROTECTED ? page : table.partner(page));
        } else if (!guarded
            && (PageWord.kind(word) == PageWord.PAGE || PageWord.isSubPages(word))) {
          copyPage(page);
        }
      }
    }
  }

  private void copyPage(long page) {
    target.extents().page(page).copyFrom(source.extents().page(page));
  }
}
