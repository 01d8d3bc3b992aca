package dev.pinnedstore.pager;

/**
 * Names a sub-page: the page that it is in, its slot there, and which use of that slot is meant.
 *
 * <pre>
 *   63             40 39                           6 5       0
 *  +-----------------+------------------------------+---------+
 *  |   reuse count   |         page number          |  slot   |
 *  +-----------------+------------------------------+---------+
 * </pre>
 *
 * <p>An id that was freed is refused for ever: the next owner of the slot has another reuse count.
 *
 * @param value the bits above
 */
public record SubPageId(long value) implements PageHandle {
  private static final int REUSE_SHIFT = 40;

  static SubPageId of(long page, int slot, int reuse) {
    return new SubPageId(((long) reuse << REUSE_SHIFT) | (page << SlotWord.MAX_SLOTS_SHIFT) | slot);
  }

  long page() {
    return (value & ((1L << REUSE_SHIFT) - 1)) >>> SlotWord.MAX_SLOTS_SHIFT;
  }

  int slot() {
    return (int) value & (SlotWord.MAX_SLOTS - 1);
  }

  int reuse() {
    return (int) (value >>> REUSE_SHIFT);
  }

  @Override
  public String toString() {
    return "sub-page " + slot() + " of page " + page() + " reuse " + reuse();
  }
}
