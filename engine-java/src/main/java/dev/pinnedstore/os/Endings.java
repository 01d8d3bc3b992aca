package dev.pinnedstore.os;

import org.jspecify.annotations.Nullable;

/**
 * Ends operations on virtual threads of their own: that may run code of users, which may wait for
 * another operation, or close the file. On a thread that completes or closes it would wait for
 * itself.
 */
final class Endings {
  private Endings() {}

  static void end(AsyncOperation operation, @Nullable Throwable failure) {
    run(() -> operation.end(failure));
  }

  static void abandon(AsyncOperation operation, Throwable failure) {
    run(() -> operation.abandon(failure));
  }

  private static void run(Runnable ending) {
    try {
      var _ = Thread.startVirtualThread(ending);
    } catch (OutOfMemoryError e) {
      // Never started. Nobody else would end it, and whoever closes the file would wait for ever.
      ending.run();
    }
  }
}
