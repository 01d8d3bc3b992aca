package dev.pinnedstore.pool;

/**
 * Page ids: the number of the file in the pool, in the order in which the builder was told of them,
 * and the number of the page in the file. In the first file both are the same.
 */
public final class PageIds {
  private static final int FILE_SHIFT = 36;

  /** The largest page number in a file: 2^36 - 1. */
  public static final long MAX_PAGE_NUMBER = (1L << FILE_SHIFT) - 1;

  private PageIds() {}

  /**
   * Returns the id of a page.
   *
   * @param file the file, 0 for the first one
   * @param pageNumber the page in the file, 0 to {@link #MAX_PAGE_NUMBER}
   * @return its id
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static long of(int file, long pageNumber) {
    if (file < 0 || file >= BufferPoolBuilder.MAX_FILES) {
      throw new IllegalArgumentException(
          "file=" + file + ": must be between 0 and " + (BufferPoolBuilder.MAX_FILES - 1));
    }
    if (pageNumber < 0 || pageNumber > MAX_PAGE_NUMBER) {
      throw new IllegalArgumentException(
          "pageNumber=" + pageNumber + ": must be between 0 and " + MAX_PAGE_NUMBER);
    }
    return ((long) file << FILE_SHIFT) | pageNumber;
  }

  /**
   * Returns the file of a page.
   *
   * @param pageId the page
   * @return its file, 0 for the first one
   */
  public static int file(long pageId) {
    return (int) (pageId >>> FILE_SHIFT);
  }

  /**
   * Returns the number of a page in its file.
   *
   * @param pageId the page
   * @return its number
   */
  public static long pageNumber(long pageId) {
    return pageId & MAX_PAGE_NUMBER;
  }
}
