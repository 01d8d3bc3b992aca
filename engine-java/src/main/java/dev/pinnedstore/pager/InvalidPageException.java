package dev.pinnedstore.pager;

import java.io.Serial;

/**
 * An id names nothing that is in use: it was freed, freed twice, is of another kind of page, or was
 * never issued. Nothing has changed.
 */
public final class InvalidPageException extends PagerException {

  @Serial private static final long serialVersionUID = 1L;

  InvalidPageException(String message) {
    super(message, null);
  }
}
