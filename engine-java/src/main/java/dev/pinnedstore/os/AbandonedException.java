package dev.pinnedstore.os;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * An operation was given up while the system may be at it still: what it reads into or writes from
 * must not be used again, and what it writes may come to the file at any time.
 */
public final class AbandonedException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Makes it.
   *
   * @param message what was given up
   * @param cause why
   */
  public AbandonedException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * Says whether a failure is one, or comes of one.
   *
   * @param failure what an operation ended with; null if it did not fail
   * @return false if the operation is over
   */
  public static boolean isCauseOf(@Nullable Throwable failure) {
    Throwable cause = failure;
    while (cause != null && !(cause instanceof AbandonedException)) {
      cause = cause.getCause();
    }
    return cause != null;
  }
}
