package dev.pinnedstore.pager;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * There is no room for more pages: the file system is full, or the process cannot map more. Nothing
 * has changed; free pages and pages in use stay usable.
 */
public final class PagerFullException extends PagerException {

  @Serial private static final long serialVersionUID = 1L;

  PagerFullException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
