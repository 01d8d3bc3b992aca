package dev.pinnedstore.store;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what another thread will do, however long a busy machine takes. */
final class Waiting {
  /** Reached only by a test that fails. */
  static final Duration LONGEST = Duration.ofSeconds(60);

  private Waiting() {}

  static void until(String what, BooleanSupplier condition) {
    until(what, condition, () -> "nothing else is known");
  }

  /** The same, and says what there was instead. */
  static void until(String what, BooleanSupplier condition, Supplier<?> state) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > LONGEST.toNanos()) {
        throw new AssertionError("waited in vain until " + what + "; now: " + state.get());
      }
      LockSupport.parkNanos(100_000);
    }
  }
}
