package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.CoarseClock;

/**
 * When blobs expire. Among JVMs by the monotonic time that all processes of a machine share, of
 * which a chunk's header says its newest blob's; an original's blob by the epoch time in its
 * handle.
 */
final class Expiry {
  /** Makes shared milliseconds greater than zero, whatever the clock begins with. */
  private static final long EPOCH = 1L << 40;

  final long ttlMillis;
  private final CoarseClock clock;
  private final long shiftMillis;

  /**
   * Creates the rule of a namespace.
   *
   * @param ttlMillis milliseconds, 0 for never
   */
  Expiry(CoarseClock clock, long ttlMillis) {
    this.clock = clock;
    this.ttlMillis = ttlMillis;
    this.shiftMillis = shift(clock);
  }

  /** What turns epoch milliseconds of a clock into those that all processes share. */
  private static long shift(CoarseClock clock) {
    return clock.monotonicShiftMillis() + EPOCH;
  }

  static long sharedMillis(CoarseClock clock) {
    return clock.exactMillis() + shift(clock);
  }

  /** The time that all processes share; reads the clock. */
  long now() {
    return clock.exactMillis() + shiftMillis;
  }

  /** The same for an epoch time. */
  long shared(long millis) {
    return millis + shiftMillis;
  }

  /** Whether an original's blob of an epoch time has expired. */
  boolean isPast(long millis) {
    return ttlMillis != 0 && clock.millis() - millis > ttlMillis;
  }

  /** Whether all that JVMs wrote in a generation of a chunk has expired by now. */
  boolean isPast(Chunk chunk, int generation) {
    if (ttlMillis == 0) {
      return false;
    }
    long oldest = shared(clock.millis()) - ttlMillis;
    return !chunk.isKnownSince(generation, oldest) && isNewestBefore(chunk, generation, oldest);
  }

  /**
   * The same for a writer at an epoch time. What is known of a generation that is past will do: the
   * one after it has no older blobs.
   */
  boolean isPastAt(Chunk chunk, long millis) {
    if (ttlMillis == 0) {
      return false;
    }
    long oldest = shared(millis) - ttlMillis;
    return !chunk.isKnownSince(oldest) && isNewestBefore(chunk, chunk.generation(), oldest);
  }

  private static boolean isNewestBefore(Chunk chunk, int generation, long oldest) {
    long newest = ChunkLayout.newest(chunk.base);
    chunk.know(generation, newest);
    return newest != 0 && newest < oldest;
  }
}
