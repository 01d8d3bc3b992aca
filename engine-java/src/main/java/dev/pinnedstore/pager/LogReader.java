package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Reads the batches of one generation from a log, one after the other, also while they are written.
 * What a crash left of an unfinished batch, or what a writer has not finished yet, ends the log.
 * Not safe for threads.
 */
final class LogReader {
  /** How often the size of the log is read at most to find batches behind its end. */
  private static final int REST_CHECKS = 64;

  private final MemorySegment log;
  private final long fileId;
  private final long generation;
  private long end;
  private long sequence;

  LogReader(MemorySegment log, long fileId, long generation) {
    this.log = log;
    this.fileId = fileId;
    this.generation = generation;
  }

  /** Receives what a log holds. */
  interface Replay {
    void apply(int what, long index, long value);
  }

  /** Batches that were applied. */
  long sequence() {
    return sequence;
  }

  /** Applies the batches that are whole behind those that were applied before. */
  void advance(Replay to) {
    for (byte[] batch = next(end, sequence); batch != null; batch = next(end, sequence)) {
      int entries = (batch.length - JournalLayout.HEADER_BYTES) / JournalLayout.ENTRY_BYTES;
      for (int e = 0; e < entries; e++) {
        long key = JournalLayout.key(batch, e);
        to.apply(JournalLayout.what(key), JournalLayout.index(key), JournalLayout.value(batch, e));
      }
      end = JournalLayout.align(end + batch.length);
      sequence++;
    }
  }

  /** A copy of the batch with a number, if it is whole and where it belongs. */
  private byte @Nullable [] next(long at, long number) {
    byte[] batch = copy(at, generation);
    return batch != null && JournalLayout.sequence(MemorySegment.ofArray(batch), 0) == number
        ? batch
        : null;
  }

  /** A copy of a batch of a generation; null if none is there, or not whole. */
  private byte @Nullable [] copy(long at, long ofGeneration) {
    int entries = JournalLayout.claimedEntries(log, at);
    if (entries < 0 || JournalLayout.generation(log, at) != ofGeneration) {
      return null;
    }
    byte[] batch = new byte[JournalLayout.batchBytes(entries)];
    MemorySegment.copy(log, ValueLayout.JAVA_BYTE, at, batch, 0, batch.length);
    boolean isWhole =
        JournalLayout.isWhole(batch, fileId, at)
            && JournalLayout.generation(MemorySegment.ofArray(batch), 0) == ofGeneration;
    return isWhole ? batch : null;
  }

  /**
   * Refuses a log with a whole batch behind one that is not, or with one of a later generation:
   * something durable was lost then. Before anything is applied.
   */
  void checkRest() {
    long number = sequence;
    long from = end;
    for (byte[] batch = next(from, number); batch != null; batch = next(from, number)) {
      from = JournalLayout.align(from + batch.length);
      number++;
    }
    // Leftovers can look like headers; a file made of such must not cost the square of its size.
    long budget = log.byteSize() * REST_CHECKS;
    for (long at = from;
        at <= log.byteSize() - JournalLayout.HEADER_BYTES && budget > 0;
        at += JournalLayout.ALIGNMENT) {
      long found = JournalLayout.generation(log, at);
      boolean late = found == generation && JournalLayout.sequence(log, at) > number;
      if (!late && found <= generation) {
        continue;
      }
      budget -= JournalLayout.batchBytes(Math.max(0, JournalLayout.claimedEntries(log, at)));
      if (copy(at, found) != null) {
        throw new PagerCorruptException(
            "log",
            "log: batch "
                + number
                + " of generation "
                + generation
                + " is damaged, later ones are not");
      }
    }
  }
}
