package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.store.StoreFullException.Limit;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where pages that lie side by side put blobs: across pages, and across all pages they need. */
interface SpanningContract extends StoreFixture {

  private static long addressOf(PinnedStore store, BlobHandle handle) {
    return store.view(handle).address();
  }

  @Override
  default int pagesOf(long size) {
    return (int) ((size + PAGE - 1) / PAGE);
  }

  @Test
  default void onTheGrowingEdgeNothingIsSkipped() {
    PinnedStore store = open();
    BlobHandle first = store.append(Blobs.of(0, 1));
    long base = addressOf(store, first);
    long end = 64;
    List<BlobHandle> handles = new ArrayList<>(List.of(first));
    for (int i = 1; i < 500; i++) {
      BlobHandle handle = store.append(Blobs.of(i, 1 + (i * 37L) % (3 * PAGE)));
      assertThat(addressOf(store, handle) - base).as("place of blob %s", i).isEqualTo(end);
      assertThat(handle.pageId()).isEqualTo((int) (end / PAGE));
      assertThat(handle.offsetBytes()).isEqualTo(end % PAGE);
      end += (handle.sizeBytes() + 63) / 64 * 64;
      handles.add(handle);
    }
    assertThat(store.stats().livePages()).isBetween(end / PAGE, end / PAGE + 2);
    for (int i = 0; i < handles.size(); i++) {
      Blobs.assertLive(store, handles.get(i), i);
    }
  }

  @Test
  default void aBlobKeepsEveryPageThatItTouches() {
    PinnedStore store = open(config().maxPages(4).build());
    List<BlobHandle> around = new ArrayList<>();
    around.add(store.append(Blobs.of(0, PAGE - 64)));
    BlobHandle spanning = store.append(Blobs.of(1, 2 * PAGE));
    around.add(store.append(Blobs.of(2, PAGE)));
    MemorySegment view = store.view(spanning);
    around.forEach(handle -> assertThat(store.acknowledge(handle)).isTrue());
    store.maintain();
    for (int i = 0; i < 20; i++) {
      BlobHandle other = store.append(Blobs.of(i, PAGE));
      assertThat(Blobs.isBlob(view, 1)).isTrue();
      store.acknowledge(other);
    }
    assertThat(store.tryAppend(MemorySegment.ofArray(Blobs.of(9, 2 * PAGE)))).isNull();
    assertThat(store.acknowledge(spanning)).isTrue();
    store.acknowledge(store.append(Blobs.of(10, 4 * PAGE)));
    assertThatThrownBy(() -> view.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  default void aRunOfPagesThatIsReusedEndsInPaddingWhereTheNextPageIsAlive(boolean viewed) {
    PinnedStore store = open(config().maxPages(4).build());
    List<BlobHandle> pages = StoreFixture.fillPages(store, 4);
    if (viewed) {
      pages.forEach(store::view);
    }
    store.acknowledge(pages.get(0));
    store.acknowledge(pages.get(1));
    BlobHandle first = store.append(Blobs.of(10, PAGE + 64));
    assertThat(first.pageId()).isZero();
    BlobHandle rest = store.append(Blobs.of(11, PAGE - 64));
    assertThat(rest.pageId()).isEqualTo(1);
    assertThat(rest.offset()).isEqualTo(64);
    assertThatExceptionOfType(StoreFullException.class)
        .isThrownBy(() -> store.append(Blobs.of(12, 65)));
    Blobs.assertLive(store, first, 10);
    Blobs.assertLive(store, rest, 11);
    Blobs.assertLive(store, pages.get(2), 2);
    Blobs.assertLive(store, pages.get(3), 3);
  }

  /** Its first page stays, with the same generation, while its others are written again. */
  @Test
  default void aReaderOfABlobInManyPagesSeesItsOwnBytesOrNothing() {
    PinnedStore store = open(config().maxPages(12).build());
    AtomicReference<BlobHandle> latest = new AtomicReference<>(store.append(sized(PAGE + 1)));
    AtomicBoolean done = new AtomicBoolean();
    AtomicInteger copies = new AtomicInteger();
    Crew.run(
        3,
        t -> {
          if (t == 0) {
            for (int i = 1; i <= 10_000 || copies.get() < 100; i++) {
              BlobHandle small = store.append(sized(64));
              BlobHandle old = latest.get();
              latest.set(store.append(sized(PAGE + 1 + i % 5000)));
              assertThat(store.acknowledge(old)).isTrue();
              store.acknowledge(store.append(sized(2 * PAGE)));
              store.acknowledge(small);
            }
            done.set(true);
          }
          while (t > 0 && !done.get()) {
            BlobHandle handle = latest.get();
            byte[] copy = t == 1 ? store.resolve(handle) : copyOfView(store, handle);
            if (copy != null) {
              assertThat(copy).isEqualTo(sized((int) handle.sizeBytes()));
              copies.incrementAndGet();
            }
          }
        });
  }

  /** A blob whose bytes follow from its size. */
  private static byte[] sized(int size) {
    return Blobs.of(size, size);
  }

  private static byte[] copyOfView(PinnedStore store, BlobHandle handle) {
    try {
      return store.view(handle).toArray(ValueLayout.JAVA_BYTE);
    } catch (StaleHandleException | IllegalStateException e) {
      return null;
    }
  }

  /** Nobody runs a cycle: the waiter itself has to find what the dead view held. */
  @Test
  default void acknowledgingAViewedBlobInManyPagesWakesWhoWaits() {
    PinnedStore store = open(config().maxPages(4).build());
    BlobHandle handle = store.append(Blobs.of(1, 4 * PAGE));
    store.view(handle);
    assertThat(store.tryAppend(MemorySegment.ofArray(new byte[PAGE]))).isNull();
    CompletableFuture<Void> room = store.roomFor(PAGE);
    assertThat(room).isNotDone();
    store.acknowledge(handle);
    assertThat(room).isCompleted();
    assertThat(store.tryAppend(MemorySegment.ofArray(new byte[PAGE]))).isNotNull();
  }

  /** What runs when room comes is no reason to wait for room. */
  @Test
  default void whoAppendsWhenRoomComesIsAnsweredAtOnce() {
    PinnedStore store = open(config().maxPages(4).build());
    BlobHandle viewed = store.append(Blobs.of(1, 2 * PAGE));
    BlobHandle kept = store.append(Blobs.of(2, 2 * PAGE));
    store.view(viewed);
    List<Long> refusals = new ArrayList<>();
    CompletableFuture<Void> told =
        store
            .roomFor(4 * PAGE)
            .thenRun(
                () -> {
                  byte[] blob = new byte[4 * PAGE];
                  assertThat(store.tryAppend(MemorySegment.ofArray(blob))).isNull();
                  refusals.add(store.stats().storeFull());
                });
    store.acknowledge(viewed);
    store.maintain();
    assertThat(told).isCompleted();
    assertThat(refusals).hasSize(1);
    Blobs.assertLive(store, kept, 2);
  }

  /** One blob that lives on, and was viewed with all the others, keeps only its share. */
  @Test
  default void oneViewedBlobThatLivesOnDoesNotKeepTheOthersPages() {
    PinnedStore store = open(config().maxPages(64).build());
    store.startLifecycle(Duration.ofHours(1));
    List<BlobHandle> handles = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      handles.add(store.append(Blobs.of(i, 4 * PAGE)));
    }
    handles.forEach(store::view);
    handles.subList(1, 16).forEach(store::acknowledge);
    for (int i = 0; i < 10; i++) {
      assertThat(store.tryAppend(MemorySegment.ofArray(Blobs.of(i, 4 * PAGE)))).isNotNull();
    }
    Blobs.assertLive(store, handles.getFirst(), 0);
  }

  @Test
  default void aWaitForRoomThatNoAcknowledgementMadeDoesNotEnd() {
    int pages = (2 << 20) / PAGE;
    PinnedStore store = open(config().backend(Backend.virtual(2 << 20)).build());
    List<BlobHandle> handles = StoreFixture.fillPages(store, pages);
    assertThat(store.roomFor(1)).isNotDone();
    store.acknowledge(handles.get(0));
    store.acknowledge(handles.get(2));
    store.maintain();
    assertThat(store.roomFor(2 * PAGE)).as("no two neighbours").isNotDone();
    store.acknowledge(handles.get(1));
    store.maintain();
    assertThat(store.roomFor(2 * PAGE)).isCompleted();
  }

  @Test
  default void aBlobOfAllThatTheStoreMayHoldFitsAgainAndAgain() {
    PinnedStore store = open(config().maxPages(16).build());
    for (int round = 0; round < 20; round++) {
      BlobHandle handle = store.append(Blobs.of(round, 16 * PAGE - round));
      Blobs.assertLive(store, handle, round);
      store.view(handle);
      assertThat(store.tryAppend(MemorySegment.ofArray(new byte[PAGE]))).isNull();
      store.acknowledge(handle);
    }
    assertThat(store.stats().pagesMade()).isEqualTo(16);
    assertThatExceptionOfType(BlobTooLargeException.class)
        .isThrownBy(() -> store.append(new byte[16 * PAGE + 1]));
  }

  @Test
  default void theEndOfTheRangeIsNamedAndNothingIsLost() {
    int pages = (2 << 20) / PAGE;
    PinnedStore store = open(config().backend(Backend.virtual(2 << 20)).build());
    List<BlobHandle> handles = StoreFixture.fillPages(store, pages);
    assertThatExceptionOfType(StoreFullException.class)
        .isThrownBy(() -> store.append(new byte[1]))
        .withMessageContaining("Backend.virtual(reserveBytes)")
        .satisfies(
            full -> {
              assertThat(full.limit()).isEqualTo(Limit.RESERVE_BYTES);
              assertThat(full.limitValue()).isEqualTo(2 << 20);
            });
    for (int i = 0; i < pages; i += 2) {
      store.acknowledge(handles.get(i));
    }
    assertThatExceptionOfType(StoreFullException.class)
        .as("no two neighbours are free")
        .isThrownBy(() -> store.append(new byte[PAGE + 1]))
        .satisfies(full -> assertThat(full.limit()).isEqualTo(Limit.RESERVE_BYTES));
    Blobs.assertLive(store, store.append(Blobs.of(pages, PAGE)), pages);
    for (int i = 1; i < pages; i += 2) {
      Blobs.assertLive(store, handles.get(i), i);
    }
  }

  @Test
  default void aGivenBackPageKeepsItsAddressesAndShowsNobodyZeros() {
    PinnedStore store = open(config().decayTimeout(Duration.ofSeconds(1)).build());
    List<BlobHandle> handles = StoreFixture.fillPages(store, 8);
    List<MemorySegment> views = handles.stream().map(store::view).toList();
    handles.forEach(store::acknowledge);
    for (int i = 0; i < 3; i++) {
      store.maintain();
      clock().advance(Duration.ofSeconds(2));
    }
    store.maintain();
    assertThat(store.stats().pagesGivenBack()).isGreaterThanOrEqualTo(7);
    for (MemorySegment view : views) {
      assertThatThrownBy(() -> view.get(ValueLayout.JAVA_BYTE, 0))
          .isInstanceOf(IllegalStateException.class);
    }
    for (BlobHandle handle : handles) {
      HandleContract.assertStale(store, handle);
    }
    List<BlobHandle> again = StoreFixture.fillPages(store, 8);
    long base = views.getFirst().address();
    for (int i = 0; i < 8; i++) {
      assertThat(addressOf(store, again.get(i)) - base).isBetween(0L, 8L * PAGE);
      Blobs.assertLive(store, again.get(i), i);
    }
  }

  @Test
  default void aReservationAcrossPagesIsZerosAndMayBeGivenUp() {
    PinnedStore store = open(config().maxPages(3).build());
    for (int round = 0; round < 50; round++) {
      store.acknowledge(store.append(Blobs.of(round, 1 + round * 61L)));
      try (Reservation reservation = store.reserve(PAGE + 1 + round)) {
        MemorySegment segment = reservation.segment();
        assertThat(segment.mismatch(MemorySegment.ofArray(new byte[PAGE + 1 + round])))
            .isEqualTo(-1);
        segment.fill((byte) 7);
        if (round % 2 == 0) {
          BlobHandle handle = reservation.publish();
          assertThat(store.view(handle).byteSize()).isEqualTo(PAGE + 1 + round);
          assertThat(store.resolve(handle)).hasSize(PAGE + 1 + round).containsOnly(7);
          store.acknowledge(handle);
        }
      }
    }
    assertThat(store.stats().liveBlobs()).isZero();
    store.acknowledge(store.append(new byte[3 * PAGE]));
  }
}
