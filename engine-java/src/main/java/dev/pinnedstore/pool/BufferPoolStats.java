package dev.pinnedstore.pool;

/**
 * What a pool did so far and what it holds now. Counts of one moment each, not all of the same;
 * those of lookups may miss some where many threads run.
 *
 * @param frames frames of the pool
 * @param freeFrames frames without a page
 * @param pinnedFrames frames whose page is pinned, shared or exclusively
 * @param dirtyFrames frames whose page storage does not have yet, with those being written
 * @param sharedLookups calls of {@code pin}
 * @param exclusiveLookups calls of {@code pinExclusive}
 * @param optimisticLookups calls of {@code readOptimistic} and the like
 * @param sharedMisses of {@code sharedLookups}, those that loaded their page; who waited for
 *     another's load counts as a hit, and among the waits
 * @param exclusiveMisses the same of {@code exclusiveLookups}
 * @param optimisticMisses the same of {@code optimisticLookups}
 * @param optimisticRetries optimistic reads that were done again, since the page changed
 * @param newPages pages that were made
 * @param pageReads pages read from storage
 * @param pageWrites pages written to their places
 * @param evictions pages that left their frame
 * @param failedEvictions searches for a victim that found none; whoever waits for a frame searches
 *     again and again
 * @param searchedPages candidates that these searches looked at
 * @param backgroundFlushes batches written by the thread of the pool
 * @param sharedAllocations frames taken from the common stack
 * @param perCoreAllocations frames taken from stacks of some threads
 * @param exhaustions {@code PoolExhaustedException}s
 * @param latchWaits waits for a page that others loaded or held
 * @param latchWaitMicros how long these took, in microseconds
 * @param ioWaitMicros how long threads waited for reads and writes, in microseconds
 * @param readAheadPages pages read before anybody asked, by read-ahead and prefetch
 * @param readAheadUnused of these, those that left unread
 * @param droppedPrefetches prefetch requests that found the queue full
 * @param restoredPages damaged pages that the double-write area or the log restored
 * @param metadataBytes heap of the tables of pages and frames, without that of the policy, in bytes
 * @param readLatency of reads
 * @param writeLatency of writes
 */
public record BufferPoolStats(
    int frames,
    int freeFrames,
    int pinnedFrames,
    int dirtyFrames,
    long sharedLookups,
    long exclusiveLookups,
    long optimisticLookups,
    long sharedMisses,
    long exclusiveMisses,
    long optimisticMisses,
    long optimisticRetries,
    long newPages,
    long pageReads,
    long pageWrites,
    long evictions,
    long failedEvictions,
    long searchedPages,
    long backgroundFlushes,
    long sharedAllocations,
    long perCoreAllocations,
    long exhaustions,
    long latchWaits,
    long latchWaitMicros,
    long ioWaitMicros,
    long readAheadPages,
    long readAheadUnused,
    long droppedPrefetches,
    long restoredPages,
    long metadataBytes,
    LatencyHistogram readLatency,
    LatencyHistogram writeLatency) {

  /**
   * Returns all lookups.
   *
   * @return calls of {@code pin}, {@code pinExclusive} and {@code readOptimistic}
   */
  public long lookups() {
    return sharedLookups + exclusiveLookups + optimisticLookups;
  }

  /**
   * Returns the lookups that loaded their page.
   *
   * @return misses
   */
  public long misses() {
    return sharedMisses + exclusiveMisses + optimisticMisses;
  }

  /**
   * Returns the lookups that found their page, or another thread that was loading it.
   *
   * @return hits
   */
  public long hits() {
    return Math.max(0, lookups() - misses());
  }

  /**
   * Returns the part of all lookups that found their page.
   *
   * @return 0 to 1; 0 without lookups
   */
  public double hitRatio() {
    return ratio(lookups(), misses());
  }

  /**
   * Returns the same of shared pins.
   *
   * @return 0 to 1
   */
  public double sharedHitRatio() {
    return ratio(sharedLookups, sharedMisses);
  }

  /**
   * Returns the same of exclusive pins.
   *
   * @return 0 to 1
   */
  public double exclusiveHitRatio() {
    return ratio(exclusiveLookups, exclusiveMisses);
  }

  /**
   * Returns the same of optimistic reads.
   *
   * @return 0 to 1
   */
  public double optimisticHitRatio() {
    return ratio(optimisticLookups, optimisticMisses);
  }

  /**
   * Returns how many candidates a search for a victim looked at.
   *
   * @return the mean; 0 without searches
   */
  public double averageSearchLength() {
    long searches = evictions + failedEvictions;
    return searches == 0 ? 0 : (double) searchedPages / searches;
  }

  /**
   * Returns the part of all frames that is dirty.
   *
   * @return 0 to 1
   */
  public double dirtyRatio() {
    return (double) dirtyFrames / frames;
  }

  private static double ratio(long lookups, long misses) {
    return lookups == 0 ? 0 : (double) Math.max(0, lookups - misses) / lookups;
  }
}
