package dev.pinnedstore.lifecycle;

import dev.pinnedstore.backend.CoarseClock;
import java.util.concurrent.atomic.AtomicLong;

/** Time that a test moves. */
final class FakeTime {
  private final AtomicLong nanos;

  FakeTime(long origin) {
    nanos = new AtomicLong(origin);
  }

  CoarseClock clock() {
    return new CoarseClock(nanos::get, 0);
  }

  long now() {
    return nanos.get();
  }

  void advance(long byNanos) {
    nanos.addAndGet(byNanos);
  }
}
