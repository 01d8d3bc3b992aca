package dev.pinnedstore.os;

import java.io.IOException;
import java.io.Serial;

/** There is no io_uring here. */
public final class UringException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /** Why not. */
  private final String reason;

  UringException(String reason) {
    super("no io_uring: " + reason);
    this.reason = reason;
  }

  /**
   * Returns why not.
   *
   * @return the reason, as a part of a sentence
   */
  public String reason() {
    return reason;
  }
}
