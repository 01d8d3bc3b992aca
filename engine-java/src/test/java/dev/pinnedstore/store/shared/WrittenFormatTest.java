package dev.pinnedstore.store.shared;

import static dev.pinnedstore.store.shared.SharedFiles.DIRECTORY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStoreException;
import dev.pinnedstore.store.shared.OriginalLayout.Control;
import dev.pinnedstore.store.shared.OriginalLayout.Header;
import dev.pinnedstore.store.shared.Vector.Acknowledge;
import dev.pinnedstore.store.shared.Vector.Append;
import dev.pinnedstore.store.shared.Vector.Cleanup;
import dev.pinnedstore.store.shared.Vector.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What our store writes from one thread is what the original writes, but that generations start
 * anywhere, times are of the moment, and the never-written spare comes with the next cycle.
 */
@Tag("contract")
class WrittenFormatTest {
  @RegisterExtension final SharedFiles files = new SharedFiles();
  private final Map<BlobHandle, BlobHandle> original = new HashMap<>();
  private final Map<BlobHandle, BlobHandle> ours = new HashMap<>();

  static List<Vector> vectors() {
    return Vectors.all();
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void eachOperationLeavesTheFieldsAndBytesOfTheOriginal(Vector vector) throws Exception {
    String theirs = files.namespace();
    String mine = files.namespace();
    long start = System.currentTimeMillis();
    try (OriginalPeer peer =
            OriginalPeer.create(DIRECTORY, theirs, vector.chunkSize(), OriginalPeer.UNLIMITED);
        StorePeer store =
            StorePeer.create(DIRECTORY, mine, vector.chunkSize(), OriginalPeer.UNLIMITED)) {
      assertSameFiles(mine, theirs, start);
      for (Operation operation : upToCleanup(vector)) {
        perform(peer, operation, original);
        perform(store, operation, ours);
        assertSameHandles(mine, theirs);
        assertSameFiles(mine, theirs, start);
      }
      store.cleanup(0, 0);
      assertThat(SharedFiles.control(mine).chunkCount())
          .as("chunks once a cycle has made the spare")
          .isGreaterThanOrEqualTo(SharedFiles.control(theirs).chunkCount());
    }
    assertThat(SharedFiles.names(mine)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void theOriginalReadsAndAcknowledgesWhatWeWrote(Vector vector) throws Exception {
    String mine = files.namespace();
    try (StorePeer store =
        StorePeer.create(DIRECTORY, mine, vector.chunkSize(), OriginalPeer.UNLIMITED)) {
      for (Operation operation : upToCleanup(vector)) {
        if (operation instanceof Append) {
          perform(store, operation, ours);
        }
      }
      try (OriginalPeer peer = OriginalPeer.attach(DIRECTORY, mine, OriginalPeer.UNLIMITED)) {
        for (Map.Entry<BlobHandle, BlobHandle> blob : ours.entrySet()) {
          assertThat(peer.resolve(blob.getValue())).isEqualTo(vector.bytesOf(blob.getKey()));
          int acks = SharedFiles.header(mine, blob.getValue().pageId()).ackCount();
          assertThat(peer.acknowledge(blob.getValue())).isTrue();
          assertThat(SharedFiles.header(mine, blob.getValue().pageId()).ackCount())
              .isEqualTo(acks + 1);
        }
      }
    }
  }

  /** After a clean-up we write into a chunk again which the original would have unlinked. */
  private static List<Operation> upToCleanup(Vector vector) {
    return vector.operations().stream().takeWhile(o -> !(o instanceof Cleanup)).toList();
  }

  private static void perform(Peer peer, Operation operation, Map<BlobHandle, BlobHandle> handles) {
    switch (operation) {
      case Append append when append.isRefused() -> {
        boolean refused = false;
        try {
          BlobHandle _ = peer.append(append.bytes());
        } catch (OriginalError | PinnedStoreException | IllegalArgumentException _) {
          refused = true;
        }
        assertThat(refused).as("%s", append.result()).isTrue();
      }
      case Append append ->
          handles.put(BlobHandle.fromHex(append.result()), peer.append(append.bytes()));
      case Acknowledge ack -> assertThat(peer.acknowledge(handles.get(ack.handle()))).isTrue();
      case Cleanup cleanup -> throw new IllegalArgumentException(cleanup.toString());
    }
  }

  private void assertSameHandles(String mine, String theirs) throws IOException {
    int myFirst = SharedFiles.header(mine, 0).generation();
    int theirFirst = SharedFiles.header(theirs, 0).generation();
    assertThat(ours.keySet()).isEqualTo(original.keySet());
    for (BlobHandle key : ours.keySet()) {
      BlobHandle me = ours.get(key);
      BlobHandle them = original.get(key);
      assertThat(List.of(me.pageId(), me.offset(), me.size(), me.generation() - myFirst))
          .as("page, offset, size, generation")
          .isEqualTo(
              List.of(them.pageId(), them.offset(), them.size(), them.generation() - theirFirst));
      assertThat(me.timestampMillis())
          .isGreaterThanOrEqualTo(SharedFiles.header(mine, me.pageId()).firstWriteMillis());
    }
  }

  private static void assertSameFiles(String mine, String theirs, long start) throws IOException {
    Control me = SharedFiles.control(mine);
    Control them = SharedFiles.control(theirs);
    int last = them.chunkCount() - 1;
    boolean hasSpare = SharedFiles.header(theirs, last).isUnwritten() && last != 0;
    int late = them.chunkCount() - me.chunkCount();
    assertThat(late).as("chunks that come later").isBetween(0, hasSpare ? 1 : 0);

    int myFirst = SharedFiles.header(mine, 0).generation();
    int theirFirst = SharedFiles.header(theirs, 0).generation();
    assertThat(me)
        .usingRecursiveComparison()
        .isEqualTo(
            new Control(
                them.magic(),
                them.version(),
                them.chunkSize(),
                them.writeHead(),
                me.chunkCount(),
                them.generation() - theirFirst + myFirst - late));
    for (int id = 0; id < me.chunkCount(); id++) {
      assertSameChunk(mine, theirs, id, myFirst - theirFirst, start);
    }
    assertPrivate(mine);
  }

  private static void assertSameChunk(
      String mine, String theirs, int id, int generations, long start) throws IOException {
    byte[] my = SharedFiles.read(mine, "data_" + id);
    byte[] their = SharedFiles.read(theirs, "data_" + id);
    Header me = Header.of(my);
    Header them = Header.of(their);
    assertThat(me)
        .as("chunk %s", id)
        .usingRecursiveComparison()
        .ignoringFields("emptySinceMillis", "firstWriteMillis", "generation")
        .isEqualTo(them);
    assertThat(me.generation()).as("chunk %s", id).isEqualTo(them.generation() + generations);
    Times.assertLike(me, them, start);
    assertThat(my).as("chunk %s", id).hasSameSizeAs(their);
    int from = OriginalLayout.HEADER_BYTES;
    assertThat(Arrays.copyOfRange(my, from, my.length))
        .as("chunk %s", id)
        .isEqualTo(Arrays.copyOfRange(their, from, their.length));
  }

  /** Nobody else may read a file of ours, side files too. */
  private static void assertPrivate(String namespace) throws IOException {
    for (String name : SharedFiles.names(namespace)) {
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(SharedFiles.path(namespace, name))))
          .as("%s", name)
          .isEqualTo("rw-------");
    }
  }
}
