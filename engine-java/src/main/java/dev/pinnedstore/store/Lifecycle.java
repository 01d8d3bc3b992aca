package dev.pinnedstore.store;

import java.time.Duration;

/**
 * The running maintenance of a store: a daemon thread that makes pages ready, gives idle ones back
 * and expires old ones. Safe for any thread. Closed by whoever started it; closing the store closes
 * it too.
 */
public interface Lifecycle extends AutoCloseable {

  /**
   * Returns the longest time between two cycles; while pages fill, cycles follow faster.
   *
   * @return the interval that the lifecycle was started with
   */
  Duration interval();

  /**
   * Tells whether cycles still run.
   *
   * @return {@code false} once this lifecycle or its store is closed
   */
  boolean isRunning();

  /**
   * Stops the cycles and waits for the one that runs, for at most the interval and one second; not
   * when called from within it. An interrupt ends the wait and stays set. Does nothing when already
   * closed. The store stays open and usable; a lifecycle may be started again.
   */
  @Override
  void close();
}
