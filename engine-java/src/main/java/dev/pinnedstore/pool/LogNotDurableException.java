package dev.pinnedstore.pool;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A page was not written, since the log that describes its last change is not durable and could not
 * be made so. The page stays in its frame and dirty.
 */
public final class LogNotDurableException extends BufferPoolException {
  @Serial private static final long serialVersionUID = 1L;

  /** What the log would have to reach. */
  private final long lsn;

  LogNotDurableException(long pageId, long lsn, long flushedLsn, @Nullable Throwable cause) {
    super(
        "page "
            + pageId
            + " not written: its lsn="
            + lsn
            + ", the log is durable up to flushedLsn="
            + flushedLsn,
        cause);
    this.lsn = lsn;
  }

  /**
   * Returns the LSN of the page.
   *
   * @return what the log would have to reach
   */
  public long lsn() {
    return lsn;
  }
}
