package dev.pinnedstore.backend;

/**
 * The word that writers of a page reserve space with.
 *
 * <pre>
 *   63       62        61        50 49              25 24               0
 *  +--------+---------+------------+------------------+------------------+
 *  | sealed | opening | generation |     entries      |  used granules   |
 *  | 1 bit  |  1 bit  | low 12 bits|     25 bits      |     25 bits      |
 *  +--------+---------+------------+------------------+------------------+
 * </pre>
 *
 * <p>One compare-and-set reserves space and counts the entry, so no moment exists at which space is
 * taken and not counted. A sealed word never changes until the page's owner opens it again; a page
 * that is about to be opened is sealed as well. The generation is there for who acts on a word that
 * it has read before: in another incarnation the compare-and-set fails.
 */
final class ReserveLayout {
  /** A page that takes no entry and holds none. */
  static final long SEALED = 1L << 63;

  /** What one entry adds beside its granules. */
  static final long ENTRY = 1L << 25;

  private static final long OPENING = 1L << 62;
  private static final int GENERATION_SHIFT = 50;
  private static final long GENERATION_MASK = (1L << 12) - 1;
  private static final long COUNT_MASK = ENTRY - 1;

  private ReserveLayout() {}

  /**
   * The word of a page that is about to be opened to writers.
   *
   * @param generation the page's generation
   * @param contents the entry that is in it already, with its granules, or zero
   */
  static long opening(int generation, long contents) {
    return SEALED | OPENING | ((generation & GENERATION_MASK) << GENERATION_SHIFT) | contents;
  }

  /** The word that a page has once it is opened. */
  static long opened(long opening) {
    return opening & ~(SEALED | OPENING);
  }

  static boolean isOpening(long word) {
    return (word & OPENING) != 0;
  }

  static boolean isSealed(long word) {
    return word < 0;
  }

  static long usedGranules(long word) {
    return word & COUNT_MASK;
  }

  static int entries(long word) {
    return (int) ((word >>> 25) & COUNT_MASK);
  }
}
