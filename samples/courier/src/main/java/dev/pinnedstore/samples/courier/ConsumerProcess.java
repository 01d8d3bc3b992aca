package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The program of a child that copies blobs out of the store, verifies them and acknowledges them;
 * see {@link Wire}.
 *
 * <p>It checksums copies: native code that reads a mapping would take the JVM down if somebody cut
 * the file short under it.
 */
final class ConsumerProcess {
  private final PinnedStore store;
  private final DataOutputStream out;
  private final PieceChecksum checksum = PieceChecksum.crc32c();

  ConsumerProcess(PinnedStore store, DataOutputStream out) {
    this.store = store;
    this.out = out;
  }

  /** Takes what {@link Wire#attach} takes. */
  public static void main(String[] args) throws IOException {
    DataOutputStream out = Wire.out();
    try (PinnedStore store = Wire.attach(args);
        var _ = store.startLifecycle()) {
      new ConsumerProcess(store, out).consume(Wire.in());
    }
  }

  /** Does what it is asked until the stream ends. */
  void consume(DataInputStream in) throws IOException {
    byte[] bytes = new byte[BlobHandle.BYTES];
    for (int request = in.read(); request >= 0; request = in.read()) {
      in.readFully(bytes);
      BlobHandle handle = BlobHandle.fromBytes(bytes);
      if (request == Wire.VERIFY) {
        answer(store.resolve(handle));
      }
      out.writeByte(store.acknowledge(handle) ? Wire.FIRST : Wire.AGAIN);
      out.flush();
    }
  }

  private void answer(byte @Nullable [] copy) throws IOException {
    if (copy == null) {
      out.writeByte(Wire.GONE);
    } else {
      out.writeByte(Wire.COPIED);
      out.writeInt(checksum.of(ByteBuffer.wrap(copy)));
    }
    out.flush();
  }
}
