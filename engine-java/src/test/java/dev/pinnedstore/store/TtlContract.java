package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A page expires by its newest blob and by the store's own clock. */
interface TtlContract extends StoreFixture {
  Duration TTL = Duration.ofSeconds(10);
  Duration MILLI = Duration.ofMillis(1);

  @ParameterizedTest
  @ValueSource(ints = {1, PAGE, 3 * PAGE})
  default void aBlobLivesForItsTtlAndNoLonger(int wanted) {
    int size = fit(wanted);
    PinnedStore store = open(config().ttl(TTL).build());
    BlobHandle handle = store.append(Blobs.of(1, size));
    clock().advance(TTL.minus(MILLI));
    assertThat(store.maintain().pagesExpired()).isZero();
    Blobs.assertLive(store, handle, 1);
    clock().advance(MILLI.multipliedBy(2));
    HandleContract.assertStale(store, handle);
  }

  @Test
  default void theNewestBlobOfAPageCounts() {
    PinnedStore store = open(config().ttl(TTL).build());
    List<BlobHandle> handles = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      handles.add(store.append(Blobs.of(i, 64)));
      clock().advance(TTL.minus(MILLI));
      assertThat(store.maintain().pagesExpired()).isZero();
    }
    for (int i = 0; i < 10; i++) {
      Blobs.assertLive(store, handles.get(i), i);
    }
    clock().advance(MILLI.multipliedBy(2));
    handles.forEach(handle -> HandleContract.assertStale(store, handle));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  default void aFreshBlobDoesNotDieWithAnOldPage(boolean maintained) {
    PinnedStore store = open(config().ttl(TTL).build());
    BlobHandle old = store.append(Blobs.of(1, 64));
    clock().advance(TTL.plus(MILLI));
    if (maintained) {
      store.maintain();
    }
    BlobHandle fresh = store.append(Blobs.of(2, 64));
    store.maintain();
    HandleContract.assertStale(store, old);
    Blobs.assertLive(store, fresh, 2);
    clock().advance(TTL);
    store.maintain();
    Blobs.assertLive(store, fresh, 2);
  }

  @Test
  default void aReservationDoesNotAgeBeforeItIsPublished() {
    PinnedStore store = open(config().ttl(TTL).build());
    Reservation reservation = store.reserve(64);
    reservation.segment().copyFrom(MemorySegment.ofArray(Blobs.of(1, 64)));
    for (int i = 0; i < 3; i++) {
      clock().advance(TTL.multipliedBy(2));
      store.maintain();
    }
    BlobHandle handle = reservation.publish();
    clock().advance(TTL.minus(MILLI));
    store.maintain();
    Blobs.assertLive(store, handle, 1);
  }

  @Test
  default void expiredBlobsGiveTheirPagesBack() {
    PinnedStore store = open(config().ttl(TTL).maxPages(4).build());
    List<BlobHandle> handles = StoreFixture.fillPages(store, 4);
    MemorySegment view = store.view(handles.getFirst());
    clock().advance(TTL.plus(MILLI));
    MaintenanceReport report = store.maintain();
    assertThat(report.pagesExpired()).isEqualTo(4);
    assertThat(report.pagesReused()).isEqualTo(4);
    assertThat(store.stats().liveBlobs()).isZero();
    assertThat(view.scope().isAlive()).isFalse();
    assertThat(StoreFixture.fillPages(store, 4)).hasSize(4);
    assertThat(store.stats().pagesMade()).isEqualTo(4);
  }

  @Test
  default void anExpiredBlobIsNotExpiredOncePerCycle() {
    PinnedStore store = open(config().ttl(TTL).build());
    BlobHandle expired = store.append(Blobs.of(1, 64));
    store.acknowledge(store.append(Blobs.of(2, 64)));
    clock().advance(TTL.plus(MILLI));
    assertThat(store.maintain().pagesExpired()).isEqualTo(1);
    assertThat(store.maintain().pagesExpired()).isZero();
    HandleContract.assertStale(store, expired);
  }

  @Test
  default void aPageOfAcknowledgedBlobsDoesNotExpire() {
    PinnedStore store = open(config().ttl(TTL).build());
    store.acknowledge(store.append(Blobs.of(1, 64)));
    clock().advance(TTL.plus(MILLI));
    assertThat(store.maintain().pagesExpired()).isZero();
  }

  @Test
  default void withoutATtlNothingEverExpires() {
    for (StoreConfig config : List.of(config().build(), config().noTtl().build())) {
      PinnedStore store = open(config);
      BlobHandle handle = store.append(Blobs.of(1, 64));
      for (int i = 0; i < 20; i++) {
        clock().advance(Duration.ofDays(365));
        assertThat(store.maintain().pagesExpired()).isZero();
      }
      Blobs.assertLive(store, handle, 1);
    }
  }

  @Test
  default void timeIsThatOfTheStoresClockNotOfTheWall() {
    PinnedStore store = open(config().ttl(TTL).build());
    BlobHandle first = store.append(Blobs.of(1, 64));
    clock().advance(Duration.ofHours(1));
    BlobHandle second = store.append(Blobs.of(2, 64));
    assertThat(second.timestampMillis() - first.timestampMillis())
        .isEqualTo(Duration.ofHours(1).toMillis());
  }

  @Test
  default void aFullStoreOfExpiredBlobsWorksAgainAfterACycle() {
    PinnedStore store = open(config().ttl(TTL).maxPages(1).build());
    BlobHandle old = store.append(Blobs.of(1, PAGE));
    assertThatThrownBy(() -> store.append(new byte[1])).isInstanceOf(StoreFullException.class);
    clock().advance(TTL.plus(MILLI));
    store.maintain();
    Blobs.assertLive(store, store.append(Blobs.of(2, PAGE)), 2);
    HandleContract.assertStale(store, old);
  }
}
