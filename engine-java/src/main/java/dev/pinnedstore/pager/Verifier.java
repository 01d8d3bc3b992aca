package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Walks a file: both superblocks, the log, every block of both maps as it is in the file, whether
 * memory has it or not, every word, every protected page with its checksum. Each block and leaf is
 * looked at within {@link PagerFile#still}, the bytes of protected pages without; others wait for
 * one of them at a time. While nobody shrinks the file.
 */
final class Verifier {
  private final PagerFile file;
  private final Runnable guard;
  private final PageTable table;
  private final List<String> problems = new ArrayList<>();
  private long pages;
  private long protectedPages;
  private long subPages;
  private long used;
  private boolean wholeMap = true;

  /** A protected page to be verified. */
  private record Guarded(long page, long word) {}

  /**
   * Makes a verifier.
   *
   * @param guard throws when the file is closed
   */
  Verifier(PagerFile file, Runnable guard) {
    this.file = file;
    this.guard = guard;
    this.table = file.table();
  }

  VerifyReport verify() {
    long before = still(file.changes()::last);
    still(
        () -> {
          verifySuperblock(0);
          verifySuperblock(1);
          verifyLog();
          return true;
        });
    verifyBlocks(table.words(), WordMap.ROOT_LEVEL, 0);
    verifyBlocks(file.slots(), WordMap.ROOT_LEVEL, 0);
    long leaf = 0;
    while (verifyLeaf(leaf)) {
      leaf++;
    }
    still(
        () -> {
          // Leaves of different moments have no sum.
          if (wholeMap && file.changes().last() == before && used != table.usedCount()) {
            problems.add("used count=" + table.usedCount() + ": the page map has " + used);
          }
          return true;
        });
    return new VerifyReport(pages, protectedPages, subPages, problems);
  }

  private <T> T still(Supplier<T> question) {
    return file.still(
        () -> {
          guard.run();
          return question.get();
        });
  }

  private void verifyBlocks(WordMap map, int level, long index) {
    if (still(() -> map.verify(level, index, problems::add)) && level > 0) {
      for (long e = 0; e < 1 << WordMap.FANOUT_SHIFT; e++) {
        verifyBlocks(map, level - 1, (index << WordMap.FANOUT_SHIFT) + e);
      }
    }
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

  /** False behind the last leaf. */
  private boolean verifyLeaf(long leaf) {
    List<Guarded> guarded = new ArrayList<>();
    boolean exists =
        still(
            () -> {
              if (leaf < table.leaves() && table.words().isPresent(leaf)) {
                verifyWords(leaf, guarded);
              }
              return leaf < table.leaves();
            });
    for (Guarded one : guarded) {
      // Without the lock two commits may come meanwhile; what does not match is read again with it.
      if (!matches(one) && !still(() -> isFreedOrMatches(one.page()))) {
        problems.add("page " + one.page() + ": its bytes do not match their checksum");
      }
    }
    return exists;
  }

  private void verifyWords(long leaf, List<Guarded> guarded) {
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
        verifyPage(first + i, words[i], guarded);
      } else if (words[i] != 0) {
        problems.add("page " + (first + i) + ": has a word, pageCount=" + table.pageCount());
      }
    }
  }

  private void verifyPage(long page, long word, List<Guarded> guarded) {
    used += PageWord.isFree(word) ? 0 : 1;
    pages += PageWord.kind(word) == PageWord.PAGE ? 1 : 0;
    if (!PageWord.isValid(word)) {
      problems.add("page " + page + ": kind=" + PageWord.kind(word) + " does not exist");
    } else if (PageWord.isProtected(word)) {
      protectedPages++;
      if (table.isPaired(page, word)) {
        guarded.add(new Guarded(page, word));
      } else {
        problems.add("page " + page + ": is protected and has no shadow");
      }
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

  private boolean isFreedOrMatches(long page) {
    long word = table.get(page);
    return !table.isPaired(page, word) || matches(new Guarded(page, word));
  }

  private boolean matches(Guarded one) {
    MemorySegment active = file.extents().page(table.activePlace(one.page(), one.word()));
    long value = PageId.value(one.page(), PageWord.reuse(one.word()));
    return ProtectedPages.checksum(active, value) == PageWord.payload(one.word());
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
