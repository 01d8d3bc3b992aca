package dev.pinnedstore.store;

/**
 * A clock for elapsed time: the difference of two readings is the time between them. Decay and TTL
 * are timed by it, so a test that turns it by hand need not wait.
 *
 * <p>Implementations are safe for any thread, never run backwards and return fast: writers may call
 * them.
 */
@FunctionalInterface
public interface Ticker {

  /**
   * Returns the time since an arbitrary origin that stays the same as long as the ticker lives.
   *
   * @return the time in ns, negative too; only differences mean anything
   */
  long nanos();

  /**
   * Returns the ticker over {@link System#nanoTime()}, which a changed wall clock does not upset.
   *
   * @return the system's ticker, always the same one
   */
  static Ticker system() {
    return SystemTicker.INSTANCE;
  }
}
