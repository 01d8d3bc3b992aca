package dev.pinnedstore.pool;

import java.io.Serial;

/**
 * A page was pinned by others, in a way that excludes what was wanted, for longer than {@link
 * BufferPoolConfig#latchTimeout()}. Often the thread waits for a guard of its own.
 */
public final class LatchTimeoutException extends BufferPoolException {
  @Serial private static final long serialVersionUID = 1L;

  /** The page. */
  private final long pageId;

  LatchTimeoutException(long pageId, String wanted, long waitedMillis, String guards) {
    super(
        "page "
            + pageId
            + ": no "
            + wanted
            + " within "
            + waitedMillis
            + " ms, since others hold it"
            + guards,
        null);
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
