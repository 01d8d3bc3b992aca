package dev.pinnedstore.pool;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** What happens beside the hit path, counted. */
final class PoolCounters {
  /** Kinds of access. */
  static final int SHARED = 0;

  static final int EXCLUSIVE = 1;
  static final int OPTIMISTIC = 2;

  private static final int KINDS = 3;

  final LookupCounters lookups = new LookupCounters();
  final LongAdder[] misses = adders(KINDS);
  final LongAdder retries = new LongAdder();
  final LongAdder newPages = new LongAdder();
  final LongAdder pageReads = new LongAdder();
  final LongAdder pageWrites = new LongAdder();
  final LongAdder evictions = new LongAdder();
  final LongAdder failedEvictions = new LongAdder();
  final LongAdder searchedPages = new LongAdder();
  final LongAdder backgroundFlushes = new LongAdder();
  final LongAdder exhaustions = new LongAdder();
  final LongAdder ioWaitNanos = new LongAdder();
  final LongAdder aheadPages = new LongAdder();
  final LongAdder aheadUnused = new LongAdder();
  final LongAdder droppedPrefetches = new LongAdder();
  final LongAdder restoredPages = new LongAdder();

  /** Frames that are dirty now. */
  final AtomicInteger dirtyFrames = new AtomicInteger();

  /** The largest LSN that a page was marked with. */
  final LongAccumulator newestLsn = new LongAccumulator(Math::max, 0);

  final LatencyHistogram.Recorder readLatency = new LatencyHistogram.Recorder();
  final LatencyHistogram.Recorder writeLatency = new LatencyHistogram.Recorder();

  private static LongAdder[] adders(int count) {
    LongAdder[] adders = new LongAdder[count];
    for (int i = 0; i < count; i++) {
      adders[i] = new LongAdder();
    }
    return adders;
  }
}
