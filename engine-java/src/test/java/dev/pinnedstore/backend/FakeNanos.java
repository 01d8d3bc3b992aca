package dev.pinnedstore.backend;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/** Time that a test moves. What reads it can be interrupted at that place by an action. */
final class FakeNanos implements LongSupplier {
  private final AtomicLong now;
  private final AtomicReference<Runnable> onRead = new AtomicReference<>(() -> {});

  FakeNanos(long origin) {
    now = new AtomicLong(origin);
  }

  @Override
  public long getAsLong() {
    onRead.getAndSet(() -> {}).run();
    return now.get();
  }

  void advance(Duration time) {
    now.addAndGet(time.toNanos());
  }

  long now() {
    return now.get();
  }

  /** Runs once, when the time is read next, on the thread that reads it. */
  void onNextRead(Runnable action) {
    onRead.set(action);
  }
}
