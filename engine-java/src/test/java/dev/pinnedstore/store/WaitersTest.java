package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Those who wait for room are told when there is some, in their order. */
class WaitersTest {
  private static final int PAGE = StoreFixture.PAGE;

  private final ManualTicker clock = new ManualTicker();
  private final List<PinnedStore> opened = new ArrayList<>();

  private PinnedStore open(StoreConfig.Builder config) {
    PinnedStore store = PinnedStore.open(config.pageSize(PAGE).clock(clock).build());
    opened.add(store);
    store.maintain();
    return store;
  }

  @AfterEach
  void closeStores() {
    opened.forEach(PinnedStore::close);
  }

  @Test
  void whereThereIsRoomNobodyWaits() {
    PinnedStore store = open(StoreConfig.builder().maxPages(2));
    assertThat(store.roomFor(1)).isCompleted();
    assertThat(store.roomFor(PAGE)).isCompleted();
    assertThat(store.roomFor(5 * PAGE)).isCompleted();
    StoreFixture.fillPages(store, 2);
    assertThat(store.roomFor(1)).isNotDone();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, PAGE, 3 * PAGE})
  void aWaiterIsToldWhenAPageIsEmptied(int size) {
    PinnedStore store = open(StoreConfig.builder().maxPages(2));
    List<BlobHandle> handles = StoreFixture.fillPages(store, 2);
    CompletableFuture<Void> room = store.roomFor(size);
    assertThat(room).isNotDone();
    store.acknowledge(handles.getFirst());
    assertThat(room).isCompleted();
    Blobs.assertLive(store, store.append(Blobs.of(9, size)), 9);
  }

  /** The page that takes blobs is not sealed, so nobody hears of its last acknowledgement. */
  @ParameterizedTest
  @CsvSource({"1, 1", "1, 4096", "2, 4096", "2, 8192", "4, 12288"})
  void aWaiterIsToldWhenThePageThatTakesBlobsIsAcknowledged(int maxPages, int size) {
    PinnedStore store = open(StoreConfig.builder().maxPages(maxPages));
    List<BlobHandle> handles = StoreFixture.fillPages(store, maxPages);
    CompletableFuture<Void> room = store.roomFor(size);
    assertThat(room).isNotDone();
    store.acknowledge(handles.getLast());
    store.maintain();
    assertThat(room).isCompleted();
    Blobs.assertLive(store, store.append(Blobs.of(9, size)), 9);
  }

  @Test
  void aReleasedReservationMakesRoomToo() {
    PinnedStore store = open(StoreConfig.builder().maxPages(2));
    Reservation reservation = store.reserve(PAGE);
    BlobHandle last = store.append(Blobs.of(1, PAGE));
    CompletableFuture<Void> room = store.roomFor(PAGE);
    reservation.close();
    assertThat(room).isCompleted();
    assertThat(store.acknowledge(last)).isTrue();
  }

  @Test
  void expiryMakesRoomToo() {
    PinnedStore store = open(StoreConfig.builder().maxPages(2).ttl(TtlContract.TTL));
    StoreFixture.fillPages(store, 2);
    CompletableFuture<Void> room = store.roomFor(PAGE);
    clock.advance(TtlContract.TTL.plusMillis(1));
    store.maintain();
    assertThat(room).isCompleted();
  }

  @Test
  void waitersAreServedInTheirOrderAPageAtATime() {
    PinnedStore store = open(StoreConfig.builder().maxPages(5));
    List<BlobHandle> handles = StoreFixture.fillPages(store, 5);
    List<CompletableFuture<Void>> waiting = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      waiting.add(store.roomFor(PAGE));
    }
    for (int served = 1; served <= 4; served++) {
      store.acknowledge(handles.get(served - 1));
      for (int i = 0; i < 4; i++) {
        assertThat(waiting.get(i).isDone())
            .as("waiter %s after %s pages", i, served)
            .isEqualTo(i < served);
      }
    }
  }

  @Test
  void onePageServesAsManyAsFit() {
    PinnedStore store = open(StoreConfig.builder().maxPages(2));
    List<BlobHandle> handles = StoreFixture.fillPages(store, 2);
    List<CompletableFuture<Void>> waiting = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      waiting.add(store.roomFor(PAGE / 4));
    }
    store.acknowledge(handles.getFirst());
    assertThat(waiting.subList(0, 4)).allMatch(CompletableFuture::isDone);
    assertThat(waiting.get(4)).isNotDone();
  }

  @Test
  void aCancelledWaiterLeavesItsPlaceToTheNext() {
    PinnedStore store = open(StoreConfig.builder().maxPages(2));
    List<BlobHandle> handles = StoreFixture.fillPages(store, 2);
    CompletableFuture<Void> cancelled = store.roomFor(PAGE);
    CompletableFuture<Void> timedOut = store.roomFor(PAGE);
    CompletableFuture<Void> patient = store.roomFor(PAGE);
    assertThat(cancelled.cancel(false)).isTrue();
    timedOut.completeExceptionally(new TimeoutException());
    assertThat(patient).isNotDone();
    store.acknowledge(handles.getFirst());
    assertThat(patient).isCompleted();
  }

  @Test
  void closingTheStoreEndsEveryWait() {
    PinnedStore store = open(StoreConfig.builder().maxPages(1));
    StoreFixture.fillPages(store, 1);
    List<CompletableFuture<Void>> waiting = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      waiting.add(store.roomFor(PAGE));
    }
    store.close();
    for (CompletableFuture<Void> room : waiting) {
      assertThatThrownBy(room::join).hasCauseInstanceOf(StoreClosedException.class);
    }
    assertThatThrownBy(() -> store.roomFor(PAGE)).isInstanceOf(StoreClosedException.class);
  }

  @Test
  void closingWhileOthersBeginToWaitLeavesNobodyWaiting() {
    for (int round = 0; round < 200; round++) {
      PinnedStore store = open(StoreConfig.builder().maxPages(1));
      StoreFixture.fillPages(store, 1);
      Crew.run(
          2,
          t -> {
            if (t == 0) {
              store.close();
              return;
            }
            try {
              CompletableFuture<Void> room = store.roomFor(PAGE);
              assertThatThrownBy(() -> room.get(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS))
                  .isInstanceOf(ExecutionException.class)
                  .hasCauseInstanceOf(StoreClosedException.class);
            } catch (StoreClosedException e) {
              assertThat(e).hasMessageContaining("pinned-store-");
            }
          });
    }
  }

  /** Without a lifecycle, so that nothing but the acknowledgement itself can wake the writer. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void noWakeUpIsLostBetweenAWriterAndAReader(int maxPages) {
    PinnedStore store = open(StoreConfig.builder().maxPages(maxPages));
    BlockingQueue<BlobHandle> toRead = new LinkedBlockingQueue<>();
    int rounds = 20_000;
    Crew.run(
        2,
        t -> {
          for (int i = 0; i < rounds; i++) {
            if (t == 0) {
              toRead.add(appendOrWait(store, Blobs.of(i, PAGE)));
            } else {
              BlobHandle handle = toRead.poll(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS);
              assertThat(handle).as("blob %s", i).isNotNull();
              assertThat(store.acknowledge(handle)).isTrue();
            }
          }
        });
    assertThat(store.stats().liveBlobs()).isZero();
  }

  private static BlobHandle appendOrWait(PinnedStore store, byte[] blob) throws Exception {
    BlobHandle handle = store.tryAppend(MemorySegment.ofArray(blob));
    while (handle == null) {
      store.roomFor(blob.length).get(20, TimeUnit.SECONDS);
      handle = store.tryAppend(MemorySegment.ofArray(blob));
    }
    return handle;
  }

  @Test
  void withALifecycleWaitersGoOnInAnyOrderOfAcknowledgement() {
    PinnedStore store = open(StoreConfig.builder().maxPages(2).decayTimeout(Duration.ofDays(1)));
    try (Lifecycle _ = store.startLifecycle(Duration.ofMillis(1))) {
      for (int i = 0; i < 200; i++) {
        List<BlobHandle> handles = StoreFixture.fillPages(store, 2);
        CompletableFuture<Void> room = store.roomFor(PAGE);
        // The younger first: its page takes blobs.
        store.acknowledge(handles.get(1));
        assertThat(room).as("round %s", i).succeedsWithin(Duration.ofSeconds(20));
        store.acknowledge(handles.get(0));
      }
    }
  }
}
