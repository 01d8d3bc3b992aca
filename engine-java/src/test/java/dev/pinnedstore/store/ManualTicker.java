package dev.pinnedstore.store;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that stands still until it is turned; its readings overflow after a second. */
final class ManualTicker implements Ticker {
  private static final long START = Long.MAX_VALUE - Duration.ofSeconds(1).toNanos();

  private final AtomicLong nanos = new AtomicLong(START);

  @Override
  public long nanos() {
    return nanos.get();
  }

  void advance(Duration by) {
    nanos.addAndGet(by.toNanos());
  }

  void advanceNanos(long by) {
    nanos.addAndGet(by);
  }

  long elapsedMillis() {
    return Duration.ofNanos(nanos.get() - START).toMillis();
  }
}
