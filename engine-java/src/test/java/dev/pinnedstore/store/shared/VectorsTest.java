package dev.pinnedstore.store.shared;

import static dev.pinnedstore.store.shared.SharedFiles.DIRECTORY;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.BlobTooLargeException;
import dev.pinnedstore.store.StaleHandleException;
import dev.pinnedstore.store.shared.OriginalLayout.Header;
import dev.pinnedstore.store.shared.Vector.Acknowledge;
import dev.pinnedstore.store.shared.Vector.Append;
import dev.pinnedstore.store.shared.Vector.Cleanup;
import dev.pinnedstore.store.shared.Vector.Image;
import dev.pinnedstore.store.shared.Vector.Operation;
import dev.pinnedstore.store.shared.Vector.Resolved;
import dev.pinnedstore.store.shared.Vector.Snapshot;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Our store goes on where the original left its files. */
@Tag("contract")
class VectorsTest {
  @RegisterExtension final SharedFiles files = new SharedFiles();

  static Stream<Arguments> snapshots() {
    return Vectors.all().stream()
        .flatMap(v -> v.snapshots().stream().map(s -> Arguments.of(v, s.label(), s)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("snapshots")
  void everyBlobOfTheOriginalResolvesOrIsAbsentAsItSays(
      Vector vector, String label, Snapshot snapshot) throws Exception {
    String namespace = files.namespace();
    SharedFiles.write(namespace, snapshot);
    try (StorePeer peer = StorePeer.attach(DIRECTORY, namespace)) {
      for (Resolved blob : snapshot.blobs()) {
        assertBlob(peer, vector, blob);
      }
    }
    assertUntouched(namespace, snapshot);
    SharedFiles.remove(namespace);
  }

  private static void assertBlob(StorePeer peer, Vector vector, Resolved blob) {
    if (blob.resolves()) {
      byte[] bytes = vector.bytesOf(blob.handle());
      assertThat(peer.resolve(blob.handle())).as("%s", blob).isEqualTo(bytes);
      assertThat(peer.store.view(blob.handle()).mismatch(MemorySegment.ofArray(bytes)))
          .as("first wrong byte in the view of %s", blob)
          .isEqualTo(-1);
    } else {
      assertThat(peer.resolve(blob.handle())).as("%s", blob).isNull();
      assertThatExceptionOfType(StaleHandleException.class)
          .as("%s", blob)
          .isThrownBy(() -> peer.store.view(blob.handle()));
      assertThat(peer.acknowledge(blob.handle())).as("%s", blob).isFalse();
    }
  }

  /** A reader changes no documented byte, and the files of the original stay when it goes. */
  private static void assertUntouched(String namespace, Snapshot snapshot) throws IOException {
    assertThat(OriginalLayout.Control.of(SharedFiles.read(namespace, "ctrl")))
        .isEqualTo(OriginalLayout.Control.of(snapshot.control().bytes()));
    for (Image file : snapshot.files()) {
      byte[] bytes = SharedFiles.read(namespace, file.name());
      assertThat(bytes).as("%s", file.name()).hasSameSizeAs(file.bytes());
      if (!file.name().equals("ctrl")) {
        assertThat(Header.of(bytes)).as("%s", file.name()).isEqualTo(Header.of(file.bytes()));
        assertThat(blobs(bytes)).as("%s", file.name()).isEqualTo(blobs(file.bytes()));
      }
    }
  }

  private static byte[] blobs(byte[] chunk) {
    return MemorySegment.ofArray(chunk).asSlice(OriginalLayout.HEADER_BYTES).toArray(JAVA_BYTE);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("snapshots")
  void operationsGoWhereTheOriginalWouldPutThem(Vector vector, String label, Snapshot snapshot)
      throws Exception {
    String namespace = files.namespace();
    SharedFiles.write(namespace, snapshot);
    long start = System.currentTimeMillis();
    Map<BlobHandle, BlobHandle> handles = new HashMap<>();
    int done = snapshot.afterOperation();
    List<Operation> operations = vector.operations();
    try (StorePeer peer = StorePeer.attach(DIRECTORY, namespace)) {
      // What we clean up may be written again, which the original cannot.
      while (done < operations.size() && !(operations.get(done) instanceof Cleanup)) {
        perform(peer, operations.get(done), handles);
        done++;
        Snapshot later = vector.snapshotAfter(done).orElse(null);
        if (later != null) {
          assertCounters(namespace, later, start);
          for (Resolved blob : later.blobs()) {
            BlobHandle handle = handles.getOrDefault(blob.handle(), blob.handle());
            if (blob.resolves() && !isAcknowledged(operations.subList(0, done), blob.handle())) {
              assertThat(peer.resolve(handle)).isEqualTo(vector.bytesOf(blob.handle()));
            }
          }
        }
      }
    }
    SharedFiles.remove(namespace);
  }

  private static boolean isAcknowledged(List<Operation> done, BlobHandle handle) {
    return done.stream().anyMatch(o -> o instanceof Acknowledge ack && ack.handle().equals(handle));
  }

  private static void perform(
      StorePeer peer, Operation operation, Map<BlobHandle, BlobHandle> handles) {
    switch (operation) {
      case Append append when append.bytes().length == 0 ->
          assertThatIllegalArgumentException().isThrownBy(() -> peer.append(append.bytes()));
      case Append append when append.isRefused() ->
          assertThatExceptionOfType(BlobTooLargeException.class)
              .isThrownBy(() -> peer.append(append.bytes()))
              .returns(append.bytes().length - 1L, BlobTooLargeException::maxBytes);
      case Append append -> {
        BlobHandle handle = peer.append(append.bytes());
        assertThat(handle.toHex().substring(0, 32))
            .as("page, offset, size and generation")
            .isEqualTo(append.result().substring(0, 32));
        handles.put(BlobHandle.fromHex(append.result()), handle);
        assertThat(peer.resolve(handle)).isEqualTo(append.bytes());
      }
      case Acknowledge ack -> {
        BlobHandle handle = handles.getOrDefault(ack.handle(), ack.handle());
        assertThat(peer.acknowledge(handle)).isTrue();
        assertThat(peer.acknowledge(handle)).as("a second time").isFalse();
      }
      case Cleanup cleanup -> throw new IllegalArgumentException(cleanup.toString());
    }
  }

  /** A spare may be made later than the original makes it, and is then not counted yet. */
  private static void assertCounters(String namespace, Snapshot later, long start)
      throws IOException {
    assertThat(SharedFiles.control(namespace).writeHead())
        .isEqualTo(OriginalLayout.Control.of(later.control().bytes()).writeHead());
    for (Image file : later.files()) {
      Header expected = Header.of(file.bytes());
      if (file.name().startsWith("data_") && !expected.isUnwritten()) {
        Header header = Header.of(SharedFiles.read(namespace, file.name()));
        assertThat(header)
            .as("%s", file.name())
            .usingRecursiveComparison()
            .ignoringFields("emptySinceMillis", "firstWriteMillis")
            .isEqualTo(expected);
        Times.assertLike(header, expected, start);
      }
    }
  }
}
