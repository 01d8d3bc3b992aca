package dev.pinnedstore.pool;

import java.util.function.LongPredicate;

/**
 * Decides which page leaves when a frame is needed. Knows page ids only: no frames, no pins, no
 * bytes; a pool asks a predicate whether a page can go. Implement it to bring a policy of your own.
 *
 * <p>An instance serves one pool. It begins with {@link #capacity(int)}, which the pool calls, and
 * so does whoever replays a trace:
 *
 * {@snippet class="dev.pinnedstore.pool.PolicySnippets" region="replay"}
 *
 * <p><b>Threads.</b> Not safe: a pool calls it under one lock. {@link #hit} is called later than
 * the hit, in the order in which pages were first touched since the last call of {@link #evict}; a
 * page that is touched more often meanwhile is told once.
 *
 * <p><b>Cost.</b> Constant for each call of the named policies but LRU-K, which takes the logarithm
 * of the capacity, and but for the pages that the predicate refuses.
 */
public interface EvictionPolicy {
  /** What {@link #evict} returns when no page can go; no page has this id. */
  long NO_PAGE = -1;

  /**
   * Returns what the policy is called.
   *
   * @return a short name, "CLOCK" for one
   */
  String name();

  /**
   * Sets how many pages are resident at most, and forgets everything.
   *
   * @param pages 1 or more
   * @throws IllegalArgumentException if it is less
   */
  void capacity(int pages);

  /**
   * Tells that a resident page was used again. Ignored for a page that is not resident.
   *
   * @param pageId the page
   */
  void hit(long pageId);

  /**
   * Tells that a page becomes resident; that counts as its first use. There is room: fewer pages
   * than the capacity are resident.
   *
   * @param pageId a page that is not resident
   */
  void load(long pageId);

  /**
   * Chooses the page that leaves: offers resident pages to the predicate, best first, and takes the
   * first that it accepts out. A page that was refused may be offered once more.
   *
   * @param evictable accepts a page that can go, and so decides that it goes
   * @return the page that was accepted; {@link #NO_PAGE} if none was
   */
  long evict(LongPredicate evictable);

  /**
   * Tells that a page is not resident, without having been chosen. What was known of it is
   * forgotten. Ignored for a page that is not resident anyway. The pool calls it, and {@link #load}
   * after it, when {@link #evict} accepted a page and then threw or named another.
   *
   * @param pageId the page
   */
  void remove(long pageId);

  /**
   * Returns CLOCK, second chance: pages in a ring, a bit each that a hit sets and the hand clears.
   *
   * @return a new policy
   */
  static EvictionPolicy clock() {
    return new ClockPolicy();
  }

  /**
   * Returns LRU: the page that was not used for the longest time leaves.
   *
   * @return a new policy
   */
  static EvictionPolicy lru() {
    return new LruPolicy();
  }

  /**
   * Returns 2Q in its full version (Johnson and Shasha, VLDB 1994): new pages queue in a quarter of
   * the capacity, and only those that come back after they left it, remembered in a list half as
   * long as the capacity, enter the main LRU list. Resists scans.
   *
   * @return a new policy
   */
  static EvictionPolicy twoQ() {
    return new TwoQPolicy();
  }

  /**
   * Returns LRU-K (O'Neil, O'Neil, Weikum, SIGMOD 1993): the page whose k-th last use is the oldest
   * leaves, one used less often first. Uses are remembered beyond residency, of the last 65,536
   * pages or eight times the capacity, whichever is more; without a correlated reference period.
   *
   * @param k how many uses count, 1 to 16
   * @return a new policy
   * @throws IllegalArgumentException if k is out of its range
   */
  static EvictionPolicy lruK(int k) {
    return new LruKPolicy(k);
  }

  /**
   * Returns LIRS (Jiang and Zhang, SIGMETRICS 2002): pages of low inter-reference recency stay, one
   * in a hundred frames, and two at least, serve the rest. Resists scans and loops. Remembers three
   * times the capacity of pages that left.
   *
   * @return a new policy
   */
  static EvictionPolicy lirs() {
    return new LirsPolicy();
  }
}
