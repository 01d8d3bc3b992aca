package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.BlobHandle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bounded queue of slots outside the heap, from one sender to any number of consumers. The store
 * writes handles straight into it; nothing is allocated.
 *
 * <p><b>Protocol.</b> Positions count up from 0 and share {@code capacity} slots. The turn of a
 * slot tells whose it is: {@code position} the sender's, who fills it; {@code position + 1} that of
 * the consumer who drew this position; {@code position + capacity} the sender's again.
 *
 * <p><b>Memory order.</b> A turn is written with release after everything that its owner did to the
 * slot, and read with acquire before the next owner touches it. So the plain fields of a slot, the
 * handle and the blob behind it need no order of their own. Consumers draw positions with one
 * atomic add, and each position goes to one of them.
 *
 * <p>A slot is named by the offset of its first byte. Waiting is polling, see {@link Backoff}.
 */
final class HandleRing implements AutoCloseable {
  /** What {@link #take} answers when nothing will come any more. */
  static final long END = -1;

  private static final int LARGEST = 1 << 30;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment slots;
  private final long capacity;
  private final AtomicLong drawn = new AtomicLong();

  /** The sender's alone. */
  private long sent;

  /** The first position that will never be filled. */
  private volatile long end = Long.MAX_VALUE;

  /**
   * Creates an empty ring.
   *
   * @param capacity how many slots, a power of two; with one slot, filled and free would look alike
   */
  HandleRing(int capacity) {
    if (capacity < 2 || Integer.bitCount(capacity) != 1) {
      throw new IllegalArgumentException(
          "capacity=" + capacity + ": must be a power of two between 2 and " + LARGEST);
    }
    this.capacity = capacity;
    this.slots = arena.allocate(capacity * SlotLayout.BYTES, SlotLayout.BYTES);
    for (long position = 0; position < capacity; position++) {
      SlotLayout.LONG.set(slots, offset(position) + SlotLayout.TURN_AT, position);
    }
    // The consumers' threads start after this constructor, which orders it before them.
  }

  // ---- for the sender

  /**
   * Waits for a free slot and returns it. It stays the same until it is published.
   *
   * @throws CancellationException when the ring was cancelled
   */
  long claim() {
    long slot = offset(sent);
    for (long attempt = 0; turn(slot) != sent; attempt++) {
      if (end <= sent) {
        throw new CancellationException("the ring was cancelled");
      }
      Backoff.pause(attempt);
    }
    return slot;
  }

  /** Hands the claimed slot, whose handle is written, to a consumer. */
  void publish(long slot, int file, int piece, int checksum) {
    SlotLayout.INT.set(slots, slot + SlotLayout.FILE_AT, file);
    SlotLayout.INT.set(slots, slot + SlotLayout.PIECE_AT, piece);
    SlotLayout.INT.set(slots, slot + SlotLayout.CHECKSUM_AT, checksum);
    sent++;
    SlotLayout.LONG.setRelease(slots, slot + SlotLayout.TURN_AT, sent);
  }

  /** Says that nothing more comes; consumers take what is there, then {@link #END}. */
  void end() {
    end = Math.min(end, sent);
  }

  // ---- for consumers

  /** Waits for a filled slot and returns it, or {@link #END}. */
  long take() {
    long position = drawn.getAndIncrement();
    long slot = offset(position);
    for (long attempt = 0; turn(slot) != position + 1; attempt++) {
      // The turn first, the end after: what was sent before the end is seen.
      if (end <= position) {
        return END;
      }
      Backoff.pause(attempt);
    }
    return slot;
  }

  int file(long slot) {
    return (int) SlotLayout.INT.get(slots, slot + SlotLayout.FILE_AT);
  }

  int piece(long slot) {
    return (int) SlotLayout.INT.get(slots, slot + SlotLayout.PIECE_AT);
  }

  int checksum(long slot) {
    return (int) SlotLayout.INT.get(slots, slot + SlotLayout.CHECKSUM_AT);
  }

  /** Gives a slot that was taken back to the sender. */
  void release(long slot) {
    long turn = (long) SlotLayout.LONG.get(slots, slot + SlotLayout.TURN_AT);
    SlotLayout.LONG.setRelease(slots, slot + SlotLayout.TURN_AT, turn - 1 + capacity);
  }

  // ---- for both

  /** The memory of the slots. */
  MemorySegment slots() {
    return slots;
  }

  /** Where the {@link BlobHandle#BYTES} bytes of the handle of a slot begin in {@link #slots}. */
  static long handleAt(long slot) {
    return slot + SlotLayout.HANDLE_AT;
  }

  /** Ends every wait at once; what was sent may be lost. For any thread. */
  void cancel() {
    end = 0;
  }

  /** Frees the memory. Nobody uses the ring any more. */
  @Override
  public void close() {
    arena.close();
  }

  private long offset(long position) {
    return (position & capacity - 1) * SlotLayout.BYTES;
  }

  private long turn(long slot) {
    return (long) SlotLayout.LONG.getAcquire(slots, slot + SlotLayout.TURN_AT);
  }
}
