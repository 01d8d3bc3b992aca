package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreFullException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Reads the files and appends them piece by piece. For one thread.
 *
 * <p>The loop over the pieces of a file allocates nothing, but for a slice where a piece is short.
 */
final class Sender {
  private static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int DIGITS = 3;

  private final PinnedStore store;
  private final HandleRing ring;
  private final FileFeed feed;
  private final Receipts receipts;
  private final Progress progress;
  private final Screen screen;
  private final PieceChecksum checksum = PieceChecksum.crc32c();
  private final Histogram appendNanos = new Histogram(LONGEST_NANOS, DIGITS);
  private long leftBytes;
  private int files;
  private int unreadable;
  private long bytes;
  private long waits;

  Sender(
      PinnedStore store,
      HandleRing ring,
      FileFeed feed,
      Receipts receipts,
      Progress progress,
      Screen screen,
      long limitBytes) {
    this.store = store;
    this.ring = ring;
    this.feed = feed;
    this.receipts = receipts;
    this.progress = progress;
    this.screen = screen;
    this.leftBytes = limitBytes;
  }

  /** Sends the files until all are sent or the limit is reached. */
  void send(FileList list) {
    for (int file = 0; file < list.files().size() && leftBytes > 0; file++) {
      Path path = list.files().get(file);
      try {
        send(file, path);
        files++;
      } catch (IOException e) {
        unreadable++;
        screen.problem(path + ": " + Reasons.of(e));
      }
    }
  }

  private void send(int file, Path path) throws IOException {
    feed.open(path);
    try {
      for (int piece = 0; leftBytes > 0 && feed.next(leftBytes); piece++) {
        // Of what was read, before the store sees it: a fault on the way cannot hide.
        int expected = checksum.of(feed.bytes());
        MemorySegment source = feed.piece();
        long slot = ring.claim();
        append(source, slot);
        receipts.sent(file, source.byteSize());
        ring.publish(slot, file, piece, expected);
        count(source.byteSize());
      }
    } finally {
      feed.closeFile();
    }
  }

  /** Appends a piece. When the store is full, waits until consumers have made room. */
  private void append(MemorySegment source, long slot) {
    while (true) {
      try {
        long start = System.nanoTime();
        store.append(source, ring.slots(), HandleRing.handleAt(slot));
        appendNanos.recordValue(Math.min(System.nanoTime() - start, LONGEST_NANOS));
        return;
      } catch (StoreFullException e) {
        waits++;
        store.roomFor(source.byteSize()).join();
      }
    }
  }

  private void count(long size) {
    bytes += size;
    leftBytes -= size;
    progress.advance(size);
  }

  /** How many files were sent, the last one perhaps cut at the limit. */
  int files() {
    return files;
  }

  /** How many files could not be read, or not to their end. */
  int unreadable() {
    return unreadable;
  }

  long bytes() {
    return bytes;
  }

  /** How often the store was full. */
  long waits() {
    return waits;
  }

  /** What successful appends took, in ns. */
  Histogram appendNanos() {
    return appendNanos;
  }
}
