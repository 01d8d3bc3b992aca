package dev.pinnedstore.pool;

import java.util.Arrays;
import java.util.function.LongPredicate;

/**
 * LRU-K. Each page has the times of its last k uses, which stay when it leaves; resident pages are
 * a heap with the oldest k-th use on top. A page used less than k times has used it last at time 0;
 * among these the least recently used one is on top.
 */
final class LruKPolicy implements EvictionPolicy {
  private static final int MIN_HISTORY = 1 << 16;

  /** The list of pages that left, in the order of leaving. */
  private static final int LEFT = 0;

  private final int k;
  private PageNodes nodes = new PageNodes();
  private NodeLists left = new NodeLists(1);

  /** The times of the last k uses of each node, the latest first. */
  private long[] uses = new long[0];

  /** Where each resident node is in the heap. */
  private int[] places = new int[0];

  private int[] heap = new int[0];
  private int heapSize;
  private int maxHistory;
  private long now;

  LruKPolicy(int k) {
    if (k < 1 || k > 16) {
      throw new IllegalArgumentException("k=" + k + ": must be between 1 and 16");
    }
    this.k = k;
  }

  @Override
  public String name() {
    return "LRU-" + k;
  }

  @Override
  public void capacity(int pages) {
    Capacities.check(pages);
    nodes = new PageNodes();
    left = new NodeLists(1);
    uses = new long[0];
    places = new int[0];
    heap = new int[16];
    heapSize = 0;
    now = 0;
    maxHistory = (int) Math.min(Math.max(MIN_HISTORY, 8L * pages), Integer.MAX_VALUE >> 5);
  }

  @Override
  public void hit(long pageId) {
    int node = nodes.find(pageId);
    if (node != PageNodes.NONE && !left.contains(node)) {
      use(node);
      siftDown(places[node]);
    }
  }

  @Override
  public void load(long pageId) {
    int node = nodes.find(pageId);
    if (node == PageNodes.NONE) {
      node = nodes.add(pageId);
      makeRoom();
      Arrays.fill(uses, node * k, node * k + k, 0);
    } else {
      left.remove(LEFT, node);
    }
    use(node);
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, 2 * heapSize);
    }
    set(heapSize++, node);
    siftUp(heapSize - 1);
  }

  private void use(int node) {
    System.arraycopy(uses, node * k, uses, node * k + 1, k - 1);
    uses[node * k] = ++now;
  }

  @Override
  public long evict(LongPredicate evictable) {
    int[] refused = new int[0];
    int count = 0;
    long chosen = NO_PAGE;
    while (heapSize > 0 && chosen == NO_PAGE) {
      int node = heap[0];
      long id = nodes.id(node);
      boolean accepted = evictable.test(id);
      takeOut(0);
      if (accepted) {
        chosen = id;
        left.addLast(LEFT, node);
        forgetBeyondHistory();
      } else {
        if (count == refused.length) {
          refused = Arrays.copyOf(refused, Math.max(8, 2 * count));
        }
        refused[count++] = node;
      }
    }
    for (int i = 0; i < count; i++) {
      set(heapSize++, refused[i]);
      siftUp(heapSize - 1);
    }
    return chosen;
  }

  private void forgetBeyondHistory() {
    if (left.size(LEFT) > maxHistory) {
      int oldest = left.first(LEFT);
      left.remove(LEFT, oldest);
      nodes.remove(oldest);
    }
  }

  @Override
  public void remove(long pageId) {
    int node = nodes.find(pageId);
    if (node != PageNodes.NONE && !left.contains(node)) {
      takeOut(places[node]);
      nodes.remove(node);
    }
  }

  private void takeOut(int place) {
    int moved = heap[--heapSize];
    if (place < heapSize) {
      set(place, moved);
      siftUp(place);
      siftDown(places[moved]);
    }
  }

  private void siftUp(int from) {
    int place = from;
    int node = heap[place];
    while (place > 0 && isBefore(node, heap[(place - 1) >> 1])) {
      set(place, heap[(place - 1) >> 1]);
      place = (place - 1) >> 1;
    }
    set(place, node);
  }

  private void siftDown(int from) {
    int place = from;
    int node = heap[place];
    for (int child = 2 * place + 1; child < heapSize; child = 2 * place + 1) {
      if (child + 1 < heapSize && isBefore(heap[child + 1], heap[child])) {
        child++;
      }
      if (!isBefore(heap[child], node)) {
        break;
      }
      set(place, heap[child]);
      place = child;
    }
    set(place, node);
  }

  private boolean isBefore(int a, int b) {
    long kthA = uses[a * k + k - 1];
    long kthB = uses[b * k + k - 1];
    return kthA != kthB ? kthA < kthB : uses[a * k] < uses[b * k];
  }

  private void set(int place, int node) {
    heap[place] = node;
    places[node] = place;
  }

  private void makeRoom() {
    if (places.length < nodes.limit()) {
      places = Arrays.copyOf(places, nodes.limit());
      uses = Arrays.copyOf(uses, nodes.limit() * k);
    }
  }
}
