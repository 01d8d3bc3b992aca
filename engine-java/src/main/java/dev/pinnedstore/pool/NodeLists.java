package dev.pinnedstore.pool;

import java.util.Arrays;

/** Doubly linked lists of nodes; a node is in one of them at most. 8 bytes a node. */
final class NodeLists {
  /** No node. */
  static final int NONE = -1;

  /** In {@link #previous} of a node that is in no list. */
  private static final int OUT = -2;

  private int[] previous = new int[0];
  private int[] next = new int[0];
  private final int[] first;
  private final int[] last;
  private final int[] sizes;

  NodeLists(int lists) {
    first = new int[lists];
    last = new int[lists];
    sizes = new int[lists];
    Arrays.fill(first, NONE);
    Arrays.fill(last, NONE);
  }

  int size(int list) {
    return sizes[list];
  }

  int first(int list) {
    return first[list];
  }

  int last(int list) {
    return last[list];
  }

  int next(int node) {
    return next[node];
  }

  int previous(int node) {
    return previous[node];
  }

  boolean contains(int node) {
    return node < previous.length && previous[node] != OUT;
  }

  /** Puts a node that is in no list at the end of one. */
  void addLast(int list, int node) {
    makeRoom(node);
    previous[node] = last[list];
    next[node] = NONE;
    if (last[list] == NONE) {
      first[list] = node;
    } else {
      next[last[list]] = node;
    }
    last[list] = node;
    sizes[list]++;
  }

  /** Takes a node out of the list that it is in. */
  void remove(int list, int node) {
    int before = previous[node];
    int after = next[node];
    if (before == NONE) {
      first[list] = after;
    } else {
      next[before] = after;
    }
    if (after == NONE) {
      last[list] = before;
    } else {
      previous[after] = before;
    }
    previous[node] = OUT;
    sizes[list]--;
  }

  void moveToLast(int list, int node) {
    if (last[list] != node) {
      remove(list, node);
      addLast(list, node);
    }
  }

  private void makeRoom(int node) {
    int length = previous.length;
    if (node >= length) {
      int grown = Math.max(16, Integer.highestOneBit(node) << 1);
      previous = Arrays.copyOf(previous, grown);
      next = Arrays.copyOf(next, grown);
      Arrays.fill(previous, length, grown, OUT);
    }
  }
}
