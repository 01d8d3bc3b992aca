package dev.pinnedstore.os;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Carries operations out on virtual threads, each on one of its own. Works everywhere. What is
 * under way ends by itself: no system cancels it.
 */
public final class ThreadsIo implements AsyncIo {
  private final FileIo io;
  private final Queue<AsyncOperation> waiting = new ArrayDeque<>();
  private int running;
  private boolean closed;

  /**
   * Starts no thread yet.
   *
   * @param io what suits virtual threads
   */
  public ThreadsIo(FileIo io) {
    this.io = io;
  }

  @Override
  public void start(AsyncOperation operation) {
    synchronized (this) {
      if (!closed && running == DEPTH) {
        waiting.add(operation);
        return;
      }
      if (!closed) {
        running++;
        Thread.startVirtualThread(() -> run(operation));
        return;
      }
    }
    operation.end(new AsynchronousCloseException());
  }

  private void run(AsyncOperation operation) {
    Throwable failure = attempt(operation);
    next();
    // Not before: it may block, and must not keep others from running.
    operation.end(failure);
  }

  private @Nullable Throwable attempt(AsyncOperation operation) {
    try {
      boolean ended;
      do {
        long position = operation.position();
        long result =
            operation.isRead()
                ? io.read(operation.rest(), position)
                : io.write(operation.rest(), position);
        ended = operation.advance(result);
      } while (!ended);
      return null;
    } catch (IOException | RuntimeException | Error e) {
      return e;
    }
  }

  private synchronized void next() {
    AsyncOperation next = waiting.poll();
    if (next != null) {
      Thread.startVirtualThread(() -> run(next));
      return;
    }
    running--;
    if (running == 0) {
      notifyAll();
    }
  }

  @Override
  public void close() {
    List<AsyncOperation> never;
    synchronized (this) {
      closed = true;
      never = new ArrayList<>(waiting);
      waiting.clear();
    }
    never.forEach(operation -> operation.end(new AsynchronousCloseException()));
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
