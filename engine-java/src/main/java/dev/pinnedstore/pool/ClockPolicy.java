package dev.pinnedstore.pool;

import java.util.BitSet;
import java.util.function.LongPredicate;

/**
 * CLOCK as a queue: the hand is its head, and what it passes goes to the tail. A page enters with
 * its bit clear. A page that the predicate refuses is passed like one that was used.
 */
final class ClockPolicy implements EvictionPolicy {
  private PageNodes nodes = new PageNodes();
  private NodeLists ring = new NodeLists(1);
  private BitSet used = new BitSet();

  @Override
  public String name() {
    return "CLOCK";
  }

  @Override
  public void capacity(int pages) {
    Capacities.check(pages);
    nodes = new PageNodes();
    ring = new NodeLists(1);
    used = new BitSet();
  }

  @Override
  public void hit(long pageId) {
    int node = nodes.find(pageId);
    if (node != PageNodes.NONE) {
      used.set(node);
    }
  }

  @Override
  public void load(long pageId) {
    int node = nodes.add(pageId);
    used.clear(node);
    ring.addLast(0, node);
  }

  @Override
  public long evict(LongPredicate evictable) {
    // The first round may only clear bits.
    for (int left = 2 * ring.size(0); left > 0; left--) {
      int node = ring.first(0);
      if (used.get(node)) {
        used.clear(node);
      } else {
        long id = nodes.id(node);
        if (evictable.test(id)) {
          drop(node);
          return id;
        }
      }
      ring.moveToLast(0, node);
    }
    return NO_PAGE;
  }

  @Override
  public void remove(long pageId) {
    int node = nodes.find(pageId);
    if (node != PageNodes.NONE) {
      drop(node);
    }
  }

  private void drop(int node) {
    ring.remove(0, node);
    nodes.remove(node);
  }
}
