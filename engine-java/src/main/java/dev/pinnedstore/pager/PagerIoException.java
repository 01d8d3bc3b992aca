package dev.pinnedstore.pager;

import java.io.Serial;

/**
 * The file system failed. After a write that failed the pager changes nothing any more, because
 * what reached the medium is unknown: open the file again, and it is as of some point between its
 * last durable change and the failure.
 */
public final class PagerIoException extends PagerException {

  @Serial private static final long serialVersionUID = 1L;

  PagerIoException(String message, Throwable cause) {
    super(message, cause);
  }
}
