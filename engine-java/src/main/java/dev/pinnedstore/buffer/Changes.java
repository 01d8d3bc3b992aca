package dev.pinnedstore.buffer;

import java.util.concurrent.Semaphore;

/**
 * Lets changes of a file run side by side, or one of them alone. Whoever waits is let in before
 * those who come later. Any thread may take another's leave.
 */
final class Changes {
  private static final int ALL = Integer.MAX_VALUE;

  private final Semaphore places = new Semaphore(ALL, true);

  /** Enters without waiting; false while one runs alone, or waits to. */
  boolean tryEnter() {
    return !places.hasQueuedThreads() && places.tryAcquire();
  }

  void enter() {
    places.acquireUninterruptibly();
  }

  void leave() {
    places.release();
  }

  /** Waits until nobody else is in, and lets nobody in until {@link #leaveAlone()}. */
  void enterAlone() {
    places.acquireUninterruptibly(ALL);
  }

  void leaveAlone() {
    places.release(ALL);
  }
}
