package dev.pinnedstore.os;

import java.io.Closeable;
import org.jspecify.annotations.Nullable;

/** Carries operations on one file out, a bounded number at a time. Safe for threads. */
public interface AsyncIo extends Closeable {
  /** Operations under way at once; others wait for their turn, in order. */
  int DEPTH = 128;

  /**
   * Starts an operation, now or when others have ended. Never waits. An error that is thrown, such
   * as one for want of memory, says that it has not started and never will.
   *
   * @param operation ended in any case: by itself, or with {@link
   *     java.nio.channels.AsynchronousCloseException} when this closes
   */
  void start(AsyncOperation operation);

  /**
   * Returns what ended it before it was closed. Then it fails whatever it is given.
   *
   * @return the failure, once there is one always the same; null while it works
   */
  default @Nullable Throwable failure() {
    return null;
  }

  /**
   * Ends what has not begun, cancels what has where that is possible, and waits until nothing is
   * under way.
   */
  @Override
  void close();
}
