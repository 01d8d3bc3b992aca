package dev.pinnedstore.benchmarks;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;

/** A thread that takes what a writer hands over, in batches, as a service would. */
final class Consumer implements AutoCloseable {
  /** How often it looks, in nanoseconds. */
  static final long POLL_NANOS = 20_000;

  private final HandleRing ring;
  private final Use use;
  private final Thread thread;
  private volatile boolean stopped;

  /** What is done with a handle. */
  @FunctionalInterface
  interface Use {
    /** Takes the handle in a slot. */
    void take(MemorySegment slots, long offset);
  }

  Consumer(HandleRing ring, Use use) {
    this.ring = ring;
    this.use = use;
    this.thread = Thread.ofPlatform().daemon().name("consumer").unstarted(this::run);
  }

  Consumer start() {
    thread.start();
    return this;
  }

  private void run() {
    long position = 0;
    boolean last;
    do {
      last = stopped;
      long head = ring.head();
      for (; position < head; position++) {
        use.take(ring.slots(), ring.offset(position));
      }
      ring.free(position);
      LockSupport.parkNanos(POLL_NANOS);
    } while (!last);
  }

  /** Ends the thread, after it has taken everything. */
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
