package dev.pinnedstore.backend;

import java.util.function.LongSupplier;

/**
 * The store's only clock: monotonic nanoseconds, and epoch milliseconds derived from them.
 *
 * <p>Milliseconds start at the wall clock's value when the clock is made and then follow the
 * monotonic source, so a changed wall clock moves nothing. While a lifecycle ticks it, {@link
 * #millis()} is one load and as old as the last cycle; otherwise each call reads the source.
 */
public final class CoarseClock {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final LongSupplier source;
  private final long originNanos;
  private final long originMillis;
  private volatile long ticked;
  private volatile boolean ticking;

  /**
   * Creates a clock.
   *
   * @param source monotonic nanoseconds from any origin
   * @param epochMillis the wall clock's milliseconds now
   */
  public CoarseClock(LongSupplier source, long epochMillis) {
    this.source = source;
    this.originNanos = source.getAsLong();
    this.originMillis = epochMillis;
    this.ticked = epochMillis;
  }

  /**
   * Reads the source.
   *
   * @return monotonic nanoseconds
   */
  public long nanos() {
    return source.getAsLong();
  }

  /**
   * Returns the time, as old as the last tick while somebody ticks.
   *
   * @return epoch milliseconds
   */
  public long millis() {
    return ticking ? ticked : exactMillis();
  }

  /**
   * Reads the source.
   *
   * @return epoch milliseconds
   */
  public long exactMillis() {
    return originMillis + Math.floorDiv(source.getAsLong() - originNanos, NANOS_PER_MILLI);
  }

  /**
   * Returns what turns epoch milliseconds of this clock into monotonic ones, by addition: those of
   * the source, which all processes of a machine share where the source is that of the system.
   *
   * @return milliseconds
   */
  public long monotonicShiftMillis() {
    return Math.floorDiv(originNanos, NANOS_PER_MILLI) - originMillis;
  }

  /** Moves {@link #millis()} on. */
  public void tick() {
    ticked = exactMillis();
  }

  /**
   * Says whether somebody ticks from now on.
   *
   * @param ticking true while ticks come
   */
  public void setTicking(boolean ticking) {
    tick();
    this.ticking = ticking;
  }
}
