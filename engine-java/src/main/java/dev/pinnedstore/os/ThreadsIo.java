package dev.pinnedstore.os;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Carries operations out on virtual threads, each on one of its own. Works everywhere. What is
 * under way ends by itself: no system cancels it.
 */
public final class ThreadsIo extends BoundedIo {
  private final FileIo io;
  private final Consumer<Runnable> starter;

  /**
   * Starts no thread yet.
   *
   * @param io what suits virtual threads
   */
  public ThreadsIo(FileIo io) {
    this(io, Thread::startVirtualThread);
  }

  /** Starts threads in the way that is given; it throws where it starts none. */
  ThreadsIo(FileIo io, Consumer<Runnable> starter) {
    super(new Endings(starter));
    this.io = io;
    this.starter = starter;
  }

  @Override
  void begin(AsyncOperation operation) {
    starter.accept(
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
        MemorySegment[] rest = operation.rest(io.maxParts());
        long result = operation.isRead() ? io.read(rest, position) : io.write(rest, position);
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
