package dev.pinnedstore.os;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Carries operations out on virtual threads, each on one of its own. Works everywhere. What is
 * under way ends by itself: no system cancels it.
 */
public final class ThreadsIo extends BoundedIo {
  private final FileIo io;

  /**
   * Starts no thread yet.
   *
   * @param io what suits virtual threads
   */
  public ThreadsIo(FileIo io) {
    this.io = io;
  }

  @Override
  void begin(AsyncOperation operation) {
    Thread.startVirtualThread(
        () -> {
          Throwable failure = attempt(operation);
          try {
            ended();
          } finally {
            operation.end(failure);
          }
        });
  }

  private @Nullable Throwable attempt(AsyncOperation operation) {
    try {
      boolean last;
      do {
        long position = operation.position();
        long result =
            operation.isRead()
                ? io.read(operation.rest(), position)
                : io.write(operation.rest(), position);
        last = operation.advance(result);
      } while (!last);
      return null;
    } catch (IOException | RuntimeException | Error e) {
      return e;
    }
  }

  @Override
  void cancel() {
    // Nothing can.
  }
}
