package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.BlobHandle;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Takes the handles of one producer process after another, and has the next one begin where the
 * last handle left off. A blob whose handle died with its producer was given to nobody: it is sent
 * again, and the first copy of it expires. For one thread, but {@link #child} and {@link #stop}.
 */
final class ProducerLink {
  private static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int DIGITS = 3;

  private final Crew crew;
  private final Dispatch dispatch;
  private final Receipts receipts;
  private final FileList files;
  private final Progress progress;
  private final Screen screen;
  private final Histogram appendNanos = new Histogram(LONGEST_NANOS, DIGITS);
  private final BitSet reported = new BitSet();
  private Orders next;
  private long bytes;
  private long waits;
  private int sentFiles;
  private int piecesOfFile;
  private volatile boolean stopped;
  private volatile @Nullable Child child;

  ProducerLink(
      Crew crew,
      Dispatch dispatch,
      Receipts receipts,
      FileList files,
      Progress progress,
      Screen screen,
      long limitBytes,
      boolean repeats) {
    this.crew = crew;
    this.dispatch = dispatch;
    this.receipts = receipts;
    this.files = files;
    this.progress = progress;
    this.screen = screen;
    this.next = new Orders(files.files(), 0, 0, limitBytes, repeats);
  }

  /** The process of now; null while there is none. */
  @Nullable Child child() {
    return child;
  }

  /** Lets the producer come to its end soon. For any thread. */
  void stop() {
    stopped = true;
    Child now = child;
    if (now != null) {
      try {
        now.out().close();
      } catch (IOException e) {
        // It has died, and the next one will be told.
        screen.problem("producer: " + Reasons.of(e));
      }
    }
  }

  /** Works until everything is sent. */
  void run() throws IOException {
    boolean done = false;
    while (!done) {
      Child now = crew.start(ProducerProcess.class);
      done = follow(now);
      child = null;
      now.awaitEnd(done);
    }
    if (piecesOfFile > 0) {
      sentFiles++;
    }
  }

  /** Takes what one process sends until all is sent, or until it dies. */
  private boolean follow(Child now) {
    try {
      next.write(now.out());
      child = now;
      if (stopped) {
        now.out().close();
      }
      DataInputStream in = now.in();
      for (int kind = in.readUnsignedByte(); kind != Wire.END; kind = in.readUnsignedByte()) {
        take(kind, in);
        now.setUseful();
      }
      now.out().close();
      return true;
    } catch (IOException e) {
      // It has died; whether it was to is asked of the process.
      return false;
    }
  }

  private void take(int kind, DataInputStream in) throws IOException {
    switch (kind) {
      case Wire.BLOB -> takeBlob(in);
      case Wire.SENT -> {
        int file = in.readInt();
        sentFiles++;
        begin(file + 1, 0);
      }
      case Wire.UNREADABLE -> {
        int file = in.readInt();
        String reason = in.readUTF();
        if (!reported.get(file)) {
          reported.set(file);
          screen.problem(files.files().get(file) + ": " + reason);
        }
        begin(file + 1, 0);
      }
      default -> throw new IOException("message=" + kind + ": is none of a producer");
    }
  }

  private void takeBlob(DataInputStream in) throws IOException {
    int file = in.readInt();
    int piece = in.readInt();
    int checksum = in.readInt();
    long nanos = in.readLong();
    int waited = in.readInt();
    byte[] handle = in.readNBytes(BlobHandle.BYTES);
    if (handle.length < BlobHandle.BYTES) {
      throw new EOFException();
    }
    long size = BlobHandle.fromBytes(handle).sizeBytes();
    appendNanos.recordValue(Math.min(nanos, LONGEST_NANOS));
    waits += waited;
    bytes += size;
    next = new Orders(next.files(), file, piece + 1, next.bytes() - size, next.repeats());
    piecesOfFile = piece + 1;
    // Noted before a consumer can answer.
    receipts.sent(file, size);
    dispatch.put(new Parcel(file, piece, checksum, handle, size));
    progress.advance(size);
  }

  private void begin(int file, int piece) {
    next = new Orders(next.files(), file, piece, next.bytes(), next.repeats());
    piecesOfFile = piece;
  }

  /** How many times a file was sent, the last one perhaps cut at the limit. */
  int files() {
    return sentFiles;
  }

  /** How many files could not be read, or not to their end. */
  int unreadable() {
    return reported.cardinality();
  }

  long bytes() {
    return bytes;
  }

  /** How often the producer found the store full. */
  long waits() {
    return waits;
  }

  /** What successful appends took, in ns. */
  Histogram appendNanos() {
    return appendNanos;
  }
}
