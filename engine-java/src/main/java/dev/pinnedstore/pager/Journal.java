package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The log of a file, and the changes that wait to be written to it. Layout: {@link JournalLayout};
 * protocol: {@link PagerFile}.
 *
 * <p>Pending changes are guarded by the state lock, what is written by the commit turn.
 */
final class Journal {
  /** How often the size of the log is read at most to find batches behind its end. */
  private static final int REST_CHECKS = 64;

  private final Disk disk;
  private final MemorySegment header;
  private final long fileId;
  private final int logBytes;

  private long[] pending = new long[64];
  private int pendingEntries;
  private boolean overflowed;

  private byte[] batch = new byte[JournalLayout.batchBytes(32)];
  private int batchEntries;
  private int end;
  private long generation;
  private long sequence;

  Journal(Disk disk, MemorySegment header, Geometry geometry, long fileId) {
    this.disk = disk;
    this.header = header;
    this.fileId = fileId;
    this.logBytes = (int) geometry.logBytes();
  }

  /** Remembers the new value of a word. What the log cannot hold waits for a checkpoint. */
  void add(int what, long index, long value) {
    if (overflowed) {
      return;
    }
    int at = pendingEntries * 2;
    if (JournalLayout.batchBytes(pendingEntries + 1) > logBytes) {
      overflowed = true;
      pendingEntries = 0;
      return;
    }
    if (at == pending.length) {
      pending = Arrays.copyOf(pending, at * 2);
    }
    pending[at] = JournalLayout.key(what, index);
    pending[at + 1] = value;
    pendingEntries++;
  }

  boolean isEmpty() {
    return pendingEntries == 0 && !overflowed;
  }

  /** Whether the last checkpoint has everything. */
  boolean isClean() {
    return isEmpty() && end == 0;
  }

  /** Whether nothing was written since the last checkpoint. */
  boolean isUnused() {
    return end == 0;
  }

  /** Whether what is pending can be written to the log as it is. */
  boolean fits() {
    return !overflowed && end + JournalLayout.batchBytes(pendingEntries) <= logBytes;
  }

  /**
   * Makes a batch of what is pending, which {@link #write} writes. Under both the turn and the
   * lock.
   */
  void seal() {
    int bytes = JournalLayout.batchBytes(pendingEntries);
    if (batch.length < bytes) {
      batch = new byte[bytes + (bytes >> 1)];
    }
    JournalLayout.encode(batch, pending, pendingEntries, generation, sequence, fileId, end);
    batchEntries = pendingEntries;
    pendingEntries = 0;
  }

  /** Writes the sealed batch and waits until it is durable. In the commit turn. */
  void write() throws IOException {
    int bytes = JournalLayout.batchBytes(batchEntries);
    long at = Geometry.LOG_POSITION + end;
    disk.write(header, at, batch, bytes);
    // The first sync of a generation takes the second superblock along, which lies before the log.
    long from = end == 0 ? Geometry.BLOCK_BYTES : at;
    disk.sync(header, from, at + bytes - from);
    end = (int) JournalLayout.align(end + bytes);
    sequence++;
  }

  /**
   * Starts anew after a checkpoint; everything pending is part of that. Under both the turn and the
   * lock.
   */
  void restart(long newGeneration) {
    pendingEntries = 0;
    overflowed = false;
    end = 0;
    sequence = 0;
    generation = newGeneration;
  }

  /** Receives what a log holds. */
  interface Replay {
    void apply(int what, long index, long value);
  }

  /**
   * Applies every batch of a generation that is whole, from a number on, and returns the number
   * after the last. What a crash left of an unfinished batch ends the log. A whole batch behind one
   * that is not means that something durable was lost, and so does a batch of a later generation.
   */
  long replay(long ofGeneration, long fromSequence, Replay to) {
    byte[] log = new byte[logBytes];
    MemorySegment.copy(header, ValueLayout.JAVA_BYTE, Geometry.LOG_POSITION, log, 0, log.length);
    long next = 0;
    int end = 0;
    for (int entries; (entries = entries(log, end, ofGeneration)) >= 0; next++) {
      if (JournalLayout.sequence(log, end) != next) {
        break;
      }
      end = (int) JournalLayout.align(end + JournalLayout.batchBytes(entries));
    }
    // Before anything is applied: a reader that was too slow comes again, from the same number.
    checkRest(log, end, ofGeneration, next);
    int at = 0;
    for (long batch = 0; batch < next; batch++) {
      int entries = JournalLayout.claimedEntries(log, at);
      for (int e = 0; e < entries && batch >= fromSequence; e++) {
        long key = JournalLayout.key(log, at, e);
        to.apply(
            JournalLayout.what(key), JournalLayout.index(key), JournalLayout.value(log, at, e));
      }
      at = (int) JournalLayout.align(at + JournalLayout.batchBytes(entries));
    }
    return next;
  }

  private int entries(byte[] log, int at, long ofGeneration) {
    return JournalLayout.entries(log, at, ofGeneration, fileId);
  }

  private void checkRest(byte[] log, int from, long ofGeneration, long next) {
    // Leftovers can look like headers; a file made of such must not cost the square of its size.
    long budget = (long) log.length * REST_CHECKS;
    for (int at = from;
        at <= log.length - JournalLayout.HEADER_BYTES && budget > 0;
        at += JournalLayout.ALIGNMENT) {
      long found = JournalLayout.generation(log, at);
      boolean late = found == ofGeneration && JournalLayout.sequence(log, at) > next;
      if (!late && found <= ofGeneration) {
        continue;
      }
      budget -= JournalLayout.batchBytes(Math.max(0, JournalLayout.claimedEntries(log, at)));
      if (entries(log, at, found) >= 0) {
        throw new PagerCorruptException(
            "log",
            "log: batch "
                + next
                + " of generation "
                + ofGeneration
                + " is damaged, later ones are not");
      }
    }
  }
}
