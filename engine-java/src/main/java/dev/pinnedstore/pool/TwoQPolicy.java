package dev.pinnedstore.pool;

import java.util.Arrays;
import java.util.function.LongPredicate;

/**
 * 2Q, full version: A1in is a queue of pages used once, A1out of ids that left it, Am an LRU list
 * of pages that came back while they were in A1out. A hit in A1in does nothing.
 */
final class TwoQPolicy implements EvictionPolicy {
  private static final int A1_IN = 0;
  private static final int AM = 1;
  private static final int A1_OUT = 2;

  private PageNodes nodes = new PageNodes();
  private NodeLists lists = new NodeLists(3);
  private byte[] listOf = new byte[0];
  private int kin;
  private int kout;

  @Override
  public String name() {
    return "2Q";
  }

  @Override
  public void capacity(int pages) {
    Capacities.check(pages);
    nodes = new PageNodes();
    lists = new NodeLists(3);
    kin = Math.max(1, pages / 4);
    kout = Math.max(1, pages / 2);
  }

  @Override
  public void hit(long pageId) {
    int node = nodes.find(pageId);
    if (node != PageNodes.NONE && listOf[node] == AM) {
      lists.moveToLast(AM, node);
    }
  }

  @Override
  public void load(long pageId) {
    int node = nodes.find(pageId);
    if (node == PageNodes.NONE) {
      put(A1_IN, nodes.add(pageId));
    } else {
      lists.remove(A1_OUT, node);
      put(AM, node);
    }
  }

  @Override
  public long evict(LongPredicate evictable) {
    int preferred = lists.size(A1_IN) > kin || lists.size(AM) == 0 ? A1_IN : AM;
    long id = evictFrom(preferred, evictable);
    return id == NO_PAGE ? evictFrom(AM - preferred, evictable) : id;
  }

  private long evictFrom(int list, LongPredicate evictable) {
    for (int node = lists.first(list); node != NodeLists.NONE; node = lists.next(node)) {
      long id = nodes.id(node);
      if (evictable.test(id)) {
        lists.remove(list, node);
        if (list == A1_IN) {
          put(A1_OUT, node);
          forgetBeyondKout();
        } else {
          nodes.remove(node);
        }
        return id;
      }
    }
    return NO_PAGE;
  }

  private void forgetBeyondKout() {
    if (lists.size(A1_OUT) > kout) {
      int oldest = lists.first(A1_OUT);
      lists.remove(A1_OUT, oldest);
      nodes.remove(oldest);
    }
  }

  @Override
  public void remove(long pageId) {
    int node = nodes.find(pageId);
    if (node != PageNodes.NONE && listOf[node] != A1_OUT) {
      lists.remove(listOf[node], node);
      nodes.remove(node);
    }
  }

  private void put(int list, int node) {
    if (listOf.length < nodes.limit()) {
      listOf = Arrays.copyOf(listOf, nodes.limit());
    }
    listOf[node] = (byte) list;
    lists.addLast(list, node);
  }
}
