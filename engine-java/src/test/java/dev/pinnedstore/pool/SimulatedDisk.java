package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A disk with a file of pages and its double-write area. What was written is there for readers at
 * once, and durable after a sync; a crash keeps each sector of 512 bytes that was not synced, or
 * loses it. Stops at the I/O of a number, in the middle of it, and can fail instead.
 */
final class SimulatedDisk {
  static final int SECTOR = 512;

  /**
   * What it does wrong, for good: the tests must notice. The last four make a sound pool behave as
   * one with that bug.
   */
  enum Fault {
    NONE,
    /** Syncs do nothing. */
    NO_SYNC,
    /** Syncs of the double-write area do nothing. */
    NO_AREA_SYNC,
    /** The double-write area forgets what is written to it: as if it were not written. */
    NO_AREA,
    /** Pages are written to their places before the area. */
    AREA_LATE,
    /** A page is taken for clean before its write has ended: the last one misses the sync. */
    CLEAN_EARLY,
    /** Whatever is loaded has the right checksum. */
    CHECKSUM_IGNORED,
    /** Pages are written without asking the log. */
    LOG_IGNORED,
  }

  /** The disk stopped. */
  static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static final int PAGE = 4096;

  final Medium file = new Medium();
  final Medium area = new Medium();
  private final SplittableRandom random;
  final Fault fault;

  /** The I/O at which it stops; negative for never. */
  long stopAt = -1;

  /** Sectors of the area that come after those of the file. */
  private final TreeMap<Long, byte[]> late = new TreeMap<>();

  private long operations;
  private boolean stopped;

  /** How often in a thousand an operation fails, and what it says. */
  int failuresInThousand;

  boolean failNextSync;

  /** Whether syncs fail as often as the rest. */
  boolean syncsFail;

  /** The next write to the file fails half way. */
  boolean tearNextFileWrite;

  SimulatedDisk(long seed, Fault fault) {
    this.random = new SplittableRandom(seed);
    this.fault = fault;
  }

  long operations() {
    return operations;
  }

  /** What is on the medium after the power came back; the disk runs again. */
  void restart() {
    late.clear();
    file.crash();
    area.crash();
    stopped = false;
    stopAt = -1;
    operations = 0;
  }

  PageStorage storage() {
    return new Storage(file, area);
  }

  /** Counts an operation; true if the disk stops in it. */
  private boolean stopsHere() {
    if (stopped) {
      throw new Crash();
    }
    stopped = operations++ == stopAt;
    return stopped;
  }

  private static void sealAll(MemorySegment pages, long first) {
    for (long at = 0; at < pages.byteSize(); at += PAGE) {
      MemorySegment page = pages.asSlice(at, PAGE);
      if (page.mismatch(MemorySegment.ofArray(new byte[PAGE])) >= 0) {
        PageTrailerLayout.seal(page, first + at / PAGE, PageTrailerLayout.lsn(page));
      }
    }
  }

  private boolean isFailing() {
    return failuresInThousand > 0 && random.nextInt(1000) < failuresInThousand;
  }

  /** Sectors, durable and written since the last sync, each in all states that it was in. */
  final class Medium {
    private final TreeMap<Long, byte[]> durable = new TreeMap<>();
    private final TreeMap<Long, List<byte[]>> written = new TreeMap<>();

    /** Sectors of the last write. */
    private final Set<Long> latest = new HashSet<>();

    byte[] read(long sector) {
      List<byte[]> states = written.get(sector);
      byte[] bytes = states == null ? durable.get(sector) : states.getLast();
      return bytes == null ? new byte[SECTOR] : bytes;
    }

    long size() {
      long sectors = durable.isEmpty() ? 0 : durable.lastKey() + 1;
      return SECTOR * Math.max(sectors, written.isEmpty() ? 0 : written.lastKey() + 1);
    }

    void write(long sector, byte[] bytes) {
      written.computeIfAbsent(sector, s -> new ArrayList<>()).add(bytes);
    }

    void sync() {
      written.forEach(
          (sector, states) -> {
            if (fault != Fault.CLEAN_EARLY || !latest.contains(sector)) {
              durable.put(sector, states.getLast());
            }
          });
      written.keySet().removeIf(sector -> fault != Fault.CLEAN_EARLY || !latest.contains(sector));
    }

    private void crash() {
      written.forEach(
          (sector, states) -> {
            int kept = random.nextInt(states.size() + 1);
            if (kept > 0) {
              durable.put(sector, states.get(kept - 1));
            }
          });
      written.clear();
    }

    void flip(long position, int bit) {
      byte[] bytes = read(position / SECTOR).clone();
      bytes[(int) (position % SECTOR)] ^= (byte) (1 << bit);
      durable.put(position / SECTOR, bytes);
      written.remove(position / SECTOR);
    }
  }

  private final class Storage implements PageStorage {
    private final Medium medium;
    private final Medium second;

    Storage(Medium medium, Medium second) {
      this.medium = medium;
      this.second = second;
    }

    @Override
    public long size() {
      synchronized (SimulatedDisk.this) {
        return medium.size();
      }
    }

    @Override
    public long read(List<IoSlice> targets, long position) throws IOException {
      synchronized (SimulatedDisk.this) {
        if (stopsHere()) {
          throw new Crash();
        }
        boolean fails = isFailing();
        if (fails && random.nextBoolean()) {
          throw new IOException("Input/output error");
        }
        long end = medium.size();
        if (fails) {
          // A short read: fewer bytes than there are.
          end = Math.min(end, position + (long) SECTOR * random.nextInt(PAGE / SECTOR));
        }
        long at = position;
        for (IoSlice target : targets) {
          for (long o = 0; o < target.capacity() && at < end; o += SECTOR, at += SECTOR) {
            MemorySegment.copy(
                medium.read(at / SECTOR), 0, target.memory(), ValueLayout.JAVA_BYTE, o, SECTOR);
          }
          if (fault == Fault.CHECKSUM_IGNORED && medium == file) {
            sealAll(target.memory(), position / PAGE);
          }
        }
        return at - position;
      }
    }

    @Override
    public long write(List<IoSlice> sources, long position) throws IOException {
      synchronized (SimulatedDisk.this) {
        boolean stops = stopsHere();
        boolean fails = isFailing();
        if (tearNextFileWrite && medium == file) {
          tearNextFileWrite = false;
          fails = true;
        }
        long at = position;
        medium.latest.clear();
        for (IoSlice source : sources) {
          MemorySegment data = source.segment();
          for (long o = 0; o < data.byteSize(); o += SECTOR, at += SECTOR) {
            if ((stops || fails) && random.nextBoolean()) {
              continue;
            }
            byte[] bytes = data.asSlice(o, SECTOR).toArray(ValueLayout.JAVA_BYTE);
            if (fault == Fault.AREA_LATE && medium == area) {
              late.put(at / SECTOR, bytes);
            } else if (fault != Fault.NO_AREA || medium != area) {
              medium.write(at / SECTOR, bytes);
              medium.latest.add(at / SECTOR);
            }
          }
        }
        if (stops) {
          throw new Crash();
        }
        if (fails) {
          throw new IOException("No space left on device");
        }
        return at - position;
      }
    }

    @Override
    public void sync() throws IOException {
      synchronized (SimulatedDisk.this) {
        boolean stops = stopsHere();
        if (failNextSync || (syncsFail && isFailing())) {
          failNextSync = false;
          // The kernel tells once, and forgets what it could not write.
          medium.written.clear();
          throw new IOException("Input/output error");
        }
        if (medium == file && !stops) {
          late.forEach(area::write);
          late.clear();
        }
        if (stops) {
          throw new Crash();
        }
        if (fault != Fault.NO_SYNC && !(fault == Fault.NO_AREA_SYNC && medium == area)) {
          medium.sync();
        }
      }
    }

    @Override
    public PageStorage doubleWriteArea() {
      return medium == area ? null : new Storage(second, second);
    }

    @Override
    public void close() {}

    @Override
    public String toString() {
      return medium == area ? "simulated area" : "simulated file";
    }
  }

  /** Whether a page on the medium is as another one. */
  byte[] page(long number, int pageBytes) {
    byte[] page = new byte[pageBytes];
    for (int i = 0; i < pageBytes / SECTOR; i++) {
      byte[] sector = file.read(number * (pageBytes / SECTOR) + i);
      System.arraycopy(Arrays.copyOf(sector, SECTOR), 0, page, i * SECTOR, SECTOR);
    }
    return page;
  }
}
