package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A consumer's answers, and what the courier makes of them, without a process. */
class ConsumerProcessTest {
  private static final byte[] CONTENT = Bytes.of(1000);
  private static final int CRC = Bytes.crc32c(CONTENT, 0, CONTENT.length);

  @TempDir Path directory;
  private final Stage stage = new Stage();
  private final Receipts receipts = new Receipts(1);
  private final LongAdder lost = new LongAdder();
  private PinnedStore store;

  @BeforeEach
  void open() {
    Backend backend = Backend.shared("orders").directory(directory).chunkSize(1 << 16);
    store = PinnedStore.open(StoreConfig.builder().backend(backend).build());
  }

  @AfterEach
  void close() {
    store.close();
    assertThat(directory).isEmptyDirectory();
  }

  private DataInputStream answers(int request, BlobHandle handle) throws IOException {
    ByteArrayOutputStream asked = new ByteArrayOutputStream();
    asked.write(request);
    asked.write(handle.toBytes());
    ByteArrayOutputStream answered = new ByteArrayOutputStream();
    new ConsumerProcess(store, new DataOutputStream(answered))
        .consume(new DataInputStream(new ByteArrayInputStream(asked.toByteArray())));
    return new DataInputStream(new ByteArrayInputStream(answered.toByteArray()));
  }

  private Parcel parcel(BlobHandle handle, int checksum) {
    receipts.sent(0, CONTENT.length);
    return new Parcel(0, 0, checksum, handle.toBytes(), CONTENT.length);
  }

  private ConsumerLink link() {
    FileList files = new FileList(directory, List.of(directory.resolve("file")), 0, 0);
    return new ConsumerLink(null, new Dispatch(), receipts, files, stage.screen(), lost);
  }

  @Test
  void aBlobIsVerifiedAndAcknowledgedOnce() throws IOException {
    BlobHandle handle = store.append(CONTENT);
    Parcel parcel = parcel(handle, CRC);
    link().finish(parcel, answers(Wire.VERIFY, handle));

    assertThat(stage.err()).isEmpty();
    assertThat(parcel.isVerified()).isTrue();
    assertThat(receipts.verifiedBytes(0)).isEqualTo(CONTENT.length);
    assertThat(receipts.liveBytes()).isZero();
    assertThat(store.acknowledge(handle)).isFalse();
  }

  @Test
  void whoeverDiedBetweenItsAnswersMayHaveAcknowledgedOrNot() throws IOException {
    for (boolean acknowledged : new boolean[] {false, true}) {
      BlobHandle handle = store.append(CONTENT);
      Parcel parcel = parcel(handle, CRC);
      parcel.setVerified();
      if (acknowledged) {
        store.acknowledge(handle);
      }
      link().finish(parcel, answers(Wire.ACKNOWLEDGE, handle));
      assertThat(store.acknowledge(handle)).isFalse();
    }

    assertThat(stage.err()).isEmpty();
    assertThat(receipts.liveBytes()).isZero();
    assertThat(receipts.verifiedBlobs()).isZero();
  }

  @Test
  void aBlobThatIsGoneIsLost() throws IOException {
    BlobHandle handle = store.append(CONTENT);
    store.acknowledge(handle);
    store.append(CONTENT);
    DataInputStream gone =
        new DataInputStream(new ByteArrayInputStream(new byte[] {Wire.GONE, Wire.AGAIN}));
    link().finish(parcel(handle, CRC), gone);

    assertThat(lost.sum()).isEqualTo(1);
    assertThat(stage.err().lines())
        .containsExactly("courier: " + directory.resolve("file") + ", piece 0: is lost");
  }

  @Test
  void aBlobWithOtherBytesIsNotVerified() throws IOException {
    BlobHandle handle = store.append(CONTENT);
    link().finish(parcel(handle, ~CRC), answers(Wire.VERIFY, handle));

    assertThat(receipts.verifiedBlobs()).isZero();
    assertThat(stage.err()).contains("piece 0: CRC32C is ", ", expected ");
  }

  @Test
  void aBlobThatSomebodyElseAcknowledgedIsAProblem() throws IOException {
    BlobHandle handle = store.append(CONTENT);
    Parcel parcel = parcel(handle, CRC);
    DataInputStream again =
        new DataInputStream(
            new ByteArrayInputStream(
                new byte[] {
                  Wire.COPIED,
                  (byte) (CRC >>> 24),
                  (byte) (CRC >>> 16),
                  (byte) (CRC >>> 8),
                  (byte) CRC,
                  Wire.AGAIN
                }));
    link().finish(parcel, again);

    assertThat(stage.err()).contains("piece 0: was acknowledged before");
  }
}
