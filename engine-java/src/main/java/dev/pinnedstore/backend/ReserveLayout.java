package dev.pinnedstore.backend;

/**
 * The word that writers of a page reserve space with.
 *
 * <pre>
 *   63      62                          32 31                              0
 *  +--------+-----------------------------+---------------------------------+
 *  | sealed |   entries, 31 bits          |     used granules, 32 bits      |
 *  +--------+-----------------------------+---------------------------------+
 * </pre>
 *
 * <p>One compare-and-set reserves space and counts the entry, so no moment exists at which space is
 * taken and not counted. A sealed word never changes until the page's owner unseals it.
 */
final class ReserveLayout {
  /** A page that takes no entry and holds none. */
  static final long SEALED = 1L << 63;

  /** A page that has just been activated. */
  static final long EMPTY = 0;

  /** What one entry adds beside its granules. */
  static final long ENTRY = 1L << 32;

  private ReserveLayout() {}

  static boolean isSealed(long word) {
    return word < 0;
  }

  static long usedGranules(long word) {
    return word & 0xFFFF_FFFFL;
  }

  static int entries(long word) {
    return (int) (word >>> 32) & Integer.MAX_VALUE;
  }
}
