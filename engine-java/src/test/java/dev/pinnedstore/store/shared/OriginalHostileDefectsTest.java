package dev.pinnedstore.store.shared;

import static dev.pinnedstore.store.shared.SharedFiles.DIRECTORY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.InvalidHandleException;
import dev.pinnedstore.store.NamespaceException;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.PinnedStoreException;
import dev.pinnedstore.store.shared.Vector.Blob;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the original believes of files, handles and clocks, and we do not. */
class OriginalHostileDefectsTest extends SharedStoreFixture {
  private static final Vector BASIC = Vectors.named("basic");

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 27, 28, 64, 127})
  void aShortControlFileIsRefused(int bytes) throws Exception {
    byte[] control = BASIC.snapshots().getLast().control().bytes();
    SharedFiles.write(namespace, "ctrl", Arrays.copyOf(control, bytes));

    assertThatExceptionOfType(NamespaceException.class)
        .isThrownBy(this::attach)
        .returns(NamespaceException.Reason.CORRUPT, NamespaceException::reason);
    try {
      var _ = PinnedStore.cleanupNamespace(namespace);
    } catch (NamespaceException e) {
      assertThat(e.reason()).isEqualTo(NamespaceException.Reason.CORRUPT);
    }
    SharedFiles.remove(namespace);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 100, 4095})
  void aShortChunkGivesAnExceptionOrTheRightBytes(int bytes) throws Exception {
    SharedFiles.write(namespace, BASIC.snapshots().getLast());
    truncate("data_0", bytes);
    try {
      PinnedStore store = attach();
      for (Blob blob : BASIC.blobs()) {
        assertBytesOrException(store, blob);
      }
      assertLive(store, store.append(Bytes.of(1, 100)), 1);
    } catch (PinnedStoreException e) {
      assertThat(e).hasMessageMatching("(?s).+");
    }
    files.closeAll();
    SharedFiles.remove(namespace);
  }

  private static void assertBytesOrException(PinnedStore store, Blob blob) {
    try {
      byte[] bytes = store.resolve(blob.handle());
      if (bytes != null) {
        assertThat(bytes).isEqualTo(blob.bytes());
      }
    } catch (PinnedStoreException e) {
      assertThat(e).hasMessageMatching("(?s).+");
    }
  }

  private void truncate(String name, long bytes) throws Exception {
    try (FileChannel file =
        FileChannel.open(SharedFiles.path(namespace, name), StandardOpenOption.WRITE)) {
      file.truncate(bytes);
    }
  }

  @Test
  void aChunkTruncatedUnderAProcessDoesNotKillIt() throws Exception {
    SharedFiles.write(namespace, BASIC.snapshots().getLast());
    PeerProcess child = files.opened(PeerProcess.attach(StorePeer.class, DIRECTORY, namespace));
    Blob blob = BASIC.blobs().getLast();
    assertThat(child.resolve(blob.handle())).isEqualTo(blob.bytes());
    truncate("data_0", 0);

    int refused = 0;
    for (Runnable call :
        List.<Runnable>of(
            () -> assertThat(child.resolve(blob.handle())).isNull(),
            () -> child.acknowledge(blob.handle()),
            () -> child.append(Bytes.of(1, 100)),
            () -> child.cleanup(0, 2000))) {
      try {
        call.run();
      } catch (Peer.Refused e) {
        assertThat(e.getMessage()).isNotEmpty();
        refused++;
      }
    }
    assertThat(refused).as("calls that met the hole").isPositive();
    files.closeAll();
    SharedFiles.remove(namespace);
  }

  @ParameterizedTest(name = "{2} at {0}")
  @CsvSource({
    "0, chunk size, 12",
    "10, chunk size, 12",
    "64, chunk size, 12",
    "4097, chunk size, 12",
    "8192, chunk size, 12",
    "4294967295, chunk size, 12",
    "0, version, 8",
    "2, version, 8",
    "1, magic, 0",
    "1, write head, 16",
    "4294967295, write head, 16"
  })
  void everyFieldOfTheControlFileIsChecked(long value, String field, int offset) throws Exception {
    SharedFiles.write(namespace, BASIC.snapshots().getLast());
    SharedFiles.patch(namespace, "ctrl", offset, (int) value);

    assertThatExceptionOfType(NamespaceException.class)
        .as("%s %s", field, value)
        .isThrownBy(this::attach)
        .returns(NamespaceException.Reason.CORRUPT, NamespaceException::reason)
        .withMessageContaining(field.equals("magic") ? field : "" + value);
    SharedFiles.remove(namespace);
  }

  @Test
  void forgedHandlesReadAndAcknowledgeNothing() throws Exception {
    PinnedStore store = open();
    PinnedStore attacher = attach();
    store.append(Bytes.of(1, 100));
    BlobHandle own = store.append(Bytes.of(2, 100));
    store.append(Bytes.of(3, 100));
    List<BlobHandle> forged =
        List.of(
            with(own, 0, own.offset() + 1, 99, own.generation()),
            with(own, 0, own.offset(), 99, own.generation()),
            with(own, 0, own.offset(), 101, own.generation()),
            with(own, 0, own.offset(), 0, own.generation()),
            with(own, 0, 0, 300, own.generation()),
            with(own, 0, 300, 100, own.generation()),
            with(own, 0, CAPACITY - 1, 2, own.generation()),
            with(own, 0, -1, 100, own.generation()),
            with(own, 0, own.offset(), -1, own.generation()),
            with(own, 0, own.offset(), 100, own.generation() + 1),
            with(own, 7, own.offset(), 100, own.generation()),
            with(own, -1, own.offset(), 100, own.generation()));

    for (BlobHandle handle : forged) {
      for (PinnedStore reader : List.of(store, attacher)) {
        assertRefused(handle, () -> reader.resolve(handle));
        assertRefused(handle, () -> reader.view(handle));
        assertRefused(handle, () -> reader.acknowledge(handle));
      }
    }
    assertThat(SharedFiles.header(namespace, 0).ackCount()).isZero();
    assertLive(attacher, own, 2);
    assertThat(attacher.acknowledge(own)).isTrue();
  }

  private static BlobHandle with(
      BlobHandle handle, int page, int offset, int size, int generation) {
    return new BlobHandle(page, offset, size, generation, handle.timestampMillis());
  }

  private static void assertRefused(BlobHandle handle, Runnable call) {
    assertThatExceptionOfType(InvalidHandleException.class).as("%s", handle).isThrownBy(call::run);
  }

  @Test
  void aHandleOfAnotherNamespaceIsRefused() {
    PinnedStore here = open();
    here.append(Bytes.of(1, 100));
    namespace = files.namespace();
    PinnedStore there = open();
    BlobHandle handle = there.append(Bytes.of(2, 100));

    assertThat(resolveOrNull(here, handle)).isNull();
    assertLive(there, handle, 2);
  }

  @ParameterizedTest(name = "the original attaches: {0}")
  @ValueSource(booleans = {false, true})
  void whoAttachesWhileChunksAreMadeLosesNothing(boolean original) throws Exception {
    PinnedStore creator = open();
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Map<BlobHandle, Long>> writer =
        CompletableFuture.supplyAsync(
            () -> {
              Map<BlobHandle, Long> written = new HashMap<>();
              for (long i = 0; !done.get() && i < 4000; i++) {
                written.put(creator.append(Bytes.of(i, 700)), i);
              }
              return written;
            });
    Map<BlobHandle, Long> all = new HashMap<>();
    for (int round = 0; round < 25; round++) {
      try (Peer attacher =
          original
              ? OriginalPeer.attach(DIRECTORY, namespace, OriginalPeer.UNLIMITED)
              : StorePeer.attach(DIRECTORY, namespace)) {
        for (int i = 0; i < 20; i++) {
          long number = -1 - (round * 20L + i);
          all.put(attacher.append(Bytes.of(number, 700)), number);
        }
      }
    }
    done.set(true);
    all.putAll(writer.get());

    Set<List<Integer>> places = new HashSet<>();
    for (Map.Entry<BlobHandle, Long> blob : all.entrySet()) {
      assertLive(creator, blob.getKey(), blob.getValue());
      assertThat(places.add(List.of(blob.getKey().pageId(), blob.getKey().offset()))).isTrue();
    }
  }

  @Test
  void attachingAndClosingCostWhatIsAliveNotWhatEverWas() throws Exception {
    Vector overflow = Vectors.named("overflow");
    SharedFiles.write(namespace, overflow.snapshotAfter(6).orElseThrow());
    int ever = 2_000_000_000;
    SharedFiles.patch(namespace, "ctrl", OriginalLayout.CHUNK_COUNT, ever);
    SharedFiles.patch(namespace, "ctrl", OriginalLayout.CONTROL_GENERATION, ever);
    PinnedStore store = attach();

    BlobHandle live = overflow.blobs().get(2).handle();
    assertThat(store.resolve(live)).isEqualTo(overflow.bytesOf(live));
    BlobHandle next = store.append(Bytes.of(1, 100));
    assertThat(next.pageId()).isEqualTo(ever);
    assertLive(store, next, 1);
    files.closeAll();
    SharedFiles.remove(namespace);
  }

  @Test
  void aWallClockThatJumpsExpiresNothingAndKeepsNothing() throws Exception {
    PinnedStore store = open(config(backend()).ttl(Duration.ofHours(1)));
    List<BlobHandle> handles = fillChunks(store, 0, 6);
    List<String> written = new ArrayList<>(chunkFiles());
    for (String chunk : written) {
      SharedFiles.patchLong(namespace, chunk, OriginalLayout.FIRST_WRITE, 1);
    }
    settle(store);
    for (int i = 0; i < handles.size(); i++) {
      assertLive(store, handles.get(i), i);
    }

    for (String chunk : written) {
      SharedFiles.patchLong(namespace, chunk, OriginalLayout.FIRST_WRITE, Long.MAX_VALUE);
    }
    clock.advance(Duration.ofHours(1));
    settle(store);
    for (BlobHandle handle : handles) {
      assertThat(store.resolve(handle)).isNull();
    }
    assertThat(chunkFiles()).as("the head and a spare").hasSizeLessThanOrEqualTo(2);
  }
}
