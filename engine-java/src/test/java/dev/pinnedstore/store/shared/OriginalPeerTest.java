package dev.pinnedstore.store.shared;

import static dev.pinnedstore.store.shared.OriginalPeer.UNLIMITED;
import static dev.pinnedstore.store.shared.SharedFiles.DIRECTORY;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.pinnedstore.store.BlobHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The peer that stands for the original has the original's limits, errors and defects. */
class OriginalPeerTest {
  private static final long DAY = 86_400_000;

  @RegisterExtension final SharedFiles files = new SharedFiles();

  private OriginalPeer create(String namespace, long chunkSize) {
    return files.opened(OriginalPeer.create(DIRECTORY, namespace, chunkSize, UNLIMITED));
  }

  private OriginalPeer attach(String namespace) {
    return files.opened(OriginalPeer.attach(DIRECTORY, namespace, UNLIMITED));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  @Test
  void attachersAndCreatorReadEachOther() {
    String namespace = files.namespace();
    OriginalPeer creator = create(namespace, 192);
    OriginalPeer attacher = attach(namespace);
    BlobHandle first = creator.append(new byte[100]);
    BlobHandle second = attacher.append(bytes("of the attacher, which does not fit"));

    assertThat(second.pageId()).isEqualTo(1);
    assertThat(attacher.resolve(first)).isEqualTo(new byte[100]);
    assertThat(creator.resolve(second)).asString().isEqualTo("of the attacher, which does not fit");
    assertThat(creator.dataCapacity()).isEqualTo(128);
    assertThat(creator.chunkCount()).isEqualTo(2);
  }

  @Test
  void twoAcknowledgementsOfOneBlobFreeItsNeighbour() {
    OriginalPeer peer = create(files.namespace(), 192);
    BlobHandle once = peer.append(new byte[60]);
    BlobHandle neighbour = peer.append(new byte[60]);
    peer.append(new byte[60]);

    assertThat(peer.acknowledge(once)).isTrue();
    assertThat(peer.acknowledge(once)).isTrue();
    assertThat(peer.cleanup(DAY, 0)).isEqualTo(1);
    assertThat(peer.resolve(neighbour)).isNull();
  }

  @Test
  void theTtlOfAChunkKillsItsFreshBlob() {
    AtomicLong millis = new AtomicLong(1_000_000);
    OriginalPeer peer = create(files.namespace(), 192);
    peer.wallClock(millis::get);
    peer.append(new byte[60]);
    millis.addAndGet(1001);
    BlobHandle fresh = peer.append(new byte[60]);
    peer.append(new byte[60]);

    assertThat(peer.cleanup(1000, 0)).isEqualTo(1);
    assertThat(peer.resolve(fresh)).isNull();
  }

  @Test
  void maxChunksCountsAllThatEverWereAndBindsNoAttacher() {
    String namespace = files.namespace();
    OriginalPeer peer = files.opened(OriginalPeer.create(DIRECTORY, namespace, 192, 3));
    for (int i = 0; i < 3; i++) {
      assertThat(peer.acknowledge(peer.append(new byte[100]))).isTrue();
    }
    assertThat(peer.cleanup(DAY, 0)).isEqualTo(2);

    assertThatExceptionOfType(OriginalError.class)
        .isThrownBy(() -> peer.append(new byte[100]))
        .withMessage("OutOfMemory");
    assertThat(attach(namespace).append(new byte[100]).pageId()).isEqualTo(3);
  }

  @Test
  void decayStartsWhenAcknowledgementsFirstCatchUp() {
    AtomicLong millis = new AtomicLong(1_000_000);
    OriginalPeer peer = create(files.namespace(), 192);
    peer.wallClock(millis::get);
    peer.acknowledge(peer.append(new byte[60]));
    millis.addAndGet(500);
    peer.acknowledge(peer.append(new byte[60]));
    peer.append(new byte[60]);

    assertThat(peer.cleanup(DAY, 501)).isZero();
    assertThat(peer.cleanup(DAY, 500)).isEqualTo(1);
  }

  @Test
  void freedIsNotFreedForAnotherProcess() {
    String namespace = files.namespace();
    OriginalPeer creator = create(namespace, 192);
    BlobHandle handle = creator.append(bytes("still mapped"));
    OriginalPeer attacher = attach(namespace);
    creator.append(new byte[120]);
    creator.acknowledge(handle);

    assertThat(creator.cleanup(DAY, 0)).isEqualTo(1);
    assertThat(creator.resolve(handle)).isNull();
    assertThat(attacher.resolve(handle)).asString().isEqualTo("still mapped");
  }

  @Test
  void cleanUpSeesOnlyWhatIsMappedHere() {
    String namespace = files.namespace();
    OriginalPeer creator = create(namespace, 192);
    OriginalPeer attacher = attach(namespace);
    for (int i = 0; i < 5; i++) {
      attacher.acknowledge(attacher.append(new byte[100]));
    }

    assertThat(creator.cleanup(DAY, 0)).isEqualTo(1);
    assertThat(attacher.cleanup(DAY, 0)).isEqualTo(4);
  }

  @Test
  void aSecondCreatorTakesTheNameAndTheFirstOnesEndTakesItsFiles() throws Exception {
    String namespace = files.namespace();
    OriginalPeer first = OriginalPeer.create(DIRECTORY, namespace, 192, UNLIMITED);
    BlobHandle old = first.append(bytes("first"));
    OriginalPeer second = create(namespace, 192);
    BlobHandle handle = second.append(bytes("2nd"));

    assertThat(handle.generation()).isEqualTo(old.generation());
    assertThat(first.resolve(old)).asString().isEqualTo("first");
    first.close();
    assertThat(SharedFiles.names(namespace)).isEmpty();
    assertThat(second.resolve(handle)).asString().isEqualTo("2nd");
  }

  @Test
  void aNewRunIsReadThroughOldHandles() throws Exception {
    String namespace = files.namespace();
    OriginalPeer crashed = OriginalPeer.create(DIRECTORY, namespace, 192, UNLIMITED);
    BlobHandle old = crashed.append(bytes("public"));
    crashed.append(new byte[127]);
    crashed.append(new byte[127]);
    OriginalPeer restarted = create(namespace, 192);
    restarted.append(bytes("secret"));

    assertThat(restarted.resolve(old)).asString().isEqualTo("secret");
    assertThat(SharedFiles.names(namespace)).contains("data_1", "data_2");
    SharedFiles.remove(namespace);
  }

  @Test
  void theCreatorsEndUnlinksUnderAttachersWhoseChunksStay() throws Exception {
    String namespace = files.namespace();
    OriginalPeer creator = OriginalPeer.create(DIRECTORY, namespace, 192, UNLIMITED);
    OriginalPeer attacher = attach(namespace);
    creator.close();
    attacher.append(new byte[127]);

    assertThat(SharedFiles.names(namespace)).containsExactly("data_1");
    OriginalPeer.cleanupNamespace(DIRECTORY, namespace);
    assertThat(SharedFiles.names(namespace)).containsExactly("data_1");
    SharedFiles.remove(namespace);
  }

  @Test
  void everyProcessMakesASpareOfItsOwn() throws Exception {
    String namespace = files.namespace();
    OriginalPeer creator = create(namespace, 192);
    OriginalPeer attacher = attach(namespace);
    creator.append(new byte[110]);
    attacher.append(new byte[1]);

    assertThat(SharedFiles.names(namespace)).containsExactly("ctrl", "data_0", "data_1", "data_2");
    assertThat(SharedFiles.control(namespace).writeHead()).isZero();
  }

  @Test
  void anAttacherMapsAHalfMadeChunkOrDies() throws Exception {
    String namespace = files.namespace();
    SharedFiles.write(namespace, "ctrl", new byte[0]);
    assertThatExceptionOfType(OriginalError.Died.class)
        .isThrownBy(() -> OriginalPeer.attach(DIRECTORY, namespace, UNLIMITED))
        .withMessage("SIGBUS");
    SharedFiles.remove(namespace);
  }

  @Test
  void refusesWhatIsMissingOrOfAnotherFormat() throws Exception {
    String namespace = files.namespace();
    assertRefused("OutOfMemory", () -> OriginalPeer.attach(DIRECTORY, namespace, UNLIMITED));
    SharedFiles.write(namespace, "ctrl", new byte[128]);
    assertRefused("InvalidHandle", () -> OriginalPeer.attach(DIRECTORY, namespace, UNLIMITED));
    SharedFiles.remove(namespace);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 64})
  void refusesAChunkWithoutRoom(long chunkSize) {
    assertRefused(
        "DataTooLarge { size: " + chunkSize + ", max: 65 }",
        () -> create(files.namespace(), chunkSize));
  }

  @Test
  void refusesNamesThatAreNoFileNames() {
    for (String name : List.of("", "a/b", "a\0b", "n".repeat(201), "\u00e9".repeat(101))) {
      assertRefused("InvalidHandle", () -> OriginalPeer.create(DIRECTORY, name, 192, UNLIMITED));
      assertRefused("InvalidHandle", () -> OriginalPeer.attach(DIRECTORY, name, UNLIMITED));
    }
  }

  @Test
  void writersOfTwoProcessesLoseNothing() throws Exception {
    String namespace = files.namespace();
    OriginalPeer creator = create(namespace, 4096);
    OriginalPeer attacher = attach(namespace);
    List<CompletableFuture<List<BlobHandle>>> writers =
        List.of(
            CompletableFuture.supplyAsync(() -> write(creator, 0)),
            CompletableFuture.supplyAsync(() -> write(creator, 1)),
            CompletableFuture.supplyAsync(() -> write(attacher, 2)));

    for (int writer = 0; writer < writers.size(); writer++) {
      List<BlobHandle> handles = writers.get(writer).get();
      for (int i = 0; i < handles.size(); i++) {
        assertThat(creator.resolve(handles.get(i))).asString().isEqualTo(writer + ":" + i);
      }
    }
  }

  private static List<BlobHandle> write(OriginalPeer peer, int writer) {
    List<BlobHandle> handles = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      handles.add(peer.append(bytes(writer + ":" + i)));
    }
    return handles;
  }

  @Test
  void speaksFromAnotherProcess() throws Exception {
    String namespace = files.namespace();
    PeerProcess child =
        files.opened(PeerProcess.create(OriginalPeer.class, DIRECTORY, namespace, 192, UNLIMITED));
    OriginalPeer here = attach(namespace);
    BlobHandle theirs = child.append(bytes("from the child"));
    BlobHandle ours = here.append(bytes("from here"));

    assertThat(here.resolve(theirs)).asString().isEqualTo("from the child");
    assertThat(child.resolve(ours)).asString().isEqualTo("from here");
    assertThatExceptionOfType(Peer.Refused.class)
        .isThrownBy(() -> child.append(new byte[129]))
        .withMessage("DataTooLarge { size: 129, max: 128 }");
    here.append(new byte[128]);
    assertThat(here.acknowledge(theirs)).isTrue();
    assertThat(child.cleanup(DAY, 0)).isZero();
    assertThat(child.acknowledge(ours)).isTrue();
    assertThat(child.cleanup(DAY, 0)).isEqualTo(1);
    assertThat(child.resolve(ours)).isNull();
    child.close();
    assertThat(SharedFiles.names(namespace)).isEmpty();
  }

  @Test
  void aKilledProcessLeavesItsFiles() throws Exception {
    String namespace = files.namespace();
    PeerProcess child =
        files.opened(PeerProcess.create(OriginalPeer.class, DIRECTORY, namespace, 192, UNLIMITED));
    BlobHandle handle = child.append(bytes("kept"));
    child.kill();

    assertThat(attach(namespace).resolve(handle)).asString().isEqualTo("kept");
    OriginalPeer.cleanupNamespace(DIRECTORY, namespace);
  }

  private static void assertRefused(String message, Runnable call) {
    assertThatExceptionOfType(OriginalError.class).isThrownBy(call::run).withMessage(message);
  }
}
