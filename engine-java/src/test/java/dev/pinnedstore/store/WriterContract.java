package dev.pinnedstore.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Blobs that are written in place: by a function, or in a reservation. */
interface WriterContract extends StoreFixture {

  @ParameterizedTest
  @ValueSource(ints = {1, 64, PAGE, 3 * PAGE + 1})
  default void aWindowHoldsZerosAlthoughItsMemoryHeldOtherBlobs(int wanted) {
    int size = fit(wanted);
    PinnedStore store = open(config().maxPages(pagesOf(size)).build());
    BlobHandle used = store.append(new byte[size]);
    for (int round = 0; round < 4; round++) {
      store.acknowledge(used);
      BlobHandle ones = store.append(size, segment -> segment.fill((byte) -1));
      assertThat(store.resolve(ones)).containsOnly(-1);
      store.acknowledge(ones);
      store.maintain();

      // A single page: what is reserved now lies where the ones were.
      BlobHandle untouched;
      if (round % 2 == 0) {
        try (Reservation reservation = store.reserve(size)) {
          assertThat(reservation.segment().toArray(JAVA_BYTE)).containsOnly(0);
          untouched = reservation.publish();
        }
      } else {
        untouched =
            store.append(size, segment -> assertThat(segment.toArray(JAVA_BYTE)).containsOnly(0));
      }
      assertThat(untouched.pageId()).isEqualTo(ones.pageId());
      assertThat(store.resolve(untouched)).containsOnly(0);
      used = untouched;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, PAGE, PAGE + 1})
  default void aWriterThatThrowsPublishesNothingAndCostsItsOwnSpaceOnly(int wanted) {
    int size = fit(wanted);
    PinnedStore store = open(config().maxPages(1 + pagesOf(size)).build());
    BlobHandle neighbour = store.append(Blobs.of(1, 64));
    for (Throwable thrown : new Throwable[] {new ArithmeticException(), new StackOverflowError()}) {
      List<MemorySegment> kept = new ArrayList<>();
      assertThatThrownBy(
              () ->
                  store.append(
                      size,
                      segment -> {
                        segment.fill((byte) 0x77);
                        kept.add(segment);
                        throwUnchecked(thrown);
                      }))
          .isSameAs(thrown);
      assertThat(kept.getFirst().scope().isAlive()).isFalse();
      assertThat(store.stats().liveBlobs()).isEqualTo(1);
    }
    Blobs.assertLive(store, neighbour, 1);

    // The page can still be emptied: all of the store is there for new blobs.
    assertThat(store.acknowledge(neighbour)).isTrue();
    fillTwice(store);
  }

  /** Fills a store, empties it and fills it again. */
  private void fillTwice(PinnedStore store) {
    for (int round = 0; round < 2; round++) {
      for (BlobHandle handle : StoreFixture.fillPages(store, pageLimitOf(store))) {
        assertThat(store.acknowledge(handle)).isTrue();
      }
    }
  }

  private static void throwUnchecked(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) thrown;
  }

  @Test
  default void aWritersSegmentIsItsOwnThreadsAndDiesWithTheCall() {
    PinnedStore store = open();
    List<MemorySegment> kept = new ArrayList<>();
    BlobHandle handle =
        store.append(
            100,
            segment -> {
              assertThat(segment.byteSize()).isEqualTo(100);
              assertThat(segment.isReadOnly()).isFalse();
              assertThat(CompletableFuture.runAsync(() -> segment.set(JAVA_BYTE, 0, (byte) 9)))
                  .failsWithin(Duration.ofSeconds(30))
                  .withThrowableThat()
                  .withCauseInstanceOf(WrongThreadException.class);
              segment.copyFrom(MemorySegment.ofArray(Blobs.of(5, 100)));
              kept.add(segment);
            });
    assertThatThrownBy(() -> kept.getFirst().set(JAVA_BYTE, 0, (byte) 9))
        .isInstanceOf(IllegalStateException.class);
    Blobs.assertLive(store, handle, 5);
  }

  @Test
  default void noWriterIsRefusedBeforeSpaceIsTaken() {
    PinnedStore store = open();
    assertThatThrownBy(() -> store.append(64, null)).isInstanceOf(NullPointerException.class);
    assertThat(store.stats().appendedBlobs()).isZero();
  }

  @Test
  default void aWriterMayUseTheStore() {
    PinnedStore store = open();
    List<BlobHandle> inner = new ArrayList<>();
    BlobHandle outer =
        store.append(
            PAGE,
            segment -> {
              inner.addAll(StoreFixture.fillPages(store, 3));
              store.acknowledge(inner.removeLast());
              store.maintain();
              segment.copyFrom(store.view(inner.getLast()));
            });
    Blobs.assertLive(store, outer, 1);
    Blobs.assertLive(store, inner.getFirst(), 0);
    Blobs.assertLive(store, inner.getLast(), 1);
  }

  @Test
  default void aReservationIsNoBlobBeforeItIsPublished() {
    PinnedStore store = open();
    Reservation reservation = store.reserve(100);
    assertThat(reservation.sizeBytes()).isEqualTo(100);
    assertThat(reservation.segment().byteSize()).isEqualTo(100);
    BlobHandle neighbour = store.append(Blobs.of(1, 100));
    BlobHandle guessed =
        new BlobHandle(
            neighbour.pageId(), 0, 100, neighbour.generation(), neighbour.timestampMillis());
    assertThatThrownBy(() -> store.view(guessed)).isInstanceOf(InvalidHandleException.class);
    assertThatThrownBy(() -> store.acknowledge(guessed)).isInstanceOf(InvalidHandleException.class);

    reservation.segment().copyFrom(MemorySegment.ofArray(Blobs.of(2, 100)));
    Blobs.assertLive(store, reservation.publish(), 2);
  }

  @Test
  default void aReservationIsPublishedOnceAndItsSegmentDies() {
    PinnedStore store = open();
    Reservation reservation = store.reserve(100);
    reservation.segment().copyFrom(MemorySegment.ofArray(Blobs.of(1, 100)));
    BlobHandle handle = reservation.publish();
    assertThatThrownBy(reservation::publish)
        .isInstanceOf(IllegalStateException.class)
        .isNotInstanceOf(StoreClosedException.class);
    reservation.close();
    assertThatThrownBy(() -> reservation.segment().set(JAVA_BYTE, 0, (byte) 9))
        .isInstanceOf(IllegalStateException.class);
    Blobs.assertLive(store, handle, 1);
    assertThat(store.stats().liveBlobs()).isEqualTo(1);
  }

  @Test
  default void aReservationThatIsClosedUnpublishedIsPadding() {
    PinnedStore store = open(config().maxPages(2).build());
    BlobHandle before = store.append(Blobs.of(1, 100));
    Reservation reservation = store.reserve(100);
    BlobHandle after = store.append(Blobs.of(2, 100));
    reservation.close();
    reservation.close();
    assertThatThrownBy(reservation::publish).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> reservation.segment().get(JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
    Blobs.assertLive(store, before, 1);
    Blobs.assertLive(store, after, 2);
    assertThat(store.stats().liveBlobs()).isEqualTo(2);

    store.acknowledge(before);
    store.acknowledge(after);
    fillTwice(store);
  }

  @ParameterizedTest
  @ValueSource(ints = {100, PAGE, 3 * PAGE})
  default void aReservationInFlightKeepsItsPageWhateverHappensAround(int wanted) {
    int size = fit(wanted);
    PinnedStore store =
        open(config().decayTimeout(Duration.ofMillis(1)).maxPages(3 + pagesOf(size)).build());
    Reservation reservation = store.reserve(size);
    reservation.segment().copyFrom(MemorySegment.ofArray(Blobs.of(99, size)));
    for (int round = 0; round < 5; round++) {
      StoreFixture.fillPages(store, 3).forEach(store::acknowledge);
      clock().advance(Duration.ofSeconds(10));
      store.maintain();
    }
    assertThat(Blobs.isBlob(reservation.segment(), 99)).isTrue();
    Blobs.assertLive(store, reservation.publish(), 99);
  }

  @Test
  default void aReservationMayBePublishedByAnotherThread() {
    PinnedStore store = open();
    Reservation reservation = store.reserve(100);
    BlobHandle handle =
        CompletableFuture.supplyAsync(
                () -> {
                  reservation.segment().copyFrom(MemorySegment.ofArray(Blobs.of(1, 100)));
                  return reservation.publish();
                })
            .join();
    Blobs.assertLive(store, handle, 1);
  }

  @Test
  default void aReservationEndsWithItsStore() {
    PinnedStore store = open();
    Reservation published = store.reserve(100);
    Reservation dropped = store.reserve(fit(3 * PAGE));
    store.close();
    for (Reservation reservation : List.of(published, dropped)) {
      assertThatThrownBy(() -> reservation.segment().get(JAVA_BYTE, 0))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(reservation::publish).isInstanceOf(StoreClosedException.class);
      reservation.close();
    }
  }
}
