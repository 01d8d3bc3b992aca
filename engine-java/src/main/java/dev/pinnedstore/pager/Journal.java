package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The log of a file, and the changes that wait to be written to it. Layout: {@link JournalLayout};
 * protocol: {@link PagerFile}; {@link LogReader} reads it.
 *
 * <p>Pending changes are guarded by the state lock, what is written by the commit turn.
 */
final class Journal {
  private final Disk disk;
  private final MemorySegment header;
  private final long fileId;
  private final int logBytes;

  /** What a batch holds that has the log for itself. */
  private final int mostEntries;

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
    this.mostEntries = JournalLayout.entriesIn(logBytes);
  }

  /** Remembers the new value of a word. What the log cannot hold waits for a checkpoint. */
  void add(int what, long index, long value) {
    if (overflowed) {
      return;
    }
    int at = pendingEntries * 2;
    if (pendingEntries == mostEntries) {
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

  /** The batches written since the last checkpoint. */
  long sequence() {
    return sequence;
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
}
