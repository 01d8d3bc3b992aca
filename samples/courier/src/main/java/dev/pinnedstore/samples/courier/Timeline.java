package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.StoreEvent;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a store held and what happened to its pages, over time. Safe for threads.
 *
 * <p>Time is cut into {@value #SPANS} spans of equal width. When they are used up, two become one
 * and all are twice as wide: the memory is the same however long the run is, and at least half of
 * the spans are in use.
 */
final class Timeline {
  /** Even; more than a chart has columns to show. */
  static final int SPANS = 512;

  /** The width of a span at the beginning. */
  static final long FIRST_SPAN_NANOS = 2_000_000;

  private final Series live = new Series(SPANS);
  private final Series committed = new Series(SPANS);
  private final Map<StoreEvent.Kind, long[]> counts = new EnumMap<>(StoreEvent.Kind.class);
  private final Map<StoreEvent.Kind, Long> durations = new EnumMap<>(StoreEvent.Kind.class);
  private long spanNanos = FIRST_SPAN_NANOS;
  private long lastNanos;

  /** Notes what the store holds; the time counts from the beginning. */
  synchronized void sample(long nanos, long liveBytes, long committedBytes) {
    int span = span(nanos);
    live.add(span, liveBytes);
    committed.add(span, committedBytes);
  }

  /** Notes that something happened; the time counts from the beginning. */
  synchronized void event(StoreEvent.Kind kind, long nanos, long durationNanos) {
    int span = span(nanos);
    counts.computeIfAbsent(kind, _ -> new long[SPANS])[span]++;
    durations.merge(kind, durationNanos, Long::sum);
  }

  /** How many spans there are up to the last sample or event. */
  synchronized int spans() {
    return (int) (lastNanos / spanNanos) + 1;
  }

  synchronized long spanNanos() {
    return spanNanos;
  }

  /** When the last sample or event was. */
  synchronized long lastNanos() {
    return lastNanos;
  }

  /** Live bytes; to be read when nothing is noted any more. */
  Series live() {
    return live;
  }

  /** Committed bytes; to be read when nothing is noted any more. */
  Series committed() {
    return committed;
  }

  /** How many events of a kind there were in a span. */
  synchronized long count(StoreEvent.Kind kind, int span) {
    long[] of = counts.get(kind);
    return of == null ? 0 : of[span];
  }

  /** How many events of a kind there were. */
  synchronized long count(StoreEvent.Kind kind) {
    long sum = 0;
    for (int span = 0; span < SPANS; span++) {
      sum += count(kind, span);
    }
    return sum;
  }

  /** How long the events of a kind took together, in ns. */
  synchronized long durationNanos(StoreEvent.Kind kind) {
    return durations.getOrDefault(kind, 0L);
  }

  private int span(long nanos) {
    while (nanos / spanNanos >= SPANS) {
      fold();
    }
    lastNanos = Math.max(lastNanos, nanos);
    return (int) (nanos / spanNanos);
  }

  private void fold() {
    live.fold();
    committed.fold();
    for (long[] of : counts.values()) {
      for (int span = 0; span < SPANS; span++) {
        of[span] = span < SPANS / 2 ? of[2 * span] + of[2 * span + 1] : 0;
      }
    }
    spanNanos *= 2;
  }
}
