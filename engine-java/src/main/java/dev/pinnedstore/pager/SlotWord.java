package dev.pinnedstore.pager;

/**
 * The half word that the slot map keeps for each sub-page; a word holds two, the even slot low.
 *
 * <pre>
 *   31        25  24   23                      0
 *  +------------+----+--------------------------+
 *  |     0      |used|  reuse count, 24 bits    |
 *  +------------+----+--------------------------+
 *   reuse: of the present use; in a free slot, what the next one follows from: ReuseCounts
 * </pre>
 *
 * <p>Every page has room for 64 slots, whatever it holds, at a place of its own: so the counts of a
 * slot go on when its page is used for something else in between, and no id comes twice. Only those
 * parts of the map are ever written whose pages did hold sub-pages.
 */
final class SlotWord {
  static final int MAX_SLOTS_SHIFT = 6;
  static final int MAX_SLOTS = 1 << MAX_SLOTS_SHIFT;

  /** Binary logarithm of the words of one page. */
  static final int WORDS_SHIFT = MAX_SLOTS_SHIFT - 1;

  static final int USED = 1 << 24;
  static final int MAX_REUSE = USED - 1;

  private SlotWord() {}

  /** The index of the word of a slot in the map. */
  static long index(long page, int slot) {
    return (page << WORDS_SHIFT) + (slot >>> 1);
  }

  static int half(long word, int slot) {
    return (int) (word >>> ((slot & 1) << 5));
  }

  static long with(long word, int slot, int half) {
    int shift = (slot & 1) << 5;
    return (word & ~(0xFFFF_FFFFL << shift)) | ((half & 0xFFFF_FFFFL) << shift);
  }

  static boolean isUsed(int half) {
    return (half & USED) != 0;
  }

  static int reuse(int half) {
    return half & MAX_REUSE;
  }
}
