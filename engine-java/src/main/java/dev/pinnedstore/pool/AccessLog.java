package dev.pinnedstore.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the policy has not been told yet: frames whose pages became resident, and frames whose pages
 * were used since it was last told of them, in order. A bounded queue of many producers and one
 * consumer. A frame is in it once for each, until it is drained, so the queue is nearly never full.
 */
final class AccessLog {
  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(int[].class);

  /** A frame and 1, negative for one whose page was loaded; 0 until its producer has written it. */
  private final int[] slots;

  private final AtomicLong tail = new AtomicLong();

  /** Written by the consumer, under its lock. */
  private volatile long head;

  /** Takes what was put in. */
  interface Sink {
    void loaded(int frame);

    void used(int frame);
  }

  AccessLog(int frames) {
    slots = new int[Math.max(4, Integer.highestOneBit(2 * frames - 1) * 2)];
  }

  long bytes() {
    return (long) slots.length * Integer.BYTES;
  }

  /** Appends that the page of a frame was used; false if there is no room. */
  boolean offerUsed(int frame) {
    return offer(frame + 1);
  }

  /** The same of a page that is in the frame since now. */
  boolean offerLoaded(int frame) {
    return offer(-frame - 1);
  }

  private boolean offer(int entry) {
    long at;
    do {
      at = tail.get();
      if (at - head >= slots.length) {
        return false;
      }
    } while (!tail.compareAndSet(at, at + 1));
    // Release: whoever drains it must see what came before.
    SLOT.setRelease(slots, (int) at & (slots.length - 1), entry);
    return true;
  }

  /** Takes all out that is there. One thread at a time. */
  void drain(Sink sink) {
    long at = head;
    try {
      for (long end = tail.get(); at < end; ) {
        int slot = (int) at & (slots.length - 1);
        int entry = (int) SLOT.getAcquire(slots, slot);
        if (entry == 0) {
          // Its producer is between its two steps; the next drain takes it.
          break;
        }
        SLOT.setOpaque(slots, slot, 0);
        at++;
        if (entry < 0) {
          sink.loaded(-entry - 1);
        } else {
          sink.used(entry - 1);
        }
      }
    } finally {
      // Volatile: producers see the slots empty before they see the room.
      head = at;
    }
  }
}
