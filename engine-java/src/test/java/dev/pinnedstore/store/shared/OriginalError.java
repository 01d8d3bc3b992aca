package dev.pinnedstore.store.shared;

import java.io.Serial;

/** An error of the original, named as it prints it. */
final class OriginalError extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private OriginalError(String message) {
    super(message);
  }

  static OriginalError invalidHandle() {
    return new OriginalError("InvalidHandle");
  }

  static OriginalError outOfMemory() {
    return new OriginalError("OutOfMemory");
  }

  static OriginalError dataTooLarge(long size, long max) {
    return new OriginalError("DataTooLarge { size: " + size + ", max: " + max + " }");
  }

  /** Where the original's process dies of a signal, its peer only says so. */
  static final class Died extends Error {
    @Serial private static final long serialVersionUID = 1L;

    Died(String signal) {
      super(signal);
    }
  }
}
