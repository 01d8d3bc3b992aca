package dev.pinnedstore.pool;

/** Reads the counters of a pool. */
final class PoolReport {
  /** Bytes of page id, LSN, recovery LSN, flags and two of the free list of a frame. */
  private static final int FRAME_BYTES = 3 * Long.BYTES + 3 * Integer.BYTES;

  private PoolReport() {}

  /** With those that are being written. */
  private static int dirty(FrameTable frames) {
    int dirty = 0;
    for (int frame = 0; frame < frames.count; frame++) {
      int flags = frames.flags(frame);
      dirty += (flags & (FrameTable.DIRTY | FrameTable.FLUSHING)) != 0 ? 1 : 0;
    }
    return dirty;
  }

  static BufferPoolStats of(PoolParts parts, int pinned) {
    PoolCounters counts = parts.counters;
    return new BufferPoolStats(
        parts.frames.count,
        parts.free.count(),
        pinned,
        dirty(parts.frames),
        counts.lookups.sum(PoolCounters.SHARED),
        counts.lookups.sum(PoolCounters.EXCLUSIVE),
        counts.lookups.sum(PoolCounters.OPTIMISTIC),
        counts.misses[PoolCounters.SHARED].sum(),
        counts.misses[PoolCounters.EXCLUSIVE].sum(),
        counts.misses[PoolCounters.OPTIMISTIC].sum(),
        counts.retries.sum(),
        counts.newPages.sum(),
        counts.pageReads.sum(),
        counts.pageWrites.sum(),
        counts.evictions.sum(),
        counts.failedEvictions.sum(),
        counts.searchedPages.sum(),
        counts.backgroundFlushes.sum(),
        parts.free.takenFromCommon(),
        parts.free.takenFromShelves(),
        counts.exhaustions.sum(),
        parts.waits.waits(),
        parts.waits.waitNanos() / 1000,
        counts.ioWaitNanos.sum() / 1000,
        counts.aheadPages.sum(),
        counts.aheadUnused.sum(),
        counts.droppedPrefetches.sum(),
        counts.restoredPages.sum(),
        parts.table.bytes() + (long) parts.frames.count * FRAME_BYTES + parts.accesses.bytes(),
        counts.readLatency.snapshot(),
        counts.writeLatency.snapshot());
  }
}
