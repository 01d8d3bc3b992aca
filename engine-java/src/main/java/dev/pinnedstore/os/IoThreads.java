package dev.pinnedstore.os;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs file channel calls on threads that nobody interrupts.
 *
 * <p>An interrupt closes the channel that its thread is using, and the file behind it has no name
 * to be opened by again: the page would be lost to the interrupt of one reader. Clearing the flag
 * first does not help against an interrupt that comes during the call, which also leaks what was
 * just mapped. Threads are daemons, as many as calls run at once, and end after a second without
 * work.
 */
final class IoThreads {
  private static final ExecutorService POOL =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          1,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform()
              .daemon()
              .name("pinnedstore-file-", 0)
              .inheritInheritableThreadLocals(false)
              .factory());

  private IoThreads() {}

  /** Calls and waits, uninterruptibly; an interrupt meanwhile stays pending for the caller. */
  static <T> T call(Callable<T> task) throws IOException {
    Future<T> result = submit(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return result.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      throw unwrap(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static <T> Future<T> submit(Callable<T> task) throws IOException {
    try {
      return POOL.submit(task);
    } catch (OutOfMemoryError e) {
      // What the JVM says when it gets no stack or no process id for a thread.
      throw new IOException("cannot start a thread for file I/O", e);
    }
  }

  private static IOException unwrap(ExecutionException e) {
    Throwable thrown = e.getCause();
    return switch (thrown) {
      case IOException io -> io;
      case RuntimeException unchecked -> throw unchecked;
      case Error error -> throw error;
      case null, default -> throw new AssertionError("file I/O throws nothing else", thrown);
    };
  }
}
