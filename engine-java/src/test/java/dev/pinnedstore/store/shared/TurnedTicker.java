package dev.pinnedstore.store.shared;

import dev.pinnedstore.store.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** The system's ticker, put forward by hand; other processes read the same one without that. */
final class TurnedTicker implements Ticker {
  private final AtomicLong ahead = new AtomicLong();

  @Override
  public long nanos() {
    return System.nanoTime() + ahead.get();
  }

  void advance(Duration by) {
    ahead.addAndGet(by.toNanos());
  }
}
