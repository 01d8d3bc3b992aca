package dev.pinnedstore.os;

import java.nio.channels.AsynchronousCloseException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/** Lets {@link AsyncIo#DEPTH} operations run at once, and the others wait in order. */
abstract class BoundedIo implements AsyncIo {
  private final Queue<AsyncOperation> waiting = new ArrayDeque<>();
  private int running;
  private boolean closed;

  /** Begins an operation, without waiting for it; {@link #ended} follows once it is over. */
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
      operation.end(new AsynchronousCloseException());
    } else {
      begin(operation);
    }
  }

  /** One is over; to be called before its {@link AsyncOperation#end}, which may block. */
  final void ended() {
    AsyncOperation next;
    synchronized (this) {
      next = waiting.poll();
      running -= next == null ? 1 : 0;
      if (running == 0) {
        notifyAll();
      }
    }
    if (next != null) {
      begin(next);
    }
  }

  @Override
  public final void close() {
    List<AsyncOperation> never;
    synchronized (this) {
      closed = true;
      never = new ArrayList<>(waiting);
      waiting.clear();
    }
    never.forEach(operation -> Endings.end(operation, new AsynchronousCloseException()));
    cancel();
    awaitIdle();
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
