package dev.pinnedstore.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The end of a store, also while others use it. */
interface CloseContract extends StoreFixture {

  @ParameterizedTest
  @EnumSource
  default void aClosedStoreSaysSo(StoreCall call) {
    for (StoreConfig config : List.of(config().build(), config().ttl(TtlContract.TTL).build())) {
      PinnedStore store = open(config);
      List<BlobHandle> handles = new ArrayList<>(StoreFixture.fillPages(store, 3));
      handles.add(store.append(Blobs.of(9, fit(3 * PAGE))));
      store.view(handles.get(1));
      store.acknowledge(handles.get(2));
      handles.add(new BlobHandle(7, 7, 7, 7, 7));
      call.on(store, store.append(Blobs.of(8, 1)));

      store.close();
      for (BlobHandle handle : handles) {
        assertThatExceptionOfType(StoreClosedException.class)
            .isThrownBy(() -> call.on(store, handle))
            .withMessageContaining("pinned-store-");
      }
    }
  }

  @Test
  default void closingAgainDoesNothingAndFiguresStay() {
    PinnedStore store = open();
    StoreConfig config = store.config();
    store.append(Blobs.of(1, 64));
    Registration registration = store.listen(event -> {});
    Lifecycle lifecycle = store.startLifecycle();
    store.close();
    store.close();
    registration.close();
    lifecycle.close();
    assertThat(lifecycle.isRunning()).isFalse();
    assertThat(store.stats().appendedBlobs()).isEqualTo(1);
    assertThat(store.config()).isEqualTo(config);
    assertThat(store.toString()).startsWith("pinned-store-");
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 3 * PAGE})
  default void memoryStaysWhileAWriterIsInItsWindow(int wanted) throws Exception {
    PinnedStore store = open();
    int size = fit(wanted);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    AtomicReference<MemorySegment> window = new AtomicReference<>();
    CompletableFuture<BlobHandle> writing =
        CompletableFuture.supplyAsync(
            () ->
                store.append(
                    size,
                    segment -> {
                      window.set(segment);
                      inside.countDown();
                      await(closed);
                      segment.fill((byte) 7);
                      assertThat(segment.toArray(JAVA_BYTE)).containsOnly(7);
                    }));
    inside.await();
    store.close();
    closed.countDown();
    try {
      writing.join();
    } catch (CompletionException e) {
      assertThat(e).hasCauseInstanceOf(StoreClosedException.class);
    }
    assertThat(window.get().scope().isAlive()).isFalse();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  default void aWriterMayCloseItsStore() {
    PinnedStore store = open();
    try {
      store.append(
          100,
          segment -> {
            store.close();
            segment.fill((byte) 1);
          });
    } catch (StoreClosedException e) {
      assertThat(e).hasMessageContaining("pinned-store-");
    }
    assertThatExceptionOfType(StoreClosedException.class)
        .isThrownBy(() -> store.append(new byte[1]));
  }

  @Test
  default void closingAmongRunningThreadsIsAnExceptionForEachOfThem() {
    for (int round = 0; round < 30; round++) {
      PinnedStore store = open(config().maxPages(64).ttl(TtlContract.TTL).build());
      BlobHandle shared = store.append(Blobs.of(1, 500));
      CountDownLatch running = new CountDownLatch(4);
      List<CompletableFuture<Void>> threads = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int number = t;
        threads.add(CompletableFuture.runAsync(() -> use(store, shared, number, running)));
      }
      await(running);
      store.close();
      threads.forEach(CompletableFuture::join);
    }
  }

  /** Uses a store until it says that it is closed. */
  private static void use(PinnedStore store, BlobHandle shared, int number, CountDownLatch begun) {
    try {
      for (int i = 0; ; i++) {
        BlobHandle own =
            i % 2 == 0
                ? store.append(Blobs.of(i, 100))
                : store.append(
                    100, window -> window.copyFrom(MemorySegment.ofArray(Blobs.of(1, 100))));
        byte[] copy = store.resolve(own);
        assertThat(copy).isEqualTo(Blobs.of(i % 2 == 0 ? i : 1, 100));
        MemorySegment view = store.view(shared);
        try {
          assertThat(Blobs.isBlob(view, 1)).isTrue();
        } catch (IllegalStateException e) {
          // What a view becomes when its store is closed.
          assertThat(view.scope().isAlive()).isFalse();
        }
        assertThat(store.acknowledge(own)).isTrue();
        if (number == 0) {
          store.maintain();
        } else {
          try (Reservation reservation = store.reserve(10)) {
            reservation.segment().fill((byte) 3);
          } catch (StoreClosedException e) {
            throw e;
          } catch (IllegalStateException e) {
            // The window of a reservation dies as views do.
            assertThat(e).hasMessageContaining("closed");
          }
        }
        begun.countDown();
      }
    } catch (StoreClosedException e) {
      assertThat(e).hasMessageContaining("pinned-store-");
    }
  }
}
