package dev.pinnedstore.pager;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** What a pager throws for reasons of its own. */
public abstract sealed class PagerException extends RuntimeException
    permits InvalidPageException,
        PagerFullException,
        PagerCorruptException,
        PagerLockedException,
        PagerIoException {

  @Serial private static final long serialVersionUID = 1L;

  PagerException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
