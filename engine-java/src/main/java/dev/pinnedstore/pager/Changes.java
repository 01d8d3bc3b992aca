package dev.pinnedstore.pager;

/**
 * Numbers the changes of a file, from 1 on, and knows which are durable: those up to a number. All
 * under the state lock, but for {@link #durable}.
 */
final class Changes {
  private long last;
  private long frozenAfter = Long.MAX_VALUE;
  private volatile long durable;

  /** The last change that was made. */
  long last() {
    return last;
  }

  /** The number of the change under way. */
  long current() {
    return last + 1;
  }

  /**
   * Ends the change under way and returns its number. What was changed since the lock was taken
   * commits together, or not at all.
   */
  long end() {
    return ++last;
  }

  /** The last change that is durable, and with it all before. Any thread. */
  long durable() {
    return durable;
  }

  /** In the commit turn, with or without the lock. */
  void setDurable(long upTo) {
    durable = upTo;
  }

  /** The last change whose freed pages may be used again. */
  long releasable() {
    return Math.min(durable, frozenAfter);
  }

  /** Keeps what is freed from now on from being used again, so that it can be copied. */
  void freeze() {
    frozenAfter = last;
  }

  void thaw() {
    frozenAfter = Long.MAX_VALUE;
  }

  boolean isFrozen() {
    return frozenAfter != Long.MAX_VALUE;
  }
}
