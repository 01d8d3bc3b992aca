package dev.pinnedstore.samples.courier;

/** The lowest and the highest value seen in each of a fixed number of spans. For one thread. */
final class Series {
  private static final long NONE = -1;

  private final long[] low;
  private final long[] high;

  Series(int spans) {
    this.low = new long[spans];
    this.high = new long[spans];
    clear(0);
  }

  /** Notes a value, 0 or more. */
  void add(int span, long value) {
    low[span] = has(span) ? Math.min(low[span], value) : value;
    high[span] = Math.max(high[span], value);
  }

  /** Whether a value was seen in the span. */
  boolean has(int span) {
    return high[span] != NONE;
  }

  long low(int span) {
    return low[span];
  }

  long high(int span) {
    return high[span];
  }

  /** The highest value of all, 0 where there is none. */
  long peak() {
    long peak = 0;
    for (long value : high) {
      peak = Math.max(peak, value);
    }
    return peak;
  }

  /** Makes one span of every two; the second half is empty then. */
  void fold() {
    int half = high.length / 2;
    for (int span = 0; span < half; span++) {
      int first = 2 * span;
      long lowest = has(first) ? low[first] : low[first + 1];
      low[span] = has(first + 1) ? Math.min(lowest, low[first + 1]) : lowest;
      high[span] = Math.max(high[first], high[first + 1]);
    }
    clear(half);
  }

  private void clear(int from) {
    for (int span = from; span < high.length; span++) {
      low[span] = NONE;
      high[span] = NONE;
    }
  }
}
