package dev.pinnedstore.pager;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which slots of pages are free, which are used or held, and which pages have a free one: one bit
 * for each slot, one word of each kind for each page. Under the state lock.
 */
final class SlotBits {
  /** For each leaf of the page map, and each of its pages: the free slots, then the used ones. */
  private long[] @Nullable [] leaves = new long[0][];

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
    long[] pages = leaf(page);
    int at = at(page);
    pages[at] = 0;
    pages[at + 1] = usedBits;
    addFree(page, freeBits);
  }

  private void makeLeaf(int leaf) {
    if (leaf >= leaves.length) {
      leaves = Arrays.copyOf(leaves, BitTree.lengthFor(leaf));
    }
    if (leaves[leaf] == null) {
      leaves[leaf] = new long[2 * WordMap.LEAF_WORDS];
    }
  }

  /** The bits of a leaf that has such pages, or had. */
  private long[] leaf(long page) {
    return Objects.requireNonNull(leaves[(int) (page >>> WordMap.LEAF_SHIFT)]);
  }

  /** Where the free slots of a page are in its leaf; the used ones follow. */
  private static int at(long page) {
    return ((int) page & (WordMap.LEAF_WORDS - 1)) * 2;
  }

  /** Uses the lowest free slot of a page that has one; returns it. */
  int useLowest(long page) {
    long[] pages = leaf(page);
    int at = at(page);
    long bits = pages[at];
    pages[at] = bits & (bits - 1);
    if (pages[at] == 0) {
      pagesWithFree.remove(page);
    }
    pages[at + 1] |= bits & -bits;
    freeSlots--;
    return Long.numberOfTrailingZeros(bits);
  }

  /** Lets slots of a page be found. */
  void addFree(long page, long bits) {
    long[] pages = leaf(page);
    int at = at(page);
    freeSlots += Long.bitCount(bits & ~pages[at]);
    pages[at] |= bits;
    if (pages[at] != 0) {
      pagesWithFree.add(page);
    }
  }

  boolean hasUsed(long page) {
    return leaf(page)[at(page) + 1] != 0;
  }

  /** Ends the use of slots, which are not found yet. */
  void unuse(long page, long bits) {
    leaf(page)[at(page) + 1] &= ~bits;
  }

  /** Ends with a page: none of its slots is found any more. */
  void remove(long page) {
    long[] pages = leaf(page);
    int at = at(page);
    freeSlots -= Long.bitCount(pages[at]);
    pages[at] = 0;
    pagesWithFree.remove(page);
  }
}
