package dev.pinnedstore.store;

/**
 * A listener's place at a store. Safe for any thread. Closed by whoever registered the listener;
 * closing the store closes it too.
 */
public interface Registration extends AutoCloseable {

  /**
   * Takes the listener away. Does not wait: a call to the listener that is under way on the
   * lifecycle's thread may end after this returns. Does nothing when already closed.
   */
  @Override
  void close();
}
