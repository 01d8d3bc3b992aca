package dev.pinnedstore.samples.courier;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The parcels that no consumer has finished: those that wait, and how many are out. Safe for
 * threads. Unbounded, as the store bounds what is published.
 */
final class Dispatch {
  private final Deque<Parcel> waiting = new ArrayDeque<>();
  private int out;
  private long redelivered;
  private boolean ended;
  private boolean cancelled;

  /** Adds a parcel at the end. */
  synchronized void put(Parcel parcel) {
    waiting.addLast(parcel);
    notifyAll();
  }

  /** Says that no more are put. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  synchronized boolean isEnded() {
    return ended;
  }

  /** Ends every wait at once; parcels may be lost. */
  synchronized void cancel() {
    cancelled = true;
    notifyAll();
  }

  /**
   * Takes parcels, waits until there are some. They are out until they are {@link #finished} or
   * {@link #giveBack given back}.
   *
   * @return at least one; none when all are finished and no more come
   */
  synchronized List<Parcel> take(int most) throws InterruptedException {
    while (waiting.isEmpty() && !(ended && out == 0) && !cancelled) {
      wait();
    }
    List<Parcel> taken = new ArrayList<>();
    while (taken.size() < most && !waiting.isEmpty() && !cancelled) {
      taken.add(waiting.removeFirst());
    }
    out += taken.size();
    return taken;
  }

  /** Says that a parcel that was out is done with. */
  synchronized void finished() {
    out--;
    notifyAll();
  }

  /** Puts parcels that were out back in front: who had them died. */
  synchronized void giveBack(List<Parcel> parcels) {
    parcels.reversed().forEach(waiting::addFirst);
    out -= parcels.size();
    redelivered += parcels.size();
    notifyAll();
  }

  /** How many parcels were given back so far. */
  synchronized long redelivered() {
    return redelivered;
  }
}
