package dev.pinnedstore.samples.courier;

import java.util.concurrent.CancellationException;

/**
 * Runs an action when the JVM is told to end (Ctrl-C, SIGTERM) before this guard is closed. For
 * what the operating system would not clean up, and to let threads end in good order.
 */
final class ShutdownGuard implements AutoCloseable {
  private final Thread hook;
  private volatile boolean triggered;

  /**
   * Sets up the guard.
   *
   * @throws CancellationException when the JVM is ending already
   */
  ShutdownGuard(Runnable action) {
    this.hook =
        Thread.ofPlatform()
            .name("courier-shutdown")
            .unstarted(
                () -> {
                  triggered = true;
                  action.run();
                });
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      throw ending(e);
    }
  }

  /** What to throw where the end of the JVM made something fail. */
  static CancellationException ending(RuntimeException cause) {
    CancellationException ending = new CancellationException("the JVM ends");
    ending.initCause(cause);
    return ending;
  }

  /** Whether the JVM ends. */
  boolean isTriggered() {
    return triggered;
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is ending already and runs the hook.
      triggered = true;
    }
  }
}
