package dev.pinnedstore.pool;

import java.util.Arrays;

/**
 * The pages that a policy knows: each a node, a small number, found by its page id. Open addressing
 * with linear probing; grows by doubling and never shrinks. 14 to 24 bytes a node.
 */
final class PageNodes {
  /** No node. */
  static final int NONE = -1;

  private static final int FIRST_NODES = 16;

  /** The page of each node; of a free node the next free one. */
  private long[] ids = new long[FIRST_NODES];

  /** The node and 1, 0 where there is none; a power of two in size. */
  private int[] table = new int[2 * FIRST_NODES];

  private int used;
  private int free = NONE;
  private int size;

  /** Returns how many nodes there are. */
  int size() {
    return size;
  }

  /** Returns a bound of all nodes so far: arrays beside this one have that length. */
  int limit() {
    return ids.length;
  }

  long id(int node) {
    return ids[node];
  }

  /** Returns the node of a page, or {@link #NONE}. */
  int find(long id) {
    int mask = table.length - 1;
    for (int at = home(id, mask); ; at = (at + 1) & mask) {
      int entry = table[at];
      if (entry == 0) {
        return NONE;
      }
      if (ids[entry - 1] == id) {
        return entry - 1;
      }
    }
  }

  /** Makes the node of a page that has none. */
  int add(long id) {
    int node = free;
    if (node == NONE) {
      if (used == ids.length) {
        grow();
      }
      node = used++;
    } else {
      free = (int) ids[node];
    }
    ids[node] = id;
    insert(node);
    size++;
    return node;
  }

  void remove(int node) {
    int mask = table.length - 1;
    int gap = home(ids[node], mask);
    while (table[gap] != node + 1) {
      gap = (gap + 1) & mask;
    }
    // What follows moves up unless it would come before its home.
    for (int at = (gap + 1) & mask; table[at] != 0; at = (at + 1) & mask) {
      int home = home(ids[table[at] - 1], mask);
      if (((at - home) & mask) >= ((at - gap) & mask)) {
        table[gap] = table[at];
        gap = at;
      }
    }
    table[gap] = 0;
    ids[node] = free;
    free = node;
    size--;
  }

  private void grow() {
    ids = Arrays.copyOf(ids, 2 * ids.length);
    // Between 1.3 and 2.7 entries a node: longer probes for less memory.
    if (table.length < ids.length + (ids.length >> 2)) {
      table = new int[2 * table.length];
      for (int node = 0; node < used; node++) {
        insert(node);
      }
    }
  }

  private void insert(int node) {
    int mask = table.length - 1;
    int at = home(ids[node], mask);
    while (table[at] != 0) {
      at = (at + 1) & mask;
    }
    table[at] = node + 1;
  }

  private static int home(long id, int mask) {
    return (int) ((id * 0x9E3779B97F4A7C15L) >>> 32) & mask;
  }
}
