package dev.pinnedstore.store;

/** The ticker of the JVM. An enum: one instance, so configs with it are equal, and a name. */
enum SystemTicker implements Ticker {
  INSTANCE;

  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public String toString() {
    return "system";
  }
}
