package dev.pinnedstore.pool;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;

/** A {@link BufferPoolConfig} that can be changed, unchecked. */
final class PoolSettings {
  int pageSize;
  int frames;
  Supplier<? extends EvictionPolicy> evictionPolicy;
  int pageTablePartitions;
  boolean perCorePools;
  int framesPerCore;
  int maxFlushBatch;
  boolean backgroundFlush;
  Duration flushInterval;
  double dirtyThreshold;
  long maxLogAge;
  boolean prefetch;
  int prefetchThreads;
  int prefetchQueue;
  int readAhead;
  Path dataDirectory;
  boolean checksums;
  boolean doubleWrite;
  Duration pinTimeout;
  Duration latchTimeout;
  boolean leakDetection;

  PoolSettings(BufferPoolConfig config) {
    this.pageSize = config.pageSize();
    this.frames = config.frames();
    this.evictionPolicy = config.evictionPolicy();
    this.pageTablePartitions = config.pageTablePartitions();
    this.perCorePools = config.perCorePools();
    this.framesPerCore = config.framesPerCore();
    this.maxFlushBatch = config.maxFlushBatch();
    this.backgroundFlush = config.backgroundFlush();
    this.flushInterval = config.flushInterval();
    this.dirtyThreshold = config.dirtyThreshold();
    this.maxLogAge = config.maxLogAge();
    this.prefetch = config.prefetch();
    this.prefetchThreads = config.prefetchThreads();
    this.prefetchQueue = config.prefetchQueue();
    this.readAhead = config.readAhead();
    this.dataDirectory = config.dataDirectory();
    this.checksums = config.checksums();
    this.doubleWrite = config.doubleWrite();
    this.pinTimeout = config.pinTimeout();
    this.latchTimeout = config.latchTimeout();
    this.leakDetection = config.leakDetection();
  }

  /** Checks all values. */
  BufferPoolConfig config() {
    return new BufferPoolConfig(
        pageSize,
        frames,
        evictionPolicy,
        pageTablePartitions,
        perCorePools,
        framesPerCore,
        maxFlushBatch,
        backgroundFlush,
        flushInterval,
        dirtyThreshold,
        maxLogAge,
        prefetch,
        prefetchThreads,
        prefetchQueue,
        readAhead,
        dataDirectory,
        checksums,
        doubleWrite,
        pinTimeout,
        latchTimeout,
        leakDetection);
  }
}
