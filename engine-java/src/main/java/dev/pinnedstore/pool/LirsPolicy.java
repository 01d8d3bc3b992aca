package dev.pinnedstore.pool;

import java.util.Arrays;
import java.util.function.LongPredicate;

/**
 * LIRS. The stack S orders pages by their last use; its bottom is always a page of low inter-
 * reference recency (LIR). Resident pages of high recency (HIR) leave through the queue Q; those
 * that left stay in S as ghosts while they are above its bottom, and become LIR when they come
 * back.
 */
final class LirsPolicy implements EvictionPolicy {
  private static final byte LIR = 0;
  private static final byte HIR = 1;
  private static final byte GHOST = 2;

  private static final int QUEUE = 0;
  private static final int GHOSTS = 1;

  private PageNodes nodes = new PageNodes();
  private NodeLists stack = new NodeLists(1);

  /** Resident HIR pages, and ghosts in the order in which they left. */
  private NodeLists queues = new NodeLists(2);

  private byte[] states = new byte[0];
  private int lirPages;
  private int maxLirPages;
  private int maxGhosts;

  @Override
  public String name() {
    return "LIRS";
  }

  @Override
  public void capacity(int pages) {
    Capacities.check(pages);
    nodes = new PageNodes();
    stack = new NodeLists(1);
    queues = new NodeLists(2);
    lirPages = 0;
    maxLirPages = Math.max(0, pages - Math.max(2, pages / 100));
    maxGhosts = (int) Math.min(3L * pages, Integer.MAX_VALUE);
  }

  @Override
  public void hit(long pageId) {
    int node = nodes.find(pageId);
    if (node == PageNodes.NONE || states[node] == GHOST) {
      return;
    }
    if (states[node] == LIR) {
      stack.moveToLast(0, node);
      prune();
    } else if (stack.contains(node)) {
      queues.remove(QUEUE, node);
      promote(node);
    } else {
      stack.addLast(0, node);
      queues.moveToLast(QUEUE, node);
    }
  }

  @Override
  public void load(long pageId) {
    int node = nodes.find(pageId);
    if (node != PageNodes.NONE) {
      queues.remove(GHOSTS, node);
      promote(node);
      return;
    }
    node = nodes.add(pageId);
    stack.addLast(0, node);
    if (lirPages < maxLirPages) {
      state(node, LIR);
      lirPages++;
    } else {
      state(node, HIR);
      queues.addLast(QUEUE, node);
    }
  }

  /** Makes a page of the stack LIR, and the LIR page that was not used for longest HIR. */
  private void promote(int node) {
    state(node, LIR);
    lirPages++;
    stack.moveToLast(0, node);
    if (lirPages > maxLirPages) {
      // The bottom of the stack, or this page itself where none may be LIR.
      prune();
      int bottom = stack.first(0);
      stack.remove(0, bottom);
      state(bottom, HIR);
      queues.addLast(QUEUE, bottom);
      lirPages--;
    }
    prune();
  }

  /** Takes away what is below the last LIR page: coming back it would not become LIR. */
  private void prune() {
    for (int node = stack.first(0);
        node != NodeLists.NONE && states[node] != LIR;
        node = stack.first(0)) {
      stack.remove(0, node);
      if (states[node] == GHOST) {
        queues.remove(GHOSTS, node);
        nodes.remove(node);
      }
    }
  }

  @Override
  public long evict(LongPredicate evictable) {
    for (int node = queues.first(QUEUE); node != NodeLists.NONE; node = queues.next(node)) {
      long id = nodes.id(node);
      if (evictable.test(id)) {
        queues.remove(QUEUE, node);
        leave(node);
        return id;
      }
    }
    // All of Q is pinned, or there is none yet.
    for (int node = stack.first(0); node != NodeLists.NONE; node = stack.next(node)) {
      long id = nodes.id(node);
      if (states[node] == LIR && evictable.test(id)) {
        forget(node);
        return id;
      }
    }
    return NO_PAGE;
  }

  private void leave(int node) {
    if (!stack.contains(node)) {
      nodes.remove(node);
      return;
    }
    state(node, GHOST);
    queues.addLast(GHOSTS, node);
    if (queues.size(GHOSTS) > maxGhosts) {
      int oldest = queues.first(GHOSTS);
      queues.remove(GHOSTS, oldest);
      stack.remove(0, oldest);
      nodes.remove(oldest);
    }
  }

  @Override
  public void remove(long pageId) {
    int node = nodes.find(pageId);
    if (node == PageNodes.NONE || states[node] == GHOST) {
      return;
    }
    if (states[node] == HIR) {
      queues.remove(QUEUE, node);
    }
    forget(node);
  }

  /** Forgets a page of no queue. */
  private void forget(int node) {
    if (states[node] == LIR) {
      lirPages--;
    }
    if (stack.contains(node)) {
      stack.remove(0, node);
    }
    nodes.remove(node);
    prune();
  }

  private void state(int node, byte state) {
    if (states.length < nodes.limit()) {
      states = Arrays.copyOf(states, nodes.limit());
    }
    states[node] = state;
  }
}
