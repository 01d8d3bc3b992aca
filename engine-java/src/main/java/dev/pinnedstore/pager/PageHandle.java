package dev.pinnedstore.pager;

/**
 * Names a page, a protected page or a sub-page, for code that works with any of them. Values are
 * unique among the handles of one kind in one file, for ever.
 */
public interface PageHandle {

  /**
   * Returns the number to keep, in another page or elsewhere.
   *
   * @return the value, never zero
   */
  long value();
}
