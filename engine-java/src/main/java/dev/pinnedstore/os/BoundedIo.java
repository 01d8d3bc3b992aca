package dev.pinnedstore.os;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** Lets {@link AsyncIo#DEPTH} operations run at once, and the others wait in order. */
abstract class BoundedIo implements AsyncIo {
  final Endings endings;

  private final Queue<AsyncOperation> waiting = new ArrayDeque<>();
  private int running;
  private boolean closed;

  BoundedIo(Endings endings) {
    this.endings = endings;
  }

  /**
   * Begins an operation, without waiting for it; {@link #ended} follows once it is over. One that
   * throws has not begun.
   */
  abstract void begin(AsyncOperation operation);

  /** Cancels what is under way, where that is possible. */
  abstract void cancel();

  @Override
  public final void start(AsyncOperation operation) {
    boolean refused;
    synchronized (this) {
      refused = closed;
      if (!refused && running == DEPTH) {
        waiting.add(operation);
        return;
      }
      running += refused ? 0 : 1;
    }
    if (refused) {
      endings.end(operation, new AsynchronousCloseException());
    } else {
      beginFrom(operation);
    }
  }

  /** One is over; to be called before its {@link AsyncOperation#end}, which may block. */
  final void ended() {
    AsyncOperation next = next();
    if (next != null) {
      beginFrom(next);
    }
  }

  private synchronized @Nullable AsyncOperation next() {
    AsyncOperation next = waiting.poll();
    running -= next == null ? 1 : 0;
    if (running == 0) {
      notifyAll();
    }
    return next;
  }

  /** Begins one, or, where it cannot begin, ends it and tries those that wait. */
  private void beginFrom(AsyncOperation first) {
    AsyncOperation operation = first;
    while (operation != null) {
      try {
        begin(operation);
        return;
      } catch (RuntimeException | Error e) {
        AsyncOperation refused = operation;
        operation = next();
        endings.end(refused, new IOException("it could not be begun: " + e.getMessage(), e));
      }
    }
  }

  @Override
  public final void close() {
    synchronized (this) {
      closed = true;
    }
    try {
      AsyncOperation never = never();
      while (never != null) {
        endings.end(never, new AsynchronousCloseException());
        never = never();
      }
    } finally {
      try {
        cancel();
      } finally {
        awaitIdle();
      }
    }
  }

  private synchronized @Nullable AsyncOperation never() {
    return waiting.poll();
  }

  private synchronized void awaitIdle() {
    boolean interrupted = false;
    while (running > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
