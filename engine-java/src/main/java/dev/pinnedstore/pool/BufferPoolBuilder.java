package dev.pinnedstore.pool;

import dev.pinnedstore.os.FileDisk;
import dev.pinnedstore.pool.PoolFile.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Collects what a pool is made of. Values are checked when the pool is made, and each keeps that of
 * {@link BufferPoolConfig#defaults()} or of the settings it began with. Not safe for threads.
 */
public final class BufferPoolBuilder {
  /** Files of a pool, at most. */
  static final int MAX_FILES = 1024;

  private static final String DEFAULT_FILE = "pool.pages";

  private final List<Source> sources = new ArrayList<>();
  private @Nullable WriteAheadLog wal;
  private final PoolSettings settings;

  BufferPoolBuilder(BufferPoolConfig config) {
    settings = new PoolSettings(config);
  }

  /**
   * Adds a file of pages, opened past the system's page cache and made if there is none. Called
   * again, it adds another; {@link PageIds} says how its pages are named.
   *
   * @param file where it is
   * @return this
   */
  public BufferPoolBuilder file(Path file) {
    Objects.requireNonNull(file, "file");
    return add(() -> PageStorage.file(file));
  }

  /**
   * Adds storage, which the pool closes.
   *
   * @param storage where the pages of one file are
   * @return this
   */
  public BufferPoolBuilder storage(PageStorage storage) {
    AtomicReference<@Nullable PageStorage> once =
        new AtomicReference<>(Objects.requireNonNull(storage, "storage"));
    return add(
        () -> {
          PageStorage mine = once.getAndSet(null);
          if (mine == null) {
            throw new IllegalStateException("storage=" + storage + ": serves another pool");
          }
          return mine;
        });
  }

  private BufferPoolBuilder add(Source source) {
    if (sources.size() == MAX_FILES) {
      throw new IllegalArgumentException("files: a pool has " + MAX_FILES + " at most");
    }
    sources.add(source);
    return this;
  }

  /**
   * Sets the log that must be durable before a page is written. Without one nothing is awaited.
   *
   * @param wal the log
   * @return this
   */
  public BufferPoolBuilder wal(WriteAheadLog wal) {
    this.wal = Objects.requireNonNull(wal, "wal");
    return this;
  }

  /**
   * Sets the policy, for one pool.
   *
   * @param policy one that no other pool has
   * @return this
   */
  public BufferPoolBuilder evictionPolicy(EvictionPolicy policy) {
    AtomicReference<@Nullable EvictionPolicy> once =
        new AtomicReference<>(Objects.requireNonNull(policy, "policy"));
    return evictionPolicy(
        () -> {
          EvictionPolicy mine = once.getAndSet(null);
          if (mine == null) {
            throw new IllegalStateException(
                "evictionPolicy=" + policy.name() + ": serves another pool; give a supplier");
          }
          return mine;
        });
  }

  /**
   * Sets bytes of a page on storage, a power of two between 4096 and 2 MiB.
   *
   * @param pageSize the value
   * @return this
   */
  public BufferPoolBuilder pageSize(int pageSize) {
    settings.pageSize = pageSize;
    return this;
  }

  /**
   * Sets pages that are resident at most, 1 to 2^26.
   *
   * @param frames the value
   * @return this
   */
  public BufferPoolBuilder frames(int frames) {
    settings.frames = frames;
    return this;
  }

  /**
   * Sets makes the policy of each pool.
   *
   * @param evictionPolicy the value
   * @return this
   */
  public BufferPoolBuilder evictionPolicy(Supplier<? extends EvictionPolicy> evictionPolicy) {
    settings.evictionPolicy = Objects.requireNonNull(evictionPolicy, "evictionPolicy");
    return this;
  }

  /**
   * Sets stripes on which threads wait for pages, 1 to 65,536.
   *
   * @param pageTablePartitions the value
   * @return this
   */
  public BufferPoolBuilder pageTablePartitions(int pageTablePartitions) {
    settings.pageTablePartitions = pageTablePartitions;
    return this;
  }

  /**
   * Sets whether free frames are kept by thread, about one set for each processor.
   *
   * @param perCorePools the value
   * @return this
   */
  public BufferPoolBuilder perCorePools(boolean perCorePools) {
    settings.perCorePools = perCorePools;
    return this;
  }

  /**
   * Sets how many of them each, 1 to 1024.
   *
   * @param framesPerCore the value
   * @return this
   */
  public BufferPoolBuilder framesPerCore(int framesPerCore) {
    settings.framesPerCore = framesPerCore;
    return this;
  }

  /**
   * Sets pages that are written together at most, 1 to 1024.
   *
   * @param maxFlushBatch the value
   * @return this
   */
  public BufferPoolBuilder maxFlushBatch(int maxFlushBatch) {
    settings.maxFlushBatch = maxFlushBatch;
    return this;
  }

  /**
   * Sets whether a thread writes dirty pages.
   *
   * @param backgroundFlush the value
   * @return this
   */
  public BufferPoolBuilder backgroundFlush(boolean backgroundFlush) {
    settings.backgroundFlush = backgroundFlush;
    return this;
  }

  /**
   * Sets after how long it writes all of them, 1 ms to 365 days.
   *
   * @param flushInterval the value
   * @return this
   */
  public BufferPoolBuilder flushInterval(Duration flushInterval) {
    settings.flushInterval = Objects.requireNonNull(flushInterval, "flushInterval");
    return this;
  }

  /**
   * Sets beyond which part of all frames it writes at once, more than 0 to 1.
   *
   * @param dirtyThreshold the value
   * @return this
   */
  public BufferPoolBuilder dirtyThreshold(double dirtyThreshold) {
    settings.dirtyThreshold = dirtyThreshold;
    return this;
  }

  /**
   * Sets how many LSNs the oldest change of a dirty page may lie behind the newest before it is
   * written; 1 or more.
   *
   * @param maxLogAge the value
   * @return this
   */
  public BufferPoolBuilder maxLogAge(long maxLogAge) {
    settings.maxLogAge = maxLogAge;
    return this;
  }

  /**
   * Sets whether explicit prefetches are done by threads of the pool and not by the caller.
   *
   * @param prefetch the value
   * @return this
   */
  public BufferPoolBuilder prefetch(boolean prefetch) {
    settings.prefetch = prefetch;
    return this;
  }

  /**
   * Sets how many threads, 1 to 64.
   *
   * @param prefetchThreads the value
   * @return this
   */
  public BufferPoolBuilder prefetchThreads(int prefetchThreads) {
    settings.prefetchThreads = prefetchThreads;
    return this;
  }

  /**
   * Sets requests that wait for them at most, 1 to 2^20; more are dropped and counted.
   *
   * @param prefetchQueue the value
   * @return this
   */
  public BufferPoolBuilder prefetchQueue(int prefetchQueue) {
    settings.prefetchQueue = prefetchQueue;
    return this;
  }

  /**
   * Sets pages that are read ahead of a sequential reader at most, 0 for none, to 1024.
   *
   * @param readAhead the value
   * @return this
   */
  public BufferPoolBuilder readAhead(int readAhead) {
    settings.readAhead = readAhead;
    return this;
  }

  /**
   * Sets where the file is if neither a file nor storage is named.
   *
   * @param dataDirectory the value
   * @return this
   */
  public BufferPoolBuilder dataDirectory(Path dataDirectory) {
    settings.dataDirectory = Objects.requireNonNull(dataDirectory, "dataDirectory");
    return this;
  }

  /**
   * Sets whether each page ends in a checksum, its LSN and its number, 16 bytes.
   *
   * @param checksums the value
   * @return this
   */
  public BufferPoolBuilder checksums(boolean checksums) {
    settings.checksums = checksums;
    return this;
  }

  /**
   * Sets whether pages are written twice, so that none is torn by a crash.
   *
   * @param doubleWrite the value
   * @return this
   */
  public BufferPoolBuilder doubleWrite(boolean doubleWrite) {
    settings.doubleWrite = doubleWrite;
    return this;
  }

  /**
   * Sets how long to wait for a frame when all are pinned, 0 to 365 days.
   *
   * @param pinTimeout the value
   * @return this
   */
  public BufferPoolBuilder pinTimeout(Duration pinTimeout) {
    settings.pinTimeout = Objects.requireNonNull(pinTimeout, "pinTimeout");
    return this;
  }

  /**
   * Sets how long to wait for a page that others hold, 1 ms to 365 days.
   *
   * @param latchTimeout the value
   * @return this
   */
  public BufferPoolBuilder latchTimeout(Duration latchTimeout) {
    settings.latchTimeout = Objects.requireNonNull(latchTimeout, "latchTimeout");
    return this;
  }

  /**
   * Sets whether it is recorded where each guard was taken, at the cost of a stack trace.
   *
   * @param leakDetection the value
   * @return this
   */
  public BufferPoolBuilder leakDetection(boolean leakDetection) {
    settings.leakDetection = leakDetection;
    return this;
  }

  /**
   * Returns the settings without opening anything.
   *
   * @return the settings
   * @throws IllegalArgumentException if a value is out of its range
   */
  public BufferPoolConfig config() {
    return settings.config();
  }

  /**
   * Opens the files, repairs what a crash tore, and starts the pool.
   *
   * @return the pool, which the caller closes
   * @throws IllegalArgumentException if a value is out of its range
   * @throws PoolLockedException if another pool has a file, in this process or another
   * @throws PageIoException if a file cannot be opened or repaired
   * @throws dev.pinnedstore.buffer.AllocationFailedException if there is no memory for the frames
   */
  public BufferPool build() {
    BufferPoolConfig config = config();
    List<Source> all = sources.isEmpty() ? List.of(() -> defaultFile(config)) : sources;
    return BufferPool.open(config, all, wal);
  }

  private static PageStorage defaultFile(BufferPoolConfig config) throws IOException {
    createDirectories(config.dataDirectory().toAbsolutePath());
    return PageStorage.file(config.dataDirectory().resolve(DEFAULT_FILE));
  }

  /** Makes a directory and those above it, each entry durable. */
  private static void createDirectories(Path directory) throws IOException {
    Path parent = directory.getParent();
    if (Files.isDirectory(directory) || parent == null) {
      return;
    }
    createDirectories(parent);
    Files.createDirectories(directory);
    FileDisk.syncDirectory(directory);
  }
}
