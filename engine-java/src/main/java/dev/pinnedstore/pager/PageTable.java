package dev.pinnedstore.pager;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which pages are free: the page map, and above it bits from which the lowest free page, or pair of
 * pages, is found in a few steps whatever the size of the file. The bits of a leaf are made when it
 * is first needed. Not safe for threads, but for {@link #peek}.
 */
final class PageTable {
  /** Flags of a leaf: it has a free page, a free pair, pages with sub-pages, pages in use. */
  static final int HAS_FREE = 1;

  static final int HAS_PAIR = 2;
  static final int HAS_SUB_PAGES = 4;
  static final int HAS_USED = 8;

  private static final long[] NONE = {};
  private static final int LONGS = WordMap.LEAF_WORDS / 64;
  private static final int BIT_MASK = WordMap.LEAF_WORDS - 1;

  private final WordMap words;
  private final Journal journal;
  private final int stride;

  /** The bits of the lower page of each pair. */
  private final long lowerOfPairs;

  private final BitTree leavesWithFree = new BitTree();
  private final BitTree leavesWithPair = new BitTree();
  private long[] @Nullable [] free = new long[0][];
  private long pageCount;
  private long usedCount;

  PageTable(Superblock from, Extents extents, Journal journal) {
    this.journal = journal;
    this.stride = from.geometry().pairStride();
    long lower = 0;
    for (int bit = 0; bit < 64; bit++) {
      lower |= (bit & stride) == 0 ? 1L << bit : 0;
    }
    this.lowerOfPairs = lower;
    this.words =
        new WordMap(
            Geometry.PAGE_MAP, from.fileId(), extents, from.pageMap(), (leaf, w) -> flags(w));
    this.pageCount = from.pageCount();
    this.usedCount = from.usedCount();
    addLeaves(0, pageCount);
  }

  WordMap words() {
    return words;
  }

  long pageCount() {
    return pageCount;
  }

  /** Pages that are not free: in use, shadows, and spent. */
  long usedCount() {
    return usedCount;
  }

  long freeCount() {
    return pageCount - usedCount;
  }

  long leaves() {
    return (pageCount + BIT_MASK) >>> WordMap.LEAF_SHIFT;
  }

  /** The word of a page, or 0 when it is not in memory. Any thread. */
  long peek(long page) {
    return words.peek(page);
  }

  /** The word of a page below the page count. */
  long get(long page) {
    return words.get(page);
  }

  /** Changes the word of a page that is in use before and after, and logs that. */
  void set(long page, long word) {
    words.set(page, word);
    journal.add(JournalLayout.PAGE_WORD, page, word);
  }

  /** Takes a free page that is hidden, and logs that. */
  void take(long page, long word) {
    usedCount++;
    set(page, word);
  }

  /**
   * Frees a page, and logs that. It is not found before {@link #makeFindable}: until this change is
   * durable a crash brings the old owner back, who must find the old bytes.
   */
  void free(long page, long word) {
    // While the word still says in use: bits made later would have it.
    bits(page >>> WordMap.LEAF_SHIFT);
    usedCount -= PageWord.isFree(word) ? 1 : 0;
    set(page, word);
  }

  /** Lets a free page be found. */
  void makeFindable(long page) {
    mark(page, true);
  }

  /** Keeps a free page from being found. */
  void hide(long page) {
    mark(page, false);
  }

  /** Whether a page below the page count is free and may be found. */
  boolean isFindable(long page) {
    return (bits(page >>> WordMap.LEAF_SHIFT)[(int) (page & BIT_MASK) >>> 6] & (1L << page)) != 0;
  }

  /** Changes the word of a page, as the log says; before any page is looked for. */
  void apply(long page, long word) {
    boolean wasFree = PageWord.isFree(words.get(page));
    words.set(page, word);
    usedCount += (wasFree ? 1 : 0) - (PageWord.isFree(word) ? 1 : 0);
    leavesWithFree.add(page >>> WordMap.LEAF_SHIFT);
    leavesWithPair.add(page >>> WordMap.LEAF_SHIFT);
  }

  /** Adds pages that were never used, and logs that. */
  void extend(long newCount) {
    applyCount(newCount);
    journal.add(JournalLayout.PAGE_COUNT, 0, newCount);
  }

  /** Adds pages, as the log says. */
  void applyCount(long newCount) {
    long from = pageCount;
    pageCount = newCount;
    addLeaves(from, newCount);
  }

  /** Takes pages away, which are all free and whose words are dropped. */
  void cut(long newCount) {
    for (long leaf = newCount >>> WordMap.LEAF_SHIFT; leaf < leaves(); leaf++) {
      leavesWithFree.remove(leaf);
      leavesWithPair.remove(leaf);
      if (leaf < free.length) {
        free[(int) leaf] = null;
      }
    }
    pageCount = newCount;
    if ((newCount & BIT_MASK) != 0) {
      leavesWithFree.add(newCount >>> WordMap.LEAF_SHIFT);
      leavesWithPair.add(newCount >>> WordMap.LEAF_SHIFT);
    }
  }

  /** The lowest free page, or -1. */
  long findFree() {
    return find(leavesWithFree, false);
  }

  /** The lower page of the lowest free pair, or -1. */
  long findPair() {
    return find(leavesWithPair, true);
  }

  /**
   * Hides the lowest free pages, those of one leaf at most, and adds them to an array from an index
   * on; returns the index behind the last of them.
   */
  int hideSome(long[] into, int from) {
    long first = findFree();
    if (first < 0) {
      return from;
    }
    long leaf = first >>> WordMap.LEAF_SHIFT;
    long[] bits = bits(leaf);
    int end = from;
    for (int i = (int) (first & BIT_MASK) >>> 6; i < LONGS && end < into.length; i++) {
      long left = bits[i];
      for (; left != 0 && end < into.length; left &= left - 1) {
        into[end++] = (leaf << WordMap.LEAF_SHIFT) + i * 64L + Long.numberOfTrailingZeros(left);
      }
      bits[i] = left;
    }
    if (isEmpty(bits)) {
      leavesWithFree.remove(leaf);
    }
    if (hasNoPair(bits)) {
      leavesWithPair.remove(leaf);
    }
    return end;
  }

  private long find(BitTree leavesWith, boolean pair) {
    for (long leaf = leavesWith.first(); leaf >= 0; leaf = leavesWith.first()) {
      long[] bits = bitsUnlessDamaged(leaf);
      for (int i = 0; i < bits.length; i++) {
        long found = pair ? pairs(bits[i]) : bits[i];
        if (found != 0) {
          return (leaf << WordMap.LEAF_SHIFT) + i * 64L + Long.numberOfTrailingZeros(found);
        }
      }
      leavesWith.remove(leaf);
    }
    return -1;
  }

  /** None for a damaged leaf: it costs the pages that it tells about, and no others. */
  private long[] bitsUnlessDamaged(long leaf) {
    try {
      return bits(leaf);
    } catch (PagerCorruptException e) {
      // Whoever names a page of the leaf is told, and so is verify.
      return NONE;
    }
  }

  /** The other page of a pair. */
  long partner(long page) {
    return page ^ stride;
  }

  /** Whether a page is the lower one of its pair. */
  boolean isLower(long page) {
    return (page & stride) == 0;
  }

  /** Whether a word is that of a protected page which has its shadow. */
  boolean isPaired(long page, long word) {
    return PageWord.isProtected(word)
        && isLower(page)
        && partner(page) < pageCount
        && PageWord.kind(get(partner(page))) == PageWord.SHADOW;
  }

  /** The page of a paired protected page whose bytes are active. */
  long activePlace(long page, long word) {
    return PageWord.kind(word) == PageWord.PROTECTED ? page : partner(page);
  }

  private long pairs(long bits) {
    return bits & (bits >>> stride) & lowerOfPairs;
  }

  private void mark(long page, boolean isFree) {
    long leaf = page >>> WordMap.LEAF_SHIFT;
    long[] bits = bits(leaf);
    int i = (int) (page & BIT_MASK) >>> 6;
    if (isFree) {
      bits[i] |= 1L << page;
      leavesWithFree.add(leaf);
      if (pairs(bits[i]) != 0) {
        leavesWithPair.add(leaf);
      }
    } else {
      long before = pairs(bits[i]);
      bits[i] &= ~(1L << page);
      if (bits[i] == 0 && isEmpty(bits)) {
        leavesWithFree.remove(leaf);
      }
      if (before != 0 && pairs(bits[i]) == 0 && hasNoPair(bits)) {
        leavesWithPair.remove(leaf);
      }
    }
  }

  private static boolean isEmpty(long[] bits) {
    for (long b : bits) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private boolean hasNoPair(long[] bits) {
    for (long b : bits) {
      if (pairs(b) != 0) {
        return false;
      }
    }
    return true;
  }

  private void addLeaves(long from, long to) {
    if (from >= to) {
      return;
    }
    for (long leaf = from >>> WordMap.LEAF_SHIFT; leaf < leaves(); leaf++) {
      // A leaf in memory, or one that grows, is looked at when a page is wanted.
      boolean maybe = from > 0 || !words.isPresent(leaf);
      addBits(leaf, from, to);
      if (maybe || words.mayHave(leaf, HAS_FREE)) {
        leavesWithFree.add(leaf);
      }
      if (maybe || words.mayHave(leaf, HAS_PAIR)) {
        leavesWithPair.add(leaf);
      }
    }
  }

  /** Adds new pages to the bits of a leaf, if there are bits. */
  private void addBits(long leaf, long from, long to) {
    long[] bits = leaf < free.length ? free[(int) leaf] : null;
    if (bits != null) {
      long first = leaf << WordMap.LEAF_SHIFT;
      for (long page = Math.max(first, from);
          page < Math.min(first + bits.length * 64L, to);
          page++) {
        bits[(int) (page - first) >>> 6] |= 1L << page;
      }
    }
  }

  private long[] bits(long leaf) {
    if (leaf >= free.length) {
      free = Arrays.copyOf(free, BitTree.lengthFor(leaf));
    }
    long[] bits = free[(int) leaf];
    if (bits == null) {
      long first = leaf << WordMap.LEAF_SHIFT;
      bits = freeBits(words.leaf(leaf), Math.min(WordMap.LEAF_WORDS, pageCount - first));
      free[(int) leaf] = bits;
    }
    return bits;
  }

  private static long[] freeBits(long[] leaf, long pages) {
    long[] bits = new long[LONGS];
    for (int page = 0; page < pages; page++) {
      if (PageWord.isFree(leaf[page])) {
        bits[page >>> 6] |= 1L << page;
      }
    }
    return bits;
  }

  /** The flags of a leaf. Words beyond the page count are zeros and count as free pages to be. */
  private int flags(long[] leaf) {
    long[] bits = freeBits(leaf, leaf.length);
    int flags = (isEmpty(bits) ? 0 : HAS_FREE) | (hasNoPair(bits) ? 0 : HAS_PAIR);
    for (long word : leaf) {
      flags |= PageWord.isSubPages(word) ? HAS_SUB_PAGES : 0;
      flags |= PageWord.isFree(word) ? 0 : HAS_USED;
    }
    return flags;
  }
}
