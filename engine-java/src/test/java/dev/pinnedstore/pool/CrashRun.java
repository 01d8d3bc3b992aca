package dev.pinnedstore.pool;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A pool on a simulated disk, with an oracle: each page has a version in all of its sectors, and
 * the oracle knows which one was last written and which one was last made durable. After a crash
 * each page must be whole, of a version between the two; and none may be ahead of the log.
 */
final class CrashRun {
  static final int PAGES = 12;
  private static final int FRAMES = 5;
  private static final int SLOTS = 4096 / SimulatedDisk.SECTOR;

  private final SimulatedDisk disk;
  private final SplittableRandom random;
  private final boolean checksums;

  /** Versions are LSNs, of one log for all pages. */
  private final long[] newest = new long[PAGES];

  private final long[] durable = new long[PAGES];
  private long lsn;
  private long flushedLsn;

  /** Whether the disk may fail in this run. */
  private boolean fails;

  CrashRun(long seed, SimulatedDisk.Fault fault, boolean checksums) {
    this.disk = new SimulatedDisk(seed, fault);
    this.random = new SplittableRandom(seed ^ 0x5DEECE66DL);
    this.checksums = checksums;
  }

  SimulatedDisk disk() {
    return disk;
  }

  private BufferPool open() {
    return BufferPool.builder()
        .storage(disk.storage())
        .frames(FRAMES)
        .maxFlushBatch(3)
        .backgroundFlush(false)
        .checksums(checksums)
        .wal(new Log())
        .pinTimeout(Duration.ZERO)
        .build();
  }

  /** Durable up to some LSN; every other flush goes beyond what is asked. */
  private final class Log implements WriteAheadLog {
    @Override
    public long flushedLsn() {
      return disk.fault == SimulatedDisk.Fault.LOG_IGNORED ? Long.MAX_VALUE : flushedLsn;
    }

    @Override
    public void flush(long to) {
      flushedLsn = Math.max(flushedLsn, to);
    }
  }

  /** Works until the disk stops, or for so many steps. Returns whether it stopped. */
  boolean run(int steps) {
    BufferPool pool = null;
    fails = disk.failuresInThousand > 0;
    try {
      pool = open();
      for (int i = 0; i < steps; i++) {
        try {
          step(pool);
        } catch (PageIoException e) {
          checkFailure(e);
        }
      }
      disk.failuresInThousand = 0;
      pool.close();
      System.arraycopy(newest, 0, durable, 0, PAGES);
      return false;
    } catch (SimulatedDisk.Crash | PageIoException e) {
      checkCrash(e);
      disk.failuresInThousand = 0;
      abandon(pool);
      return true;
    }
  }

  /** A failure of a disk that may fail costs nothing, unless it was of a sync. */
  private void checkFailure(PageIoException e) {
    if (!fails || e.getCause() instanceof SimulatedDisk.Crash || isSync(e)) {
      throw e;
    }
  }

  private static boolean isSync(PageIoException e) {
    return e.getMessage().contains("durable") || e.getMessage().contains("earlier sync");
  }

  /** Closing tells of it as of a failure. */
  private void checkCrash(RuntimeException e) {
    boolean isFailure = fails && e instanceof PageIoException;
    if (!isFailure
        && !(e instanceof SimulatedDisk.Crash)
        && !(e.getCause() instanceof SimulatedDisk.Crash)) {
      throw e;
    }
  }

  /** Frees what a pool holds whose disk is gone. */
  private static void abandon(@Nullable BufferPool pool) {
    if (pool != null) {
      try {
        pool.close();
      } catch (SimulatedDisk.Crash | BufferPoolException e) {
        // The disk stays as it stopped.
        return;
      }
    }
  }

  private void step(BufferPool pool) {
    int page = random.nextInt(PAGES);
    switch (random.nextInt(10)) {
      case 0 -> {
        pool.flushAll();
        System.arraycopy(newest, 0, durable, 0, PAGES);
      }
      case 1 -> {
        pool.flush(page);
        durable[page] = newest[page];
      }
      case 2 -> {
        long redo = pool.checkpoint();
        check(redo <= lsn + 1, "recovery from %d, behind the end %d of the log", redo, lsn);
        System.arraycopy(newest, 0, durable, 0, PAGES);
      }
      case 3, 4, 5 -> {
        try (PageGuard guard = pool.pin(page)) {
          checkPage(guard.segment(), page, newest[page], newest[page]);
          check(!checksums || guard.pageLsn() == newest[page], "lsn of page %d", page);
        }
      }
      default -> {
        try (PageGuard guard = pool.pinExclusive(page)) {
          checkPage(guard.segment(), page, newest[page], newest[page]);
          fill(guard.segment(), ++lsn);
          guard.markDirty(lsn);
          newest[page] = lsn;
        }
      }
    }
  }

  /** Restarts, stops again at some I/O of the recovery if asked to, and looks at every page. */
  void recover(long stopRecoveryAt) {
    disk.restart();
    if (stopRecoveryAt >= 0) {
      disk.stopAt = stopRecoveryAt;
      try {
        open().close();
      } catch (SimulatedDisk.Crash | PageIoException e) {
        checkCrash(e);
        disk.restart();
      }
      disk.stopAt = -1;
    }
    try (BufferPool pool = open()) {
      for (int page = 0; page < PAGES; page++) {
        try (PageGuard guard = pool.pin(page)) {
          long version = checkPage(guard.segment(), page, durable[page], newest[page]);
          check(version <= flushedLsn, "page %d is ahead of the log", page);
          newest[page] = version;
          durable[page] = version;
        }
      }
    }
  }

  private static void fill(MemorySegment page, long version) {
    for (int i = 0; i < SLOTS; i++) {
      page.set(JAVA_LONG, (long) i * SimulatedDisk.SECTOR, version);
    }
  }

  private static long checkPage(MemorySegment page, int id, long least, long most) {
    long version = page.get(JAVA_LONG, 0);
    for (int i = 0; i < SLOTS; i++) {
      long other = page.get(JAVA_LONG, (long) i * SimulatedDisk.SECTOR);
      check(other == version, "page %d is torn: %d beside %d", id, other, version);
    }
    check(
        version >= least && version <= most,
        "page %d has version %d, not between %d and %d",
        id,
        version,
        least,
        most);
    return version;
  }

  static void check(boolean condition, String message, Object... values) {
    if (!condition) {
      throw new AssertionError(String.format(message, values));
    }
  }
}
