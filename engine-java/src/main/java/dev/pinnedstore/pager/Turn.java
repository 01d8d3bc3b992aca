package dev.pinnedstore.pager;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * One thread at a time has its turn. Unlike those who wait for a lock, those who wait here can be
 * done without a turn, all at once: when another thread's turn has made durable what they wait for.
 *
 * <p>Who runs goes before who has to be woken, a few times; then it is the turn of the thread that
 * has waited longest.
 */
final class Turn {
  static final int MAX_OVERTAKES = 16;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<Thread> waiting = new ArrayDeque<>();

  /** The turns since the first of those who wait could have had one. */
  private int overtakes;

  private boolean taken;

  /** Waits for a turn, uninterruptibly; false without one when there is no need any more. */
  boolean takeUnless(BooleanSupplier needless) {
    Thread self = Thread.currentThread();
    lock.lock();
    try {
      if (!mayTake(self)) {
        waiting.add(self);
        while (!mayTake(self) && !needless.getAsBoolean()) {
          changed.awaitUninterruptibly();
        }
        overtakes = self.equals(waiting.peek()) ? 0 : overtakes;
        waiting.remove(self);
      }
      if (needless.getAsBoolean()) {
        // It may have been the one whom all others wait for.
        changed.signalAll();
        return false;
      }
      overtakes += waiting.isEmpty() ? 0 : 1;
      taken = true;
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean mayTake(Thread self) {
    return !taken
        && (overtakes < MAX_OVERTAKES || waiting.isEmpty() || self.equals(waiting.peek()));
  }

  /** Ends the turn; everybody who waits looks again. */
  void end() {
    lock.lock();
    try {
      taken = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
