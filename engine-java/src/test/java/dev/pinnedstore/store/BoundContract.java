package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.pinnedstore.store.StoreFullException.Limit;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store holds no more than its limits say, says which one it met, and goes on after a release.
 */
interface BoundContract extends StoreFixture {

  private StoreConfig limited(Limit limit, int pages) {
    return switch (limit) {
      case MAX_PAGES -> config().maxPages(pages).build();
      case MAX_BYTES -> config().maxBytes((long) pages * PAGE).build();
      default -> throw new IllegalArgumentException(limit.name());
    };
  }

  private void assertFull(PinnedStore store, long size, Limit wanted) {
    Limit limit = wanted == Limit.MAX_PAGES ? pageLimit() : wanted;
    long value = valueOf(limit, store.config());
    assertThatExceptionOfType(StoreFullException.class)
        .isThrownBy(() -> store.append(Blobs.of(0, size)))
        .withMessageContaining("=" + value)
        .satisfies(
            full -> {
              assertThat(full.limit()).isEqualTo(limit);
              assertThat(full.limitValue()).isEqualTo(value);
            });
    assertBounded(store);
  }

  private static long valueOf(Limit limit, StoreConfig config) {
    return switch (limit) {
      case MAX_PAGES -> config.maxPages();
      case MAX_CHUNKS -> ((Backend.Shared) config.backend()).maxChunks();
      default -> config.maxBytes();
    };
  }

  private void assertBounded(PinnedStore store) {
    assertThat(store.stats().livePages()).isLessThanOrEqualTo(valueOf(pageLimit(), store.config()));
    assertThat(store.stats().peakCommittedBytes()).isLessThanOrEqualTo(store.config().maxBytes());
  }

  @ParameterizedTest
  @EnumSource(names = {"MAX_PAGES", "MAX_BYTES"})
  default void aFullStoreSaysSoAndAnyReleasedPageMakesRoom(Limit limit) {
    for (int pages = 1; pages <= 6; pages++) {
      for (int released = 0; released < pages; released++) {
        for (boolean viewed : new boolean[] {false, true}) {
          PinnedStore store = open(limited(limit, pages));
          List<BlobHandle> handles = StoreFixture.fillPages(store, pages);
          if (viewed) {
            handles.forEach(store::view);
          }
          assertFull(store, 1, limit);
          // The last one is the page that takes blobs, and is not sealed.
          store.acknowledge(handles.get(released));
          BlobHandle next = store.append(Blobs.of(100, PAGE));
          assertFull(store, 1, limit);
          Blobs.assertLive(store, next, 100);
          for (int i = 0; i < pages; i++) {
            if (i != released) {
              Blobs.assertLive(store, handles.get(i), i);
            }
          }
        }
      }
    }
  }

  @Test
  default void whatIsLeftOfTheLastPageIsUsedUpBeforeTheStoreIsFull() {
    PinnedStore store = open(config().maxPages(1).build());
    for (int i = 0; i < PAGE / 64; i++) {
      store.append(Blobs.of(i, 64));
    }
    assertFull(store, 1, Limit.MAX_PAGES);
  }

  @Test
  default void aPageIsReusedOnlyOnceAllItsBlobsAreAcknowledged() {
    PinnedStore store = open(config().maxPages(1).build());
    List<BlobHandle> handles = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      handles.add(store.append(Blobs.of(i, PAGE / 8)));
    }
    for (int i = 7; i >= 0; i--) {
      assertFull(store, 1, Limit.MAX_PAGES);
      Blobs.assertLive(store, handles.get(i), i);
      store.acknowledge(handles.get(i));
    }
    Blobs.assertLive(store, store.append(Blobs.of(9, PAGE)), 9);
  }

  @Test
  default void theLimitCountsPagesThatLiveNotPagesEverMade() {
    PinnedStore store = open(config().maxPages(3).build());
    for (int i = 0; i < 1000; i++) {
      BlobHandle handle = store.append(Blobs.of(i, fit(i % 3 == 0 ? 2 * PAGE : PAGE)));
      Blobs.assertLive(store, handle, i);
      assertThat(store.acknowledge(handle)).isTrue();
    }
    assertBounded(store);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  default void spareSmallPagesMakeRoomForALargeBlobAndBack(boolean viewed) {
    assumeLargeBlobs();
    PinnedStore store = open(config().maxBytes(8 * PAGE).build());
    for (int round = 0; round < 5; round++) {
      List<BlobHandle> small = StoreFixture.fillPages(store, 8);
      assertFull(store, 1, Limit.MAX_BYTES);
      for (BlobHandle handle : small) {
        if (viewed) {
          store.view(handle);
        }
        store.acknowledge(handle);
      }
      for (int pages : new int[] {6, 8, 7}) {
        BlobHandle large = store.append(Blobs.of(round, pages * PAGE - 1));
        Blobs.assertLive(store, large, round);
        assertFull(store, 3 * PAGE, Limit.MAX_BYTES);
        store.acknowledge(large);
      }
    }
    assertBounded(store);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  default void smallAndLargeBlobsTakeTurnsInFewPages(int maxPages) {
    assumeLargeBlobs();
    PinnedStore store = open(config().maxPages(maxPages * pagesOf(9 * PAGE)).build());
    int[] sizes = {1, 3 * PAGE, PAGE, 2 * PAGE + 1, 9 * PAGE, 64, 2 * PAGE};
    for (int i = 0; i < 200; i++) {
      BlobHandle handle = store.append(Blobs.of(i, sizes[i % sizes.length]));
      Blobs.assertLive(store, handle, i);
      assertThat(store.acknowledge(handle)).isTrue();
    }
    assertBounded(store);
  }

  @Test
  default void aSmallBlobFitsWhereALargeOneDoesNot() {
    assumeLargeBlobs();
    PinnedStore store = open(config().maxBytes(4 * PAGE).build());
    BlobHandle kept = store.append(Blobs.of(1, PAGE));
    assertFull(store, 4 * PAGE, Limit.MAX_BYTES);
    BlobHandle small = store.append(Blobs.of(2, PAGE));
    BlobHandle large = store.append(Blobs.of(3, 2 * PAGE));
    assertFull(store, 1, Limit.MAX_BYTES);
    Blobs.assertLive(store, kept, 1);
    Blobs.assertLive(store, small, 2);
    Blobs.assertLive(store, large, 3);
  }

  @Test
  default void aLargeBlobLeavesNothingBehindOnceItIsAcknowledged() {
    assumeLargeBlobs();
    PinnedStore store = open(config().maxBytes(10 * PAGE).build());
    BlobHandle large = store.append(Blobs.of(1, 10 * PAGE));
    assertThat(store.acknowledge(large)).isTrue();
    assertThat(store.stats().liveBlobs()).isZero();
    assertThat(StoreFixture.fillPages(store, 10)).hasSize(10);
  }

  @Test
  default void aReservationCountsAgainstTheLimitUntilItIsClosed() {
    PinnedStore store = open(config().maxPages(1).build());
    Reservation reservation = store.reserve(PAGE);
    assertFull(store, 1, Limit.MAX_PAGES);
    assertThat(store.tryReserve(1)).isNull();
    assertThat(store.tryAppend(MemorySegment.ofArray(new byte[1]))).isNull();
    reservation.close();
    Blobs.assertLive(store, store.append(Blobs.of(1, PAGE)), 1);
  }

  @Test
  default void aRefusalLeavesNoTrace() {
    PinnedStore store = open(config().maxPages(2).build());
    List<BlobHandle> handles = StoreFixture.fillPages(store, 2);
    StoreStats before = store.stats();
    for (int i = 0; i < 100; i++) {
      assertFull(store, fit(1 + i * 80), Limit.MAX_PAGES);
    }
    StoreStats after = store.stats();
    assertThat(after.appendedBlobs()).isEqualTo(before.appendedBlobs());
    assertThat(after.liveBlobs()).isEqualTo(2);
    assertThat(after.pagesMade()).isEqualTo(before.pagesMade());
    Blobs.assertLive(store, handles.get(0), 0);
    Blobs.assertLive(store, handles.get(1), 1);
  }
}
