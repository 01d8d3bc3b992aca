package dev.pinnedstore.samples.courier;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * How much of each file was sent and how much of it arrived as it was sent. One sender, any number
 * of consumers; compared once all of them are done. What is on its way may be asked at any time.
 */
final class Receipts {
  private final long[] sentBytes;
  private final AtomicLongArray verifiedBytes;
  private final AtomicLong liveBytes = new AtomicLong();
  private final LongAdder verifiedBlobs = new LongAdder();
  private long sentBlobs;

  Receipts(int files) {
    this.sentBytes = new long[files];
    this.verifiedBytes = new AtomicLongArray(files);
  }

  /** Notes a blob that the sender appended, before any consumer gets to know it. */
  void sent(int file, long bytes) {
    liveBytes.getAndAdd(bytes);
    sentBlobs++;
    sentBytes[file] += bytes;
  }

  /** Notes a blob that a consumer acknowledged. */
  void acknowledged(long bytes) {
    liveBytes.getAndAdd(-bytes);
  }

  /** How much is sent and not acknowledged yet. */
  long liveBytes() {
    return liveBytes.get();
  }

  /** Notes a blob that a consumer verified. */
  void verified(int file, long bytes) {
    verifiedBlobs.increment();
    verifiedBytes.getAndAdd(file, bytes);
  }

  long sentBlobs() {
    return sentBlobs;
  }

  long verifiedBlobs() {
    return verifiedBlobs.sum();
  }

  long sentBytes(int file) {
    return sentBytes[file];
  }

  long verifiedBytes(int file) {
    return verifiedBytes.get(file);
  }
}
