package dev.pinnedstore.pool;

import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Recognises sequential readers of one file by their misses, up to eight at once. After two misses
 * in a row a stream gets a window of pages to be read ahead, each twice as long as the one before,
 * up to a bound. Pages that leave unread end all streams and halve the bound; it grows again, from
 * the shortest window, with streams that are proven anew.
 */
final class ReadAheadStreams {
  private static final int STREAMS = 8;
  private static final int FIRST_WINDOW = 8;

  /** The first page and the number of pages to be read ahead; none. */
  static final long NOTHING = 0;

  private static final int COUNT_BITS = 16;

  private final int longest;
  private int bound;

  /** The page that each stream reads or wants next, its last window, and how recent it is. */
  private final long[] next = new long[STREAMS];

  private final int[] windows = new int[STREAMS];
  private final long[] uses = new long[STREAMS];
  private long clock;

  private final ReentrantLock lock = new ReentrantLock();

  ReadAheadStreams(int longest) {
    this.longest = longest;
    this.bound = longest;
    Arrays.fill(next, -1);
  }

  boolean isOff() {
    return longest == 0;
  }

  static long first(long plan) {
    return plan >>> COUNT_BITS;
  }

  static int count(long plan) {
    return (int) plan & ((1 << COUNT_BITS) - 1);
  }

  /**
   * Tells of a miss; returns what to read behind that page. Waits for nobody: of two threads that
   * miss at the same moment one is not heard, which is as good as a miss in between.
   */
  long missed(long page) {
    if (!lock.tryLock()) {
      return NOTHING;
    }
    try {
      int stream = find(page);
      uses[stream] = ++clock;
      if (next[stream] != page) {
        next[stream] = page + 1;
        windows[stream] = 0;
        return NOTHING;
      }
      return advance(stream, page + 1);
    } finally {
      lock.unlock();
    }
  }

  /** Tells that the first page of a window was used; returns what to read behind that window. */
  long reached(long page) {
    lock.lock();
    try {
      for (int i = 0; i < STREAMS; i++) {
        // Its window is [next - window, next): the reader has just entered it.
        if (windows[i] > 0 && page >= next[i] - windows[i] && page < next[i]) {
          uses[i] = ++clock;
          return advance(i, next[i]);
        }
      }
      return NOTHING;
    } finally {
      lock.unlock();
    }
  }

  /** Tells that a page left that was read ahead and not used. */
  void wasted() {
    lock.lock();
    try {
      bound /= 2;
      for (int i = 0; i < STREAMS; i++) {
        windows[i] = 0;
        next[i] = -1;
      }
    } finally {
      lock.unlock();
    }
  }

  private long advance(int stream, long from) {
    if (bound < FIRST_WINDOW) {
      // Stopped, or short: the proof of a stream lets it begin again, small.
      bound = Math.min(longest, bound == 0 ? 1 : 2 * bound);
    }
    int window = Math.min(bound, windows[stream] == 0 ? FIRST_WINDOW : 2 * windows[stream]);
    windows[stream] = window;
    next[stream] = from + window;
    return (from << COUNT_BITS) | window;
  }

  private int find(long page) {
    int oldest = 0;
    for (int i = 0; i < STREAMS; i++) {
      if (next[i] == page) {
        return i;
      }
      if (uses[i] < uses[oldest]) {
        oldest = i;
      }
    }
    return oldest;
  }
}
