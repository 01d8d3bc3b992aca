package dev.pinnedstore.pool;

import org.jspecify.annotations.Nullable;

/** What failed while the rest went on; the first is thrown at the end, with the others. */
final class Failures {
  private @Nullable BufferPoolException first;

  void add(BufferPoolException failure) {
    if (first == null) {
      first = failure;
    } else {
      first.addSuppressed(failure);
    }
  }

  /** Does something; false if that failed. */
  boolean run(Runnable action) {
    try {
      action.run();
      return true;
    } catch (BufferPoolException e) {
      add(e);
      return false;
    }
  }

  void throwFirst() {
    if (first != null) {
      throw first;
    }
  }
}
