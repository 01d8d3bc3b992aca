package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The program of the child that reads files and appends them piece by piece; see {@link Wire}. It
 * may be killed at any moment: the courier starts another one where the last handle left off.
 */
final class ProducerProcess {
  private static final long LOOK_MILLIS = 50;

  private final PinnedStore store;
  private final FileFeed feed;
  private final Orders orders;
  private final DataOutputStream out;
  private final PieceChecksum checksum = PieceChecksum.crc32c();
  private long leftBytes;
  private int waits;
  private volatile boolean stops;

  private ProducerProcess(PinnedStore store, FileFeed feed, Orders orders, DataOutputStream out) {
    this.store = store;
    this.feed = feed;
    this.orders = orders;
    this.out = out;
    this.leftBytes = orders.bytes();
  }

  /** Takes what {@link Wire#attach} takes. */
  public static void main(String[] args) throws IOException {
    DataOutputStream out = Wire.out();
    DataInputStream in = Wire.in();
    Orders orders = Orders.read(in);
    try (PinnedStore store = Wire.attach(args);
        var _ = store.startLifecycle(Wire.INTERVAL);
        FileFeed feed = new FileFeed(FileOpener.OF_FILES)) {
      ProducerProcess producer = new ProducerProcess(store, feed, orders, out);
      Thread.ofPlatform().daemon().name("producer-stop").start(() -> producer.awaitStop(in));
      producer.send();
    }
    out.writeByte(Wire.END);
    out.flush();
  }

  /** The courier closes the pipe when it has enough, and its end closes it too. */
  private void awaitStop(DataInputStream in) {
    try {
      in.read();
    } catch (IOException e) {
      System.err.println("courier: producer: " + e);
    }
    stops = true;
  }

  private void send() throws IOException {
    int first = orders.piece();
    int file = orders.file();
    while (goesOn()) {
      if (file == orders.files().size()) {
        if (!orders.repeats()) {
          return;
        }
        file = 0;
      }
      send(file, first);
      first = 0;
      file++;
    }
  }

  private boolean goesOn() {
    return leftBytes > 0 && !stops && !orders.files().isEmpty();
  }

  private void send(int file, int first) throws IOException {
    Path path = orders.files().get(file);
    String failure = null;
    try {
      feed.open(path);
      feed.skip(first);
    } catch (IOException e) {
      failure = Reasons.of(e);
    }
    for (int piece = first; failure == null && goesOn(); piece++) {
      try {
        if (!feed.next(leftBytes)) {
          break;
        }
      } catch (IOException e) {
        failure = Reasons.of(e);
        break;
      }
      send(file, piece, checksum.of(feed.bytes()));
    }
    feed.closeFile();
    if (failure != null) {
      out.writeByte(Wire.UNREADABLE);
      out.writeInt(file);
      out.writeUTF(failure);
    } else if (!stops) {
      out.writeByte(Wire.SENT);
      out.writeInt(file);
    }
    out.flush();
  }

  private void send(int file, int piece, int expected) throws IOException {
    long size = feed.piece().byteSize();
    long start = System.nanoTime();
    BlobHandle handle = store.tryAppend(feed.piece());
    while (handle == null && !stops) {
      waits++;
      awaitRoom(size);
      start = System.nanoTime();
      handle = store.tryAppend(feed.piece());
    }
    if (handle != null) {
      tell(file, piece, expected, System.nanoTime() - start, handle);
      leftBytes -= size;
    }
  }

  private void tell(int file, int piece, int expected, long nanos, BlobHandle handle)
      throws IOException {
    out.writeByte(Wire.BLOB);
    out.writeInt(file);
    out.writeInt(piece);
    out.writeInt(expected);
    out.writeLong(nanos);
    out.writeInt(waits);
    out.write(handle.toBytes());
    out.flush();
    waits = 0;
  }

  private void awaitRoom(long size) {
    CompletableFuture<@Nullable Void> room = store.roomFor(size).thenApply(_ -> null);
    while (!stops) {
      try {
        room.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        return;
      } catch (TimeoutException e) {
        // Looks whether it is to stop, and waits on.
      } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
        throw new IllegalStateException("waiting for room failed", e);
      }
    }
    room.cancel(false);
  }
}
