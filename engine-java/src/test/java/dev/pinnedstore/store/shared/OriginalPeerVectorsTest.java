package dev.pinnedstore.store.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.shared.OriginalLayout.Header;
import dev.pinnedstore.store.shared.Vector.Acknowledge;
import dev.pinnedstore.store.shared.Vector.Append;
import dev.pinnedstore.store.shared.Vector.Cleanup;
import dev.pinnedstore.store.shared.Vector.Image;
import dev.pinnedstore.store.shared.Vector.Operation;
import dev.pinnedstore.store.shared.Vector.Resolved;
import dev.pinnedstore.store.shared.Vector.Snapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The peer that the other tests take for the original writes and reads what the original does. */
class OriginalPeerVectorsTest {
  @RegisterExtension final SharedFiles files = new SharedFiles();

  /** The vector's handles, and what the replay got instead: the timestamp is another. */
  private final Map<BlobHandle, BlobHandle> handles = new HashMap<>();

  static List<Vector> vectors() {
    return Vectors.all();
  }

  static Stream<Arguments> snapshots() {
    return Vectors.all().stream()
        .flatMap(v -> v.snapshots().stream().map(s -> Arguments.of(v, s.label(), s)));
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void replayedOperationsLeaveTheOriginalsFilesByteForByte(Vector vector) throws Exception {
    String namespace = files.namespace();
    long start = System.currentTimeMillis();
    try (OriginalPeer peer =
        OriginalPeer.create(
            SharedFiles.DIRECTORY, namespace, vector.chunkSize(), OriginalPeer.UNLIMITED)) {
      for (int done = 0; done <= vector.operations().size(); done++) {
        if (done > 0) {
          perform(peer, vector.operations().get(done - 1));
        }
        Snapshot snapshot = vector.snapshotAfter(done).orElse(null);
        if (snapshot != null) {
          assertFiles(namespace, snapshot, start);
          assertResolves(peer, vector, snapshot, handles);
        }
      }
    }
    assertThat(SharedFiles.names(namespace)).as("files after the creator's end").isEmpty();
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("snapshots")
  void attachesToTheOriginalsFilesAndResolves(Vector vector, String label, Snapshot snapshot)
      throws Exception {
    String namespace = files.namespace();
    SharedFiles.write(namespace, snapshot);
    try (OriginalPeer peer =
        OriginalPeer.attach(SharedFiles.DIRECTORY, namespace, OriginalPeer.UNLIMITED)) {
      assertThat(peer.chunkCount()).isEqualTo(snapshot.files().size() - 1);
      assertResolves(peer, vector, snapshot, Map.of());
    }
    assertThat(SharedFiles.names(namespace))
        .as("an attacher unlinks nothing")
        .hasSize(snapshot.files().size());
    OriginalPeer.cleanupNamespace(SharedFiles.DIRECTORY, namespace);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("snapshots")
  void operationsContinueOnTheOriginalsFiles(Vector vector, String label, Snapshot snapshot)
      throws Exception {
    String namespace = files.namespace();
    SharedFiles.write(namespace, snapshot);
    long start = System.currentTimeMillis();
    int done = snapshot.afterOperation();
    try (OriginalPeer peer =
        OriginalPeer.attach(SharedFiles.DIRECTORY, namespace, OriginalPeer.UNLIMITED)) {
      for (Operation operation : vector.operations().subList(done, vector.operations().size())) {
        perform(peer, operation);
        done++;
        Snapshot later = vector.snapshotAfter(done).orElse(null);
        if (later != null) {
          assertFiles(namespace, later, start);
        }
      }
    }
    OriginalPeer.cleanupNamespace(SharedFiles.DIRECTORY, namespace);
  }

  private void perform(OriginalPeer peer, Operation operation) {
    switch (operation) {
      case Append append when append.isRefused() ->
          assertThatExceptionOfType(OriginalError.class)
              .isThrownBy(() -> peer.append(append.bytes()))
              .withMessage(append.result().substring(PeerLines.ERROR.length()));
      case Append append -> {
        BlobHandle expected = BlobHandle.fromHex(append.result());
        BlobHandle handle = peer.append(append.bytes());
        assertThat(handle.toHex().substring(0, 32)).isEqualTo(append.result().substring(0, 32));
        handles.put(expected, handle);
      }
      case Acknowledge ack ->
          assertThat(peer.acknowledge(handles.getOrDefault(ack.handle(), ack.handle())))
              .isEqualTo(ack.result());
      case Cleanup cleanup ->
          // The TTL of the vectors is half a minute, and their files are older.
          assertThat(peer.cleanup(-1, cleanup.decayMillis())).isEqualTo((int) cleanup.result());
    }
  }

  private static void assertResolves(
      OriginalPeer peer, Vector vector, Snapshot snapshot, Map<BlobHandle, BlobHandle> handles) {
    for (Resolved blob : snapshot.blobs()) {
      byte[] bytes = peer.resolve(handles.getOrDefault(blob.handle(), blob.handle()));
      if (blob.resolves()) {
        assertThat(bytes).as("%s", blob).isEqualTo(vector.bytesOf(blob.handle()));
      } else {
        assertThat(bytes).as("%s", blob).isNull();
      }
    }
  }

  /** All bytes but those of timestamps, which are set where the original's are, and in order. */
  private static void assertFiles(String namespace, Snapshot snapshot, long start)
      throws IOException {
    assertThat(SharedFiles.names(namespace))
        .isEqualTo(snapshot.files().stream().map(Image::name).sorted().toList());
    for (Image image : snapshot.files()) {
      byte[] bytes = SharedFiles.read(namespace, image.name());
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(SharedFiles.path(namespace, image.name()))))
          .isEqualTo("rw-------");
      if (image.name().equals("ctrl")) {
        assertThat(bytes).as("%s", image.name()).isEqualTo(image.bytes());
      } else {
        assertTimes(Header.of(bytes), Header.of(image.bytes()), start);
        assertThat(timeless(bytes)).as("%s", image.name()).isEqualTo(timeless(image.bytes()));
      }
    }
  }

  /** A time of the vector itself is a file's from before the replay. */
  private static void assertTimes(Header header, Header expected, long start) {
    long now = System.currentTimeMillis();
    assertTime(header.firstWriteMillis(), expected.firstWriteMillis(), start, now);
    assertTime(
        header.emptySinceMillis(),
        expected.emptySinceMillis(),
        Math.min(start, header.firstWriteMillis()),
        now);
  }

  private static void assertTime(long time, long expected, long start, long end) {
    if (expected == 0) {
      assertThat(time).isZero();
    } else if (time != expected) {
      assertThat(time).isBetween(start, end);
    }
  }

  private static byte[] timeless(byte[] chunk) {
    byte[] copy = chunk.clone();
    ByteBuffer bytes = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(OriginalLayout.EMPTY_SINCE, 0).putLong(OriginalLayout.FIRST_WRITE, 0);
    return copy;
  }
}
