package dev.pinnedstore.pool;

import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Where threads wait for the latch of a page: stripes, each a lock and a condition for many pages.
 *
 * <p>A waiter sets the wait bit by CAS, under the lock of the stripe, in a word that it cannot
 * take; whoever changes the latch sees the bit in the word that it changed, takes the lock, clears
 * the bit and wakes all of the stripe. So no change is missed: it comes before the CAS, which
 * fails, or after it, and then its waker waits for the lock until the waiter sleeps.
 */
final class LatchWaits {
  private final Stripe[] stripes;
  private final LongAdder waits = new LongAdder();
  private final LongAdder waitNanos = new LongAdder();

  LatchWaits(int stripes) {
    this.stripes = new Stripe[stripes];
    for (int i = 0; i < stripes; i++) {
      this.stripes[i] = new Stripe();
    }
  }

  int stripes() {
    return stripes.length;
  }

  private Stripe stripe(long id) {
    int hash = (int) ((id * 0x9E3779B97F4A7C15L) >>> 33);
    return stripes[hash % stripes.length];
  }

  /**
   * Waits until the word changes from what it was, or for so long. Uninterruptibly; an interrupt
   * stays pending.
   */
  void await(long[] words, int slot, long id, long seen, long nanos) {
    Stripe stripe = stripe(id);
    long start = System.nanoTime();
    stripe.lock.lock();
    try {
      if ((seen & PageWordLayout.WAIT) == 0
          && !PageWordLayout.cas(words, slot, seen, seen | PageWordLayout.WAIT)) {
        return;
      }
      long word = seen | PageWordLayout.WAIT;
      boolean interrupted = false;
      long left = nanos;
      while (left > 0 && !stripe.closed && PageWordLayout.get(words, slot) == word) {
        try {
          left = stripe.changed.awaitNanos(left);
        } catch (InterruptedException e) {
          interrupted = true;
          left = nanos - (System.nanoTime() - start);
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    } finally {
      stripe.lock.unlock();
      waits.increment();
      waitNanos.add(System.nanoTime() - start);
    }
  }

  /** Wakes who waits for a page. */
  void wake(long[] words, int slot, long id) {
    Stripe stripe = stripe(id);
    stripe.lock.lock();
    try {
      PageWordLayout.WORD.getAndBitwiseAnd(words, slot, ~PageWordLayout.WAIT);
      stripe.changed.signalAll();
    } finally {
      stripe.lock.unlock();
    }
  }

  /** Wakes everybody, who then see that the pool is closed. */
  void wakeAll() {
    for (Stripe stripe : stripes) {
      stripe.lock.lock();
      try {
        stripe.closed = true;
        stripe.changed.signalAll();
      } finally {
        stripe.lock.unlock();
      }
    }
  }

  long waits() {
    return waits.sum();
  }

  long waitNanos() {
    return waitNanos.sum();
  }

  private static final class Stripe {
    final ReentrantLock lock = new ReentrantLock();
    final Condition changed = lock.newCondition();
    boolean closed;
  }
}
