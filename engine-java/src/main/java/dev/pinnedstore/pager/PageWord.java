package dev.pinnedstore.pager;

/**
 * The word that the page map keeps for each page.
 *
 * <pre>
 *   63                          32 31                       8 7         0
 *  +------------------------------+--------------------------+-----------+
 *  |  payload, 32 bits            |  reuse count, 24 bits    |   kind    |
 *  +------------------------------+--------------------------+-----------+
 *   kind: 0 free, 1 page, 2 protected with its own bytes active,
 *         3 protected with its shadow's bytes active, 4 shadow, 5 spent,
 *         8 + n holds 2^n sub-pages (n = 1..6)
 *   reuse: of the present use; in a free page, what the next one follows from: ReuseCounts
 *   payload: CRC-32C of the active bytes of a protected page, else 0
 * </pre>
 *
 * <p>A word of zeros is a page that was never used. The low half of a word in use is what {@link
 * PageId} is checked against: one comparison says that the page is in use, as what, and still by
 * the same owner. A page whose reuse count is at its end is spent, and never used again.
 */
final class PageWord {
  static final int FREE = 0;
  static final int PAGE = 1;
  static final int PROTECTED = 2;
  static final int PROTECTED_SWAPPED = 3;
  static final int SHADOW = 4;
  static final int SPENT = 5;
  static final int SUB_PAGES = 8;

  static final int MAX_REUSE = (1 << 24) - 1;

  private PageWord() {}

  static long of(int kind, int reuse, int payload) {
    return ((long) payload << 32) | (low(kind, reuse) & 0xFFFF_FFFFL);
  }

  /** The low half of a word. */
  static int low(int kind, int reuse) {
    return (reuse << 8) | kind;
  }

  static int kind(long word) {
    return (int) word & 0xFF;
  }

  static int reuse(long word) {
    return ((int) word >>> 8) & MAX_REUSE;
  }

  static int payload(long word) {
    return (int) (word >>> 32);
  }

  static boolean isProtected(long word) {
    return (word & 0xFE) == PROTECTED;
  }

  /** The word of a protected page when the bytes of its other place become active. */
  static long swapped(long word, int checksum) {
    int kind = kind(word) == PROTECTED ? PROTECTED_SWAPPED : PROTECTED;
    return of(kind, reuse(word), checksum);
  }

  static boolean isSubPages(long word) {
    return (word & 0xF8) == SUB_PAGES;
  }

  /** Whether the page is handed out again some day. */
  static boolean isFree(long word) {
    return kind(word) == FREE;
  }

  /** Whether a kind exists. */
  static boolean isValid(long word) {
    int kind = kind(word);
    return kind <= SPENT || (kind > SUB_PAGES && kind <= SUB_PAGES + SlotWord.MAX_SLOTS_SHIFT);
  }
}
