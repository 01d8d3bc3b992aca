package dev.pinnedstore.pager;

import java.util.function.LongConsumer;

/**
 * What was freed and may not be used again yet: until the change that freed it is durable, a crash
 * gives it back to its old owner. First in, first out. Under the state lock.
 */
final class Limbo {
  /** Items in a ring, and for each change the end of its items, counted from the beginning. */
  private long[] items = new long[16];

  private long[] changes = new long[16];
  private long[] ends = new long[16];
  private long firstItem;
  private long endItem;
  private long firstChange;
  private long endChange;

  long size() {
    return endItem - firstItem;
  }

  /** Adds an item that a change freed; changes come in order. */
  void add(long item, long change) {
    if (endItem - firstItem == items.length) {
      items = grown(items, firstItem);
    }
    items[(int) endItem++ & (items.length - 1)] = item;
    if (endChange > firstChange
        && changes[(int) (endChange - 1) & (changes.length - 1)] == change) {
      ends[(int) (endChange - 1) & (ends.length - 1)] = endItem;
      return;
    }
    if (endChange - firstChange == changes.length) {
      changes = grown(changes, firstChange);
      ends = grown(ends, firstChange);
    }
    int at = (int) endChange++ & (changes.length - 1);
    changes[at] = change;
    ends[at] = endItem;
  }

  /** Hands over all items whose change is durable. */
  void release(long durable, LongConsumer to) {
    while (firstChange < endChange) {
      int at = (int) firstChange & (changes.length - 1);
      if (changes[at] > durable) {
        return;
      }
      while (firstItem < ends[at]) {
        to.accept(items[(int) firstItem++ & (items.length - 1)]);
      }
      firstChange++;
    }
  }

  /** A ring of twice the size, in which each position is that of the old one by its new mask. */
  private static long[] grown(long[] ring, long first) {
    long[] twice = new long[ring.length * 2];
    for (long at = first; at < first + ring.length; at++) {
      twice[(int) at & (twice.length - 1)] = ring[(int) at & (ring.length - 1)];
    }
    return twice;
  }
}
