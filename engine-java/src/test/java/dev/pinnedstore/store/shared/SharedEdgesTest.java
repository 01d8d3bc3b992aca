package dev.pinnedstore.store.shared;

import static dev.pinnedstore.store.shared.SharedFiles.DIRECTORY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.NamespaceException;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreEvent;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Moments between the steps of another process, and what is left when a step is refused. */
class SharedEdgesTest extends SharedStoreFixture {

  @Test
  void aChunkThatAnOriginalIsMakingIsLeftAloneAndAdoptedOnceItIsMade() throws Exception {
    PinnedStore store = open();
    Path made = DIRECTORY.resolve(namespace + "_data_1");
    SharedFiles.patch(namespace, "ctrl", OriginalLayout.CHUNK_COUNT, 2);
    Files.createFile(made);
    clock.advance(Duration.ofSeconds(2));
    maintain(store);
    assertThat(made).as("an original has it open").exists();

    try (RandomAccessFile file = new RandomAccessFile(made.toFile(), "rw")) {
      file.setLength(CHUNK);
    }
    clock.advance(Duration.ofSeconds(2));
    maintain(store);
    assertThat(store.stats().livePages()).isEqualTo(2);
    assertThat(made).as("its spare, for the decay time").exists();
    settle(store);
    assertThat(made).doesNotExist();
  }

  @Test
  void aReservationAtThisMomentDoesNotMakeAnOriginalsHandleInvalid() throws Exception {
    OriginalPeer original =
        files.opened(OriginalPeer.create(DIRECTORY, namespace, 8 << 20, OriginalPeer.UNLIMITED));
    BlobHandle handle = original.append(Bytes.of(1, 100));
    PinnedStore store = attach();
    byte[] small = Bytes.of(2, 64);
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; i < 50_000; i++) {
                assertThat(store.acknowledge(store.append(small))).isTrue();
              }
            });
    int read = 0;
    while (!writer.isDone() || read == 0) {
      assertThat(store.resolve(handle)).isEqualTo(Bytes.of(1, 100));
      read++;
    }
    writer.join();
  }

  @Test
  void whatHasExpiredGivesWayAtTheLimitWithoutALifecycle() {
    PinnedStore store = open(config(backend().maxChunks(1)).ttl(Duration.ofSeconds(5)));
    BlobHandle expired = store.append(Bytes.of(1, 1000));
    clock.advance(Duration.ofSeconds(6));
    BlobHandle fresh = store.append(Bytes.of(2, CAPACITY));
    assertLive(store, fresh, 2);
    assertThat(store.resolve(expired)).isNull();
  }

  @Test
  void whatWritersMadeThemselvesIsCountedOnceHoweverManyWaitedForIt() {
    PinnedStore store = open(config(backend().maxChunks(400)));
    byte[] blob = Bytes.of(1, CAPACITY / 3);
    Callable<Integer> writer =
        () -> {
          for (int i = 0; i < 150; i++) {
            store.append(blob);
          }
          return 150;
        };
    assertThat(Race.of(Collections.nCopies(6, writer))).containsOnly(150);
    // All but the first, which is there from the start.
    assertThat(store.stats().stalls()).isEqualTo(store.stats().pagesMade() - 1).isPositive();
  }

  @Test
  void whatHasExpiredForOneClockMayBeAcknowledgedByAnotherOnce() {
    Duration ttl = Duration.ofMinutes(1);
    PinnedStore store = open(config(backend()).ttl(ttl));
    BlobHandle blob = store.append(Bytes.of(1, 100));
    TurnedTicker ahead = new TurnedTicker();
    PinnedStore early = attach(config(Backend.shared(namespace)).ttl(ttl).clock(ahead));
    ahead.advance(ttl.plusMillis(1));
    assertThat(early.acknowledge(blob)).as("has expired there").isFalse();
    assertThat(store.acknowledge(blob)).isTrue();
    assertThat(store.acknowledge(blob)).isFalse();
    assertThat(early.acknowledge(blob)).isFalse();
  }

  @Test
  void aLifecycleThatSeldomTicksDoesNotDateAFreshBlobBack() {
    PinnedStore writer = open(config(backend()).ttl(Duration.ofSeconds(30)));
    PinnedStore reader = attach();
    writer.startLifecycle(Duration.ofHours(1));
    for (int i = 0; i < 20; i++) {
      clock.advance(Duration.ofMinutes(10));
      assertLive(reader, writer.append(Bytes.of(i, 100)), i);
    }
  }

  @Test
  void openOrAttachEndsWhereTheControlFileOfTheLivingIsGone() throws Exception {
    var _ = open();
    Files.delete(DIRECTORY.resolve(namespace + "_ctrl"));
    assertThatThrownBy(() -> PinnedStore.openOrAttach(config(backend()).build()))
        .isInstanceOf(NamespaceException.class);
    files.closeAll();
    assertThat(PinnedStore.cleanupNamespace(namespace).filesRemoved()).isPositive();
  }

  @Test
  void whoIsRefusedByALiveOriginalLeavesNoLockFile() throws Exception {
    var _ = files.opened(OriginalPeer.create(DIRECTORY, namespace, CHUNK, OriginalPeer.UNLIMITED));
    assertThat(PinnedStore.cleanupNamespace(namespace).inUse()).isTrue();
    assertThatThrownBy(() -> PinnedStore.open(config(Backend.shared(namespace)).build()))
        .isInstanceOf(NamespaceException.class);
    assertThat(SharedFiles.names(namespace)).containsExactlyInAnyOrder("ctrl", "data_0");
  }

  @Test
  void whoseOwnerDiedIsToldOnce() throws Exception {
    PinnedStore store = open();
    List<StoreEvent.Kind> told = new ArrayList<>();
    store.listen(event -> told.add(event.kind()));
    PeerProcess peer = files.opened(PeerProcess.attach(StorePeer.class, DIRECTORY, namespace));
    assertLive(store, peer.append(Bytes.of(1, 100)), 1);
    maintain(store);
    assertThat(told).doesNotContain(StoreEvent.Kind.OWNER_RECOVERED);

    peer.kill();
    clock.advance(Duration.ofSeconds(1));
    maintain(store);
    maintain(store);
    assertThat(told).containsOnlyOnce(StoreEvent.Kind.OWNER_RECOVERED);
  }

  @Test
  @Tag("slow")
  void anAppendThatGetsNoCellIsToldThatTheNamespaceIsCorrupt() throws Exception {
    PinnedStore store = open();
    BlobHandle before = store.append(Bytes.of(1, 100));
    overwriteCells();
    // Another thread, which would have the cell that this one owns.
    List<Throwable> thrown = new ArrayList<>();
    Thread other;
    do {
      other =
          Thread.ofPlatform()
              .uncaughtExceptionHandler((_, e) -> thrown.add(e))
              .unstarted(() -> store.append(Bytes.of(2, 100)));
    } while ((other.threadId() - Thread.currentThread().threadId()) % 16 != 0);
    other.start();
    other.join();
    assertThat(thrown)
        .singleElement()
        .isInstanceOfSatisfying(
            NamespaceException.class,
            e -> assertThat(e.reason()).isEqualTo(NamespaceException.Reason.CORRUPT));
    assertLive(store, before, 1);
    assertLive(store, store.append(Bytes.of(3, 100)), 3);
  }

  /** In all cells of the first slot, by another process: this one must not open the lock file. */
  private void overwriteCells() throws Exception {
    int cells = 31;
    int bytes = 32;
    ByteBuffer foreign = ByteBuffer.allocate(cells * bytes).order(ByteOrder.nativeOrder());
    for (int cell = 0; cell < cells; cell++) {
      foreign.putLong(cell * bytes, (1L << 32) | 9999);
    }
    Process dd =
        new ProcessBuilder(
                "dd",
                "of=" + SharedFiles.path(namespace, "lock"),
                "obs=1",
                "seek=" + (4096 + bytes),
                "conv=notrunc",
                "status=none")
            .inheritIO()
            .redirectInput(ProcessBuilder.Redirect.PIPE)
            .start();
    try (OutputStream in = dd.getOutputStream()) {
      in.write(foreign.array());
    }
    assertThat(dd.waitFor()).isZero();
  }
}
