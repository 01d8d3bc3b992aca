package dev.pinnedstore.pager;

import java.util.ArrayList;
import java.util.List;

/**
 * Walks a file: every block of both maps with its checksum, every word, every protected page with
 * its checksum. Under the state lock.
 */
final class Verifier {
  private final PagerFile file;
  private final PageTable table;
  private final List<String> problems = new ArrayList<>();
  private long pages;
  private long protectedPages;
  private long subPages;
  private long used;

  Verifier(PagerFile file) {
    this.file = file;
    this.table = file.table();
  }

  VerifyReport verify() {
    for (long leaf = 0; leaf < table.leaves(); leaf++) {
      try {
        if (table.words().isPresent(leaf)) {
          verifyLeaf(leaf << WordMap.LEAF_SHIFT, table.words().leaf(leaf));
        }
      } catch (PagerCorruptException e) {
        problems.add(e.getMessage());
      }
    }
    if (problems.isEmpty() && used != table.usedCount()) {
      problems.add("used count=" + table.usedCount() + ": the page map has " + used);
    }
    return new VerifyReport(pages, protectedPages, subPages, problems);
  }

  private void verifyLeaf(long first, long[] words) {
    for (int i = 0; i < words.length; i++) {
      long page = first + i;
      long word = words[i];
      if (page >= table.pageCount()) {
        if (word != 0) {
          problems.add("page " + page + ": has a word, pageCount=" + table.pageCount());
        }
        continue;
      }
      used += PageWord.isFree(word) ? 0 : 1;
      pages += PageWord.kind(word) == PageWord.PAGE ? 1 : 0;
      if (!PageWord.isValid(word)) {
        problems.add("page " + page + ": kind=" + PageWord.kind(word) + " does not exist");
      } else if (PageWord.isProtected(word)) {
        protectedPages++;
        verifyProtected(page, word);
      } else if (PageWord.kind(word) == PageWord.SHADOW) {
        long lower = table.partner(page);
        if (table.isLower(page) || !PageWord.isProtected(table.get(lower))) {
          problems.add("page " + page + ": is the shadow of no protected page");
        }
      }
      verifySlots(page, word);
    }
  }

  private void verifyProtected(long page, long word) {
    long shadow = table.partner(page);
    if (!table.isLower(page)
        || shadow >= table.pageCount()
        || PageWord.kind(table.get(shadow)) != PageWord.SHADOW) {
      problems.add("page " + page + ": is protected and has no shadow");
      return;
    }
    long active = PageWord.kind(word) == PageWord.PROTECTED ? page : shadow;
    long value = PageId.value(page, PageWord.reuse(word));
    if (ProtectedPages.checksum(file.extents().page(active), value) != PageWord.payload(word)) {
      problems.add("page " + page + ": its bytes do not match their checksum");
    }
  }

  private void verifySlots(long page, long word) {
    if (page >= Geometry.MAX_SUB_PAGES_PAGE
        || !file.slots().isPresent(SlotWord.index(page, 0) >>> WordMap.LEAF_SHIFT)) {
      return;
    }
    int slots = PageWord.isSubPages(word) ? 1 << (PageWord.kind(word) - PageWord.SUB_PAGES) : 0;
    for (int slot = 0; slot < SlotWord.MAX_SLOTS; slot++) {
      int half = SlotWord.half(file.slots().get(SlotWord.index(page, slot)), slot);
      subPages += SlotWord.isUsed(half) ? 1 : 0;
      if ((SlotWord.isUsed(half) && slot >= slots)
          || half != (half & (SlotWord.USED | SlotWord.MAX_REUSE))) {
        problems.add("page " + page + ": slot " + slot + " of " + slots + " says " + half);
      }
    }
  }
}
