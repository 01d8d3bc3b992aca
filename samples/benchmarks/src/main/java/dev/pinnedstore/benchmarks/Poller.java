package dev.pinnedstore.benchmarks;

import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/** A thread that takes messages in batches until it is closed, and pauses when there are none. */
final class Poller implements AutoCloseable {
  private final Thread thread;
  private volatile boolean stopped;

  /** Starts it with what takes some messages and returns how many. */
  Poller(IntSupplier poll) {
    thread = Thread.ofPlatform().daemon().name("poller").unstarted(() -> run(poll));
    thread.start();
  }

  private void run(IntSupplier poll) {
    while (!stopped) {
      if (poll.getAsInt() == 0) {
        LockSupport.parkNanos(Consumer.POLL_NANOS);
      }
    }
  }

  @Override
  public void close() {
    stopped = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
