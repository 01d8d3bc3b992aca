package dev.pinnedstore.pager;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * One thread at a time has its turn. Unlike those who wait for a lock, those who wait here can be
 * done without a turn, all at once: when another thread's turn has made durable what they wait for.
 */
final class Turn {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private boolean taken;

  /** Waits for a turn, uninterruptibly; false without one when there is no need any more. */
  boolean takeUnless(BooleanSupplier needless) {
    lock.lock();
    try {
      while (taken && !needless.getAsBoolean()) {
        ended.awaitUninterruptibly();
      }
      if (needless.getAsBoolean()) {
        return false;
      }
      taken = true;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the turn; everybody who waits looks again. */
  void end() {
    lock.lock();
    try {
      taken = false;
      ended.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
