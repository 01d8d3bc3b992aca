package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.BlobHandle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Carries handles from one producer to one consumer: slots of 24 bytes and two counters.
 *
 * <p>The producer writes a slot and then the head (release); the consumer reads the head (acquire)
 * and then the slots below it. The same with the tail, the other way.
 */
final class HandleRing implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment slots;
  private final int capacity;
  private final AtomicLong head = new AtomicLong();
  private final AtomicLong tail = new AtomicLong();

  /** Producer's copy of the tail, and its own position. */
  private long seenTail;

  private long produced;

  HandleRing(int capacity) {
    this.capacity = capacity;
    this.slots = arena.allocate((long) capacity * BlobHandle.BYTES, 64);
  }

  MemorySegment slots() {
    return slots;
  }

  /** Waits for a free slot and returns its offset; producer only. */
  long claim() {
    while (produced - seenTail >= capacity) {
      seenTail = tail.getAcquire();
      if (produced - seenTail >= capacity) {
        Thread.onSpinWait();
      }
    }
    return produced % capacity * BlobHandle.BYTES;
  }

  /** Hands the claimed slot over; producer only. */
  void publish() {
    produced++;
    head.setRelease(produced);
  }

  /** The number of slots handed over since the start; consumer only. */
  long head() {
    return head.getAcquire();
  }

  long offset(long position) {
    return position % capacity * BlobHandle.BYTES;
  }

  /** Frees all slots below a position; consumer only. */
  void free(long position) {
    tail.setRelease(position);
  }

  @Override
  public void close() {
    arena.close();
  }
}
