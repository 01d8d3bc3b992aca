package dev.pinnedstore.pool;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Storage refused to read, write or sync pages. What could not be written is still in its frame and
 * dirty. After a sync that failed the file is not used any more: what it holds is unknown. Pages
 * that were written since the last sync that did not fail stay in their frames then, and are named
 * here and by {@link BufferPool#close()}; of those that had left theirs already only the log, or
 * the double-write area, has what is lost.
 */
public final class PageIoException extends BufferPoolException {
  @Serial private static final long serialVersionUID = 1L;

  PageIoException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
