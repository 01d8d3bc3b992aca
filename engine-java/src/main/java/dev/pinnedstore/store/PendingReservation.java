package dev.pinnedstore.store;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Space in a page that is neither blob nor padding yet.
 *
 * <p>Its window lives in an Arena of its own that dies before the space becomes either, so that no
 * kept segment writes into published or recycled bytes; and before the store gives its memory back.
 * Publishing, closing and abandoning exclude each other by the monitor.
 */
final class PendingReservation implements Reservation {
  private final PinnedStore store;
  private final long place;
  private final long sizeBytes;
  private final Arena arena;
  private final MemorySegment segment;
  private boolean ended;

  PendingReservation(
      PinnedStore store, long place, long sizeBytes, Arena arena, MemorySegment segment) {
    this.store = store;
    this.place = place;
    this.sizeBytes = sizeBytes;
    this.arena = arena;
    this.segment = segment;
  }

  @Override
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public synchronized BlobHandle publish() {
    store.checkOpen();
    if (ended) {
      throw new IllegalStateException(
          "reservation of sizeBytes=" + sizeBytes + ": already published or closed");
    }
    // Fails, and leaves all as it is, while another thread passes the segment to a system call.
    arena.close();
    ended = true;
    return store.publish(this, place, sizeBytes);
  }

  @Override
  public synchronized void close() {
    if (!ended) {
      arena.close();
      ended = true;
      store.cancel(this, place, sizeBytes);
    }
  }

  /** Ends it because the store closes; false while a thread passes the segment to a system call. */
  synchronized boolean abandon() {
    if (!ended) {
      try {
        arena.close();
      } catch (IllegalStateException e) {
        return false;
      }
      ended = true;
    }
    return true;
  }
}
