package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.BlobHandle;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Hands parcels to one consumer process after another, a batch at a time. What one that was killed
 * had not finished goes back to {@link Dispatch}. Runs on a thread of its own.
 */
final class ConsumerLink {
  /** How many parcels may be lost sight of, at most, when a consumer dies. */
  private static final int BATCH = 16;

  private final Crew crew;
  private final Dispatch dispatch;
  private final Receipts receipts;
  private final FileList files;
  private final Screen screen;
  private final LongAdder lost;
  private volatile @Nullable Child child;

  ConsumerLink(
      Crew crew,
      Dispatch dispatch,
      Receipts receipts,
      FileList files,
      Screen screen,
      LongAdder lost) {
    this.crew = crew;
    this.dispatch = dispatch;
    this.receipts = receipts;
    this.files = files;
    this.screen = screen;
    this.lost = lost;
  }

  /** The process of now; null while there is none. */
  @Nullable Child child() {
    return child;
  }

  /** Works until all parcels are finished. */
  void run() throws IOException, InterruptedException {
    boolean done = false;
    while (!done) {
      Child now = crew.start(ConsumerProcess.class);
      child = now;
      done = serve(now);
      child = null;
      now.awaitEnd(done);
    }
  }

  /** Works with one process until all is finished, or until it dies. */
  private boolean serve(Child now) throws InterruptedException {
    while (true) {
      List<Parcel> left = new ArrayList<>(dispatch.take(BATCH));
      try {
        if (left.isEmpty()) {
          now.out().close();
          return true;
        }
        send(left, now.out());
        while (!left.isEmpty()) {
          finish(left.getFirst(), now.in());
          left.removeFirst();
          dispatch.finished();
          now.setUseful();
        }
      } catch (IOException e) {
        // It has died; whether it was to is asked of the process.
        dispatch.giveBack(left);
        return false;
      }
    }
  }

  private static void send(List<Parcel> parcels, DataOutputStream out) throws IOException {
    for (Parcel parcel : parcels) {
      out.writeByte(parcel.isVerified() ? Wire.ACKNOWLEDGE : Wire.VERIFY);
      out.write(parcel.handle, 0, BlobHandle.BYTES);
    }
    out.flush();
  }

  /** Takes the answers about one parcel. */
  void finish(Parcel parcel, DataInputStream in) throws IOException {
    boolean anew = !parcel.isVerified();
    boolean isHere = !anew || verify(parcel, in);
    int acknowledged = in.readUnsignedByte();
    if (acknowledged == Wire.FIRST) {
      receipts.acknowledged(parcel.bytes);
    } else if (!anew) {
      // The one that died has done it.
      receipts.acknowledged(parcel.bytes);
    } else if (isHere) {
      complain(parcel, "was acknowledged before");
    }
  }

  private boolean verify(Parcel parcel, DataInputStream in) throws IOException {
    if (in.readUnsignedByte() == Wire.GONE) {
      lost.increment();
      complain(parcel, "is lost");
      return false;
    }
    int actual = in.readInt();
    parcel.setVerified();
    if (actual == parcel.checksum) {
      receipts.verified(parcel.file, parcel.bytes);
    } else {
      complain(parcel, "CRC32C is " + hex(actual) + ", expected " + hex(parcel.checksum));
    }
    return true;
  }

  private void complain(Parcel parcel, String what) {
    screen.problem(files.files().get(parcel.file) + ", piece " + parcel.piece + ": " + what);
  }

  private static String hex(int value) {
    return HexFormat.of().toHexDigits(value);
  }
}
