package dev.pinnedstore.pool;

import java.io.Serial;

/**
 * The bytes of a page on storage are not those of that page: torn, flipped, or of another page.
 * They were not let in, and nothing could repair them.
 */
public final class CorruptPageException extends BufferPoolException {
  @Serial private static final long serialVersionUID = 1L;

  /** The page. */
  private final long pageId;

  CorruptPageException(long pageId, String what) {
    super("page " + pageId + ": " + what, null);
    this.pageId = pageId;
  }

  /**
   * Returns the page.
   *
   * @return its id
   */
  public long pageId() {
    return pageId;
  }
}
