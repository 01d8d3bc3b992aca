package dev.pinnedstore.pager;

/**
 * Names a page of a pager: its number, and which use of that page is meant.
 *
 * <pre>
 *   63             40 39                            0
 *  +-----------------+-------------------------------+
 *  |   reuse count   |          page number          |
 *  +-----------------+-------------------------------+
 * </pre>
 *
 * <p>An id that was freed is refused for ever: the next owner of the page has another reuse count.
 *
 * @param value the bits above
 */
public record PageId(long value) implements PageHandle {
  private static final int NUMBER_BITS = 40;

  static PageId of(long page, int reuse) {
    return new PageId(value(page, reuse));
  }

  static long value(long page, int reuse) {
    return ((long) reuse << NUMBER_BITS) | page;
  }

  /**
   * Returns the number of the page: its place in the file.
   *
   * @return a number from 0 on
   */
  public long number() {
    return number(value);
  }

  int reuse() {
    return reuse(value);
  }

  static long number(long value) {
    return value & ((1L << NUMBER_BITS) - 1);
  }

  static int reuse(long value) {
    return (int) (value >>> NUMBER_BITS);
  }

  @Override
  public String toString() {
    return "page " + number() + " reuse " + reuse();
  }
}
