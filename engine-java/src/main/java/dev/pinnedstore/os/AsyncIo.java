package dev.pinnedstore.os;

import java.io.Closeable;

/** Carries operations on one file out, a bounded number at a time. Safe for threads. */
public interface AsyncIo extends Closeable {
  /** Operations under way at once; others wait for their turn, in order. */
  int DEPTH = 128;

  /**
   * Starts an operation, now or when others have ended. Never waits.
   *
   * @param operation ended in any case: by itself, or with {@link
   *     java.nio.channels.AsynchronousCloseException} when this closes
   */
  void start(AsyncOperation operation);

  /**
   * Ends what has not begun, cancels what has where that is possible, and waits until nothing is
   * under way.
   */
  @Override
  void close();
}
