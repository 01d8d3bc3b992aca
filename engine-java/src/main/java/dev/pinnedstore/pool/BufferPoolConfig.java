package dev.pinnedstore.pool;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * The settings of a pool, checked. {@link BufferPool#builder(BufferPoolConfig)} changes some of
 * them.
 *
 * @param pageSize bytes of a page on storage, a power of two between 4096 and 2 MiB
 * @param frames pages that are resident at most, 1 to 2^26
 * @param evictionPolicy makes the policy of each pool
 * @param pageTablePartitions stripes on which threads wait for pages, 1 to 65,536
 * @param perCorePools whether free frames are kept by thread, about one set for each processor
 * @param framesPerCore how many of them each, 1 to 1024
 * @param maxFlushBatch pages that are written together at most, 1 to 1024
 * @param backgroundFlush whether a thread writes dirty pages
 * @param flushInterval after how long it writes all of them, 1 ms to 365 days
 * @param dirtyThreshold beyond which part of all frames it writes at once, more than 0 to 1
 * @param maxLogAge how many LSNs the oldest change of a dirty page may lie behind the newest before
 *     it is written; 1 or more
 * @param prefetch whether explicit prefetches are done by threads of the pool and not by the caller
 * @param prefetchThreads how many threads, 1 to 64
 * @param prefetchQueue requests that wait for them at most, 1 to 2^20; more are dropped and counted
 * @param readAhead pages that are read ahead of a sequential reader at most, 0 for none, to 1024
 * @param dataDirectory where the file is if neither a file nor storage is named
 * @param checksums whether each page ends in a checksum, its LSN and its number, 16 bytes
 * @param doubleWrite whether pages are written twice, so that none is torn by a crash
 * @param pinTimeout how long to wait for a frame when all are pinned, 0 to 365 days
 * @param latchTimeout how long to wait for a page that others hold, 1 ms to 365 days
 * @param leakDetection whether it is recorded where each guard was taken, at the cost of a stack
 *     trace
 */
public record BufferPoolConfig(
    int pageSize,
    int frames,
    Supplier<? extends EvictionPolicy> evictionPolicy,
    int pageTablePartitions,
    boolean perCorePools,
    int framesPerCore,
    int maxFlushBatch,
    boolean backgroundFlush,
    Duration flushInterval,
    double dirtyThreshold,
    long maxLogAge,
    boolean prefetch,
    int prefetchThreads,
    int prefetchQueue,
    int readAhead,
    Path dataDirectory,
    boolean checksums,
    boolean doubleWrite,
    Duration pinTimeout,
    Duration latchTimeout,
    boolean leakDetection) {
  private static final Duration SHORTEST = Duration.ofMillis(1);
  private static final Duration LONGEST = Duration.ofDays(365);

  /**
   * Checks each value.
   *
   * @throws IllegalArgumentException if one is out of its range; the message names it
   */
  public BufferPoolConfig {
    if (pageSize < 4096 || pageSize > 2 << 20 || Integer.bitCount(pageSize) != 1) {
      throw new IllegalArgumentException(
          "pageSize=" + pageSize + ": must be a power of two between 4096 and 2097152 bytes");
    }
    Objects.requireNonNull(evictionPolicy, "evictionPolicy");
    Objects.requireNonNull(dataDirectory, "dataDirectory");
    check("frames", frames, 1, PageWordLayout.MAX_FRAMES);
    check("pageTablePartitions", pageTablePartitions, 1, 1 << 16);
    check("framesPerCore", framesPerCore, 1, 1024);
    check("maxFlushBatch", maxFlushBatch, 1, 1024);
    check("flushInterval", flushInterval, SHORTEST);
    if (!(dirtyThreshold > 0 && dirtyThreshold <= 1)) {
      throw new IllegalArgumentException(
          "dirtyThreshold=" + dirtyThreshold + ": must be more than 0 and at most 1");
    }
    if (maxLogAge < 1) {
      throw new IllegalArgumentException("maxLogAge=" + maxLogAge + ": must be 1 or more");
    }
    check("prefetchThreads", prefetchThreads, 1, 64);
    check("prefetchQueue", prefetchQueue, 1, 1 << 20);
    check("readAhead", readAhead, 0, 1024);
    check("pinTimeout", pinTimeout, Duration.ZERO);
    check("latchTimeout", latchTimeout, SHORTEST);
  }

  private static void check(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + "=" + value + ": must be between " + least + " and " + most);
    }
  }

  private static void check(String name, Duration value, Duration least) {
    Objects.requireNonNull(value, name);
    if (value.compareTo(least) < 0 || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          name + "=" + value + ": must be between " + least + " and PT8760H (365 days)");
    }
  }

  /**
   * Returns the defaults: 10,000 frames of 4096 bytes, CLOCK, batches of 32.
   *
   * @return the settings
   */
  public static BufferPoolConfig defaults() {
    return new BufferPoolConfig(
        4096,
        10_000,
        EvictionPolicy::clock,
        16,
        true,
        8,
        32,
        true,
        Duration.ofSeconds(30),
        0.7,
        Long.MAX_VALUE,
        false,
        2,
        256,
        256,
        Path.of("data"),
        true,
        true,
        Duration.ofMillis(100),
        Duration.ofMinutes(1),
        false);
  }

  /**
   * Returns settings for short transactions: the defaults.
   *
   * @return the settings
   */
  public static BufferPoolConfig oltp() {
    return defaults();
  }

  /**
   * Returns the same for a number of frames.
   *
   * @param frames pages that are resident at most
   * @return the settings
   */
  public static BufferPoolConfig oltp(int frames) {
    return BufferPool.builder(oltp()).frames(frames).config();
  }

  /**
   * Returns settings for scans: 2Q, no free frames by thread, batches of 128, writes from half
   * dirty on.
   *
   * @return the settings
   */
  public static BufferPoolConfig olap() {
    return BufferPool.builder()
        .evictionPolicy(EvictionPolicy::twoQ)
        .perCorePools(false)
        .maxFlushBatch(128)
        .dirtyThreshold(0.5)
        .config();
  }

  /**
   * Returns the same for a number of frames.
   *
   * @param frames pages that are resident at most
   * @return the settings
   */
  public static BufferPoolConfig olap(int frames) {
    return BufferPool.builder(olap()).frames(frames).config();
  }
}
