package dev.pinnedstore.buffer;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts what is under way in a file; once closed it lets nothing in, and tells when all is out.
 */
final class Gate {
  private static final long CLOSED = Long.MIN_VALUE;

  /** The count, and {@link #CLOSED}. */
  private final AtomicLong state = new AtomicLong();

  private final CountDownLatch empty = new CountDownLatch(1);

  /** Lets one in; false once closed. */
  boolean enter() {
    long seen;
    do {
      seen = state.get();
      if (seen < 0) {
        return false;
      }
    } while (!state.compareAndSet(seen, seen + 1));
    return true;
  }

  void leave() {
    if (state.decrementAndGet() == CLOSED) {
      empty.countDown();
    }
  }

  boolean isClosed() {
    return state.get() < 0;
  }

  /** Lets nothing in any more; false if that was so before. */
  boolean close() {
    long before = state.getAndUpdate(seen -> seen | CLOSED);
    if (before == 0) {
      empty.countDown();
    }
    return before >= 0;
  }

  /** Waits until all are out, however often it is interrupted. */
  void awaitEmpty() {
    boolean interrupted = false;
    while (true) {
      try {
        empty.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
