package dev.pinnedstore.samples.courier;

import java.util.concurrent.locks.LockSupport;

/**
 * Waits for another thread without a lock: spins for some 1 us, then naps for 50 us at a time, so
 * that the other thread finds a CPU even when there is but one.
 */
final class Backoff {
  private static final int SPINS = 100;
  private static final long NAP_NANOS = 50_000;

  private Backoff() {}

  /** Waits a little, longer as attempts add up. */
  static void pause(long attempt) {
    if (attempt < SPINS) {
      Thread.onSpinWait();
    } else {
      LockSupport.parkNanos(NAP_NANOS);
    }
  }
}
