package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Walks a file: both superblocks, the log, every block of both maps as it is in the file, whether
 * memory has it or not, every word, every protected page with its checksum. The superblocks and the
 * log are looked at within {@link PagerFile#still}; each block and leaf under the state lock, under
 * which they are written; the bytes of protected pages without. Others wait for one of them at a
 * time. While nobody shrinks the file.
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
    long before = locked(file.changes()::last);
    file.still(
        () -> {
          guard.run();
          verifySuperblock(0);
          verifySuperblock(1);
          verifyLog();
          return true;
        });
    verifyMaps();
    locked(
        () -> {
          // Leaves of different moments have no sum.
          if (wholeMap && file.changes().last() == before && used != table.usedCount()) {
            problems.add("used count=" + table.usedCount() + ": the page map has " + used);
          }
          return true;
        });
    return new VerifyReport(pages, protectedPages, subPages, problems);
  }

  /** Waits for no commit, but for a checkpoint. */
  void verifyMaps() {
    verifyBlocks(table.words(), WordMap.ROOT_LEVEL, 0);
    verifyBlocks(file.slots(), WordMap.ROOT_LEVEL, 0);
    long next = 0;
    while (next >= 0) {
      next = verifyNextLeaf(next);
    }
  }

  private <T> T locked(Supplier<T> question) {
    file.lock();
    try {
      guard.run();
      return question.get();
    } finally {
      file.unlock();
    }
  }

  private void verifyBlocks(WordMap map, int level, long index) {
    if (locked(() -> map.verify(level, index, problems::add)) && level > 0) {
      long end = (index + 1) << WordMap.FANOUT_SHIFT;
      long next = nextBlock(map, level - 1, index << WordMap.FANOUT_SHIFT, end);
      while (next < end) {
        verifyBlocks(map, level - 1, next);
        next = nextBlock(map, level - 1, next + 1, end);
      }
    }
  }

  private long nextBlock(WordMap map, int level, long from, long to) {
    return locked(() -> map.nextWritten(level, from, to));
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

  /** Verifies the first leaf from one on that there is; where to go on, or -1 behind the last. */
  private long verifyNextLeaf(long from) {
    List<Guarded> guarded = new ArrayList<>();
    long next =
        locked(
            () -> {
              long leaf = table.words().nextPresent(from, table.leaves());
              if (leaf == table.leaves()) {
                return -1L;
              }
              verifyWords(leaf, guarded);
              return leaf + 1;
            });
    for (Guarded one : guarded) {
      // Without the lock two commits may come meanwhile; what does not match is read again with it.
      if (!matches(one) && !locked(() -> isFreedOrMatches(one.page()))) {
        problems.add("page " + one.page() + ": its bytes do not match their checksum");
      }
    }
    return next;
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
