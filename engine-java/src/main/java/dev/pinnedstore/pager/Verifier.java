package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Walks a file: both superblocks, the log, every block of both maps as it is in the file, whether
 * memory has it or not, every word, every protected page with its checksum. Within {@link
 * PagerFile#still}.
 */
final class Verifier {
  private final PagerFile file;
  private final PageTable table;
  private final List<String> problems = new ArrayList<>();
  private long pages;
  private long protectedPages;
  private long subPages;
  private long used;
  private boolean wholeMap = true;

  Verifier(PagerFile file) {
    this.file = file;
    this.table = file.table();
  }

  VerifyReport verify() {
    for (int copy = 0; copy < 2; copy++) {
      verifySuperblock(copy);
    }
    verifyLog();
    table.words().verify(problems::add);
    file.slots().verify(problems::add);
    for (long leaf = 0; leaf < table.leaves(); leaf++) {
      if (table.words().isPresent(leaf)) {
        verifyLeaf(leaf);
      }
    }
    if (wholeMap && used != table.usedCount()) {
      problems.add("used count=" + table.usedCount() + ": the page map has " + used);
    }
    return new VerifyReport(pages, protectedPages, subPages, problems);
  }

  private void verifySuperblock(int copy) {
    byte[] bytes = new byte[SuperblockLayout.BYTES];
    MemorySegment.copy(
        file.extents().header(),
        ValueLayout.JAVA_BYTE,
        (long) copy * Geometry.BLOCK_BYTES,
        bytes,
        0,
        bytes.length);
    try {
      long found = SuperblockLayout.decode(bytes).generation();
      if (found != file.generation()) {
        problems.add("superblock " + copy + ": generation=" + found + ", not " + file.generation());
      }
    } catch (PagerCorruptException e) {
      problems.add("superblock " + copy + ": " + e.getMessage());
    }
  }

  private void verifyLog() {
    LogReader log = file.logReader();
    try {
      log.checkRest();
      log.advance((what, index, value) -> {});
    } catch (PagerCorruptException e) {
      problems.add(e.getMessage());
      return;
    }
    if (log.sequence() != file.sequence()) {
      problems.add("log: batch " + log.sequence() + " of " + file.sequence() + " is damaged");
    }
  }

  private void verifyLeaf(long leaf) {
    long first = leaf << WordMap.LEAF_SHIFT;
    long[] words;
    try {
      words = table.words().leaf(leaf);
    } catch (PagerCorruptException e) {
      // Told already, block by block.
      wholeMap = false;
      return;
    }
    for (int i = 0; i < words.length; i++) {
      if (first + i < table.pageCount()) {
        verifyPage(first + i, words[i]);
      } else if (words[i] != 0) {
        problems.add("page " + (first + i) + ": has a word, pageCount=" + table.pageCount());
      }
    }
  }

  private void verifyPage(long page, long word) {
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
    try {
      verifySlots(page, word);
    } catch (PagerCorruptException e) {
      // Told already, block by block; the pages of other blocks go on.
    }
  }

  private void verifyProtected(long page, long word) {
    if (!table.isPaired(page, word)) {
      problems.add("page " + page + ": is protected and has no shadow");
      return;
    }
    MemorySegment active = file.extents().page(table.activePlace(page, word));
    long value = PageId.value(page, PageWord.reuse(word));
    if (ProtectedPages.checksum(active, value) != PageWord.payload(word)) {
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
