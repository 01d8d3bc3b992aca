package dev.pinnedstore.pool;

import java.util.function.LongPredicate;

/** LRU: one list, the least recently used page first. */
final class LruPolicy implements EvictionPolicy {
  private PageNodes nodes = new PageNodes();
  private NodeLists lists = new NodeLists(1);

  @Override
  public String name() {
    return "LRU";
  }

  @Override
  public void capacity(int pages) {
    Capacities.check(pages);
    nodes = new PageNodes();
    lists = new NodeLists(1);
  }

  @Override
  public void hit(long pageId) {
    int node = nodes.find(pageId);
    if (node != PageNodes.NONE) {
      lists.moveToLast(0, node);
    }
  }

  @Override
  public void load(long pageId) {
    lists.addLast(0, nodes.add(pageId));
  }

  @Override
  public long evict(LongPredicate evictable) {
    for (int node = lists.first(0); node != NodeLists.NONE; node = lists.next(node)) {
      long id = nodes.id(node);
      if (evictable.test(id)) {
        drop(node);
        return id;
      }
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
    lists.remove(0, node);
    nodes.remove(node);
  }
}
