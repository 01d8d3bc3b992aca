package dev.pinnedstore.pool;

/** What all policies refuse. */
final class Capacities {
  private Capacities() {}

  static int check(int pages) {
    if (pages < 1) {
      throw new IllegalArgumentException("capacity=" + pages + ": must be 1 or more pages");
    }
    return pages;
  }
}
