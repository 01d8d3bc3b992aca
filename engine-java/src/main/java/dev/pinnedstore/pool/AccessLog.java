package dev.pinnedstore.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;

/**
 * The frames whose pages were used since the policy was last told, in the order of their first use.
 * A bounded queue of many producers and one consumer. A page is put in once, until it is drained,
 * so the queue is nearly never full; what does not fit is lost, and the page may be put in again.
 */
final class AccessLog {
  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(int[].class);

  /** A frame and 1; 0 while its producer has not written it. */
  private final int[] slots;

  private final AtomicLong tail = new AtomicLong();

  /** Written by the consumer, under its lock. */
  private volatile long head;

  AccessLog(int frames) {
    slots = new int[Integer.highestOneBit(Math.max(2 * frames - 1, 2))];
  }

  long bytes() {
    return (long) slots.length * Integer.BYTES;
  }

  /** Appends; false if there is no room. */
  boolean offer(int frame) {
    long at;
    do {
      at = tail.get();
      if (at - head >= slots.length) {
        return false;
      }
    } while (!tail.compareAndSet(at, at + 1));
    // Release: whoever drains it must see what came before.
    SLOT.setRelease(slots, (int) at & (slots.length - 1), frame + 1);
    return true;
  }

  /** Takes all out that is there. One thread at a time. */
  void drain(IntConsumer sink) {
    long at = head;
    for (long end = tail.get(); at < end; at++) {
      int slot = (int) at & (slots.length - 1);
      int entry = (int) SLOT.getAcquire(slots, slot);
      if (entry == 0) {
        // Its producer is between its two steps; the next drain takes it.
        break;
      }
      SLOT.setOpaque(slots, slot, 0);
      sink.accept(entry - 1);
    }
    // Volatile: producers see the slots empty before they see the room.
    head = at;
  }
}
