package dev.pinnedstore.pager;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which slots of pages are free, which are used or held, and which pages have a free one: one bit
 * for each slot, one word of each kind for each page. Under the state lock.
 */
final class SlotBits {
  private static final int BIT_MASK = WordMap.LEAF_WORDS - 1;

  /** For each leaf of the page map: the free slots of its pages, then the used ones. */
  private long[] @Nullable [] free = new long[0][];

  private long[] @Nullable [] used = new long[0][];
  private final BitTree pagesWithFree = new BitTree();
  private long freeSlots;

  /** Slots that are free, in all pages. */
  long freeCount() {
    return freeSlots;
  }

  /** The lowest page with a free slot, or -1. */
  long pageWithFree() {
    return pagesWithFree.first();
  }

  /** Starts with the slots of a page. */
  void add(long page, long freeBits, long usedBits) {
    makeLeaf((int) (page >>> WordMap.LEAF_SHIFT));
    leaf(used, page)[(int) page & BIT_MASK] = usedBits;
    leaf(free, page)[(int) page & BIT_MASK] = 0;
    addFree(page, freeBits);
  }

  private void makeLeaf(int leaf) {
    if (leaf >= free.length) {
      free = Arrays.copyOf(free, BitTree.lengthFor(leaf));
      used = Arrays.copyOf(used, free.length);
    }
    if (free[leaf] == null) {
      free[leaf] = new long[WordMap.LEAF_WORDS];
      used[leaf] = new long[WordMap.LEAF_WORDS];
    }
  }

  /** The bits of a leaf that has such pages, or had. */
  private static long[] leaf(long[] @Nullable [] bits, long page) {
    return Objects.requireNonNull(bits[(int) (page >>> WordMap.LEAF_SHIFT)]);
  }

  /** Uses the lowest free slot of a page that has one; returns it. */
  int useLowest(long page) {
    long[] pages = leaf(free, page);
    int at = (int) page & BIT_MASK;
    long bits = pages[at];
    pages[at] = bits & (bits - 1);
    if (pages[at] == 0) {
      pagesWithFree.remove(page);
    }
    leaf(used, page)[at] |= bits & -bits;
    freeSlots--;
    return Long.numberOfTrailingZeros(bits);
  }

  /** Lets slots of a page be found. */
  void addFree(long page, long bits) {
    long[] pages = leaf(free, page);
    int at = (int) page & BIT_MASK;
    freeSlots += Long.bitCount(bits & ~pages[at]);
    pages[at] |= bits;
    if (pages[at] != 0) {
      pagesWithFree.add(page);
    }
  }

  boolean hasUsed(long page) {
    return leaf(used, page)[(int) page & BIT_MASK] != 0;
  }

  /** Ends the use of slots, which are not found yet. */
  void unuse(long page, long bits) {
    leaf(used, page)[(int) page & BIT_MASK] &= ~bits;
  }

  /** Ends with a page: none of its slots is found any more. */
  void remove(long page) {
    long[] pages = leaf(free, page);
    int at = (int) page & BIT_MASK;
    freeSlots -= Long.bitCount(pages[at]);
    pages[at] = 0;
    pagesWithFree.remove(page);
  }
}
