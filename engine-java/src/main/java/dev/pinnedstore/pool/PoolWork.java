package dev.pinnedstore.pool;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Those who do what a pool does beside hits, from its start to its end. */
final class PoolWork implements AutoCloseable {
  private final PoolParts parts;
  private final FrameTable frames;
  final PageLatches latches;
  final PageWriter writer;
  final FrameSupply supply;
  final PageLoader loader;
  final Prefetcher prefetcher;
  private final ReadAhead readAhead;
  private final @Nullable Housekeeper housekeeper;
  private final Object closing = new Object();

  PoolWork(PoolParts parts) {
    this.parts = parts;
    this.frames = parts.frames;
    this.latches = new PageLatches(parts);
    // Before anything that must be closed: it may be refused.
    Replacement replacement = new Replacement(parts, parts.config.evictionPolicy().get());
    this.writer = new PageWriter(parts, latches);
    this.supply = new FrameSupply(parts, replacement, writer);
    this.readAhead = new ReadAhead(parts, replacement, supply);
    this.loader = new PageLoader(parts, latches, replacement, supply, readAhead);
    readAhead.onArrival(loader::accept);
    this.prefetcher = new Prefetcher(parts, readAhead);
    this.housekeeper =
        parts.config.backgroundFlush() ? new Housekeeper(parts, supply, writer) : null;
  }

  void start() {
    if (housekeeper != null) {
      housekeeper.start();
    }
  }

  void markDirty(long id, int frame, long lsn) {
    if (parts.closed) {
      throw new BufferPoolClosedException();
    }
    parts.file(id).touch(PageIds.pageNumber(id));
    frames.lsn(frame, Math.max(frames.lsn(frame), lsn));
    parts.counters.newestLsn.accumulate(lsn);
    frames.lowerRecoveryLsn(frame, lsn);
    int before = frames.change(frame, FrameTable.DIRTY, 0);
    if ((before & FrameTable.DIRTY) == 0) {
      parts.counters.dirtyFrames.incrementAndGet();
      if (housekeeper != null && housekeeper.isTooDirty()) {
        housekeeper.call();
      }
    }
  }

  /** Writes what is dirty and returns the LSN from which on the log must be kept. */
  long checkpoint() {
    // Whoever got a smaller LSN and has not marked its page yet holds it exclusively now.
    long begin = parts.counters.newestLsn.get();
    writer.flushAll();
    long deadline = System.nanoTime() + parts.config.latchTimeout().toNanos();
    for (int frame = 0; frame < frames.count; frame++) {
      long id = frames.pageId(frame);
      if (id != EvictionPolicy.NO_PAGE) {
        latches.awaitNotExclusive(id, deadline);
      }
    }
    return Math.min(begin + 1, writer.syncAndFindOldest());
  }

  /** Writes all, makes it durable and lets all go; the second call waits for the first. */
  @Override
  public void close() {
    synchronized (closing) {
      if (!parts.closed) {
        parts.closed = true;
        closeOnce();
      }
    }
  }

  private void closeOnce() {
    List<RuntimeException> failures = new ArrayList<>();
    if (housekeeper != null) {
      housekeeper.close();
    }
    prefetcher.close();
    try {
      writer.flushFinally();
    } catch (RuntimeException e) {
      // Whatever storage throws: the rest must be closed.
      failures.add(e);
    }
    // A page that is marked from now on meets the closed pool; one that was marked since the flush
    // is held still, or dirty.
    long[] left = writer.unwritten();
    if (left.length > 0) {
      failures.add(
          new IllegalStateException(
              "pages not written, since they are pinned exclusively or storage refused: "
                  + Arrays.toString(left)
                  + parts.openGuards()));
    }
    parts.isGone = true;
    parts.table.close();
    parts.waits.wakeAll();
    for (PoolFile file : parts.files) {
      closeFile(file, failures);
    }
    readAhead.awaitEnd(parts.config.latchTimeout().toNanos());
    writer.close();
    frames.close();
    throwFirst(failures);
  }

  private static void closeFile(PoolFile file, List<RuntimeException> failures) {
    try {
      if (failures.isEmpty()) {
        file.clearArea();
      }
    } catch (IOException | RuntimeException e) {
      failures.add(new PageIoException("cannot end " + file.area + ": " + e.getMessage(), e));
    }
    closeStorage(file.area, failures);
    closeStorage(file.storage, failures);
  }

  private static void closeStorage(@Nullable PageStorage storage, List<RuntimeException> failures) {
    try {
      if (storage != null) {
        storage.close();
      }
    } catch (IOException | RuntimeException e) {
      failures.add(new PageIoException("cannot close " + storage + ": " + e.getMessage(), e));
    }
  }

  private static void throwFirst(List<RuntimeException> failures) {
    if (!failures.isEmpty()) {
      RuntimeException first = failures.getFirst();
      failures.stream().skip(1).forEach(first::addSuppressed);
      throw first;
    }
  }
}
