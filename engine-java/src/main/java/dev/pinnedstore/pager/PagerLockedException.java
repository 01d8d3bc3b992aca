package dev.pinnedstore.pager;

import java.io.Serial;

/** Somebody else has the file: another writer, in this process or another, or readers. */
public final class PagerLockedException extends PagerException {

  @Serial private static final long serialVersionUID = 1L;

  PagerLockedException(String message) {
    super(message, null);
  }
}
