package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a handle is, and what view, resolve and acknowledge answer to it, in both of its forms. */
interface HandleContract extends StoreFixture {
  Duration TTL = Duration.ofSeconds(10);

  @ParameterizedTest
  @ValueSource(ints = {1, 100, PAGE, 3 * PAGE + 1})
  default void aLiveHandleReadsAndIsAcknowledgedOnce(int wanted) {
    int size = fit(wanted);
    PinnedStore store = open();
    BlobHandle handle = store.append(Blobs.of(1, size));
    Blobs.assertLive(store, handle, 1);
    assertThat(Blobs.isBlob(store.view(slot(handle), 3), 1)).isTrue();
    assertThat(store.acknowledge(handle)).isTrue();
    for (int i = 0; i < 3; i++) {
      assertThat(store.acknowledge(handle)).isFalse();
      assertThat(store.acknowledge(slot(handle), 3)).isFalse();
    }

    BlobHandle other = store.append(Blobs.of(2, size));
    assertThat(store.acknowledge(slot(other), 3)).isTrue();
    assertThat(store.acknowledge(other)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, PAGE, 3 * PAGE + 1})
  default void anAcknowledgedHandleShowsItsOwnBytesOrNothing(int wanted) {
    int size = fit(wanted);
    PinnedStore store = open();
    BlobHandle handle = store.append(Blobs.of(1, size));
    store.acknowledge(handle);
    try {
      assertThat(Blobs.isBlob(store.view(handle), 1)).isTrue();
    } catch (StaleHandleException e) {
      assertThat(e).hasMessageContaining(handle.toString());
    }
    assertThat(store.resolve(handle)).isIn(null, Blobs.of(1, size));
    assertThat(store.acknowledge(handle)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, PAGE, 3 * PAGE + 1})
  default void aHandleIsStaleOnceItsPageIsReady(int wanted) {
    int size = fit(wanted);
    PinnedStore store = open(config().maxPages(pagesOf(size)).build());
    BlobHandle handle = store.append(Blobs.of(1, size));
    store.acknowledge(handle);
    BlobHandle next = store.append(Blobs.of(2, Math.max(size, PAGE)));
    assertStale(store, handle);
    Blobs.assertLive(store, next, 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {100, PAGE, 3 * PAGE + 1})
  default void aHandleIsStaleOnceItsPageIsGivenBack(int wanted) {
    int size = fit(wanted);
    PinnedStore store = open();
    BlobHandle handle = store.append(Blobs.of(1, size));
    if (size < PAGE) {
      // The rest of its page, so that the others are elsewhere.
      store.acknowledge(store.append(Blobs.of(2, (PAGE - size) & -64)));
    }
    List<BlobHandle> others = StoreFixture.fillPages(store, 3);
    store.acknowledge(handle);
    store.maintain();
    clock().advance(store.config().decayTimeout());
    assertThat(store.maintain().pagesGivenBack()).isPositive();
    assertStale(store, handle);
    Blobs.assertLive(store, others.getFirst(), 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, PAGE, 3 * PAGE + 1})
  default void aHandleIsStaleOnceItsPageHasExpired(int wanted) {
    int size = fit(wanted);
    PinnedStore store = open(config().ttl(TTL).build());
    BlobHandle handle = store.append(Blobs.of(1, size));
    clock().advance(TTL.plusMillis(1));
    assertStale(store, handle);
    assertThat(store.maintain().pagesExpired()).isEqualTo(1);
    assertStale(store, handle);
    assertThat(store.stats().liveBlobs()).isZero();
  }

  @Test
  default void aHandleThatWasNeverIssuedIsInvalid() {
    PinnedStore store = open();
    BlobHandle first = store.append(Blobs.of(1, 100));
    BlobHandle second = store.append(Blobs.of(2, 100));
    BlobHandle large = store.append(Blobs.of(3, fit(3 * PAGE)));
    for (BlobHandle real : List.of(first, second, large)) {
      for (BlobHandle forged : neverIssued(real)) {
        assertInvalid(store, forged);
      }
    }
    Blobs.assertLive(store, first, 1);
    Blobs.assertLive(store, second, 2);
    Blobs.assertLive(store, large, 3);
  }

  /** Handles that differ in one field from an issued one of the page's first generation. */
  private static List<BlobHandle> neverIssued(BlobHandle handle) {
    int page = handle.pageId();
    int offset = handle.offset();
    int size = handle.size();
    int generation = handle.generation();
    long millis = handle.timestampMillis();
    return List.of(
        new BlobHandle(page + 1000, offset, size, generation, millis),
        new BlobHandle(-1, offset, size, generation, millis),
        new BlobHandle(Integer.MIN_VALUE, offset, size, generation, millis),
        new BlobHandle(Integer.MAX_VALUE, offset, size, generation, millis),
        new BlobHandle(page, offset + 1, size, generation, millis),
        new BlobHandle(page, offset + 64, size, generation, millis),
        new BlobHandle(page, offset + 64, size - 64, generation, millis),
        new BlobHandle(page, PAGE, size, generation, millis),
        new BlobHandle(page, -64, size, generation, millis),
        new BlobHandle(page, offset, size + 1, generation, millis),
        new BlobHandle(page, offset, size - 1, generation, millis),
        new BlobHandle(page, offset, 0, generation, millis),
        new BlobHandle(page, offset, -1, generation, millis),
        new BlobHandle(page, offset, size, generation + 1, millis),
        new BlobHandle(page, offset, size, generation - 1, millis),
        new BlobHandle(page, offset, size, 0, millis),
        new BlobHandle(page, offset, size, generation, millis + 1),
        new BlobHandle(page, offset, size, generation, millis - 1),
        new BlobHandle(page, offset, size, generation, millis + (1L << 20)),
        new BlobHandle(page, offset, size, generation, Long.MAX_VALUE),
        new BlobHandle(page, offset, size, generation, 0));
  }

  @Test
  default void aHandleOfAnotherStoreIsRefused() {
    PinnedStore gone = open();
    BlobHandle old = gone.append(Blobs.of(1, 100));
    gone.close();
    PinnedStore one = open();
    BlobHandle mine = one.append(Blobs.of(2, 100));
    PinnedStore other = open();
    BlobHandle theirs = other.append(Blobs.of(3, 100));
    for (BlobHandle foreign : List.of(old, theirs)) {
      assertThatThrownBy(() -> one.view(foreign))
          .isInstanceOfAny(InvalidHandleException.class, StaleHandleException.class);
    }
    Blobs.assertLive(one, mine, 2);
    Blobs.assertLive(other, theirs, 3);
  }

  @Test
  default void acknowledgingTwiceDoesNotFreeTheNeighbour() {
    PinnedStore store = open(config().maxPages(1).build());
    BlobHandle first = store.append(Blobs.of(1, PAGE / 2));
    BlobHandle second = store.append(Blobs.of(2, PAGE / 2));
    assertThat(store.acknowledge(first)).isTrue();
    assertThat(store.acknowledge(first)).isFalse();
    assertThat(store.stats().liveBlobs()).isEqualTo(1);
    clock().advance(Duration.ofHours(1));
    store.maintain();
    assertThatThrownBy(() -> store.append(Blobs.of(3, PAGE)))
        .isInstanceOf(StoreFullException.class);
    Blobs.assertLive(store, second, 2);
  }

  @Test
  default void acknowledgingTwiceDoesNotFreeTheNextBlobOfThePage() {
    PinnedStore store = open(config().maxPages(1).build());
    BlobHandle old = store.append(Blobs.of(0, PAGE));
    for (int i = 1; i < 3000; i++) {
      assertThat(store.acknowledge(old)).isTrue();
      BlobHandle young = store.append(Blobs.of(i, PAGE));
      assertThat(store.acknowledge(old)).isFalse();
      Blobs.assertLive(store, young, i);
      old = young;
    }
  }

  @Test
  default void aCopyIsTheCallersOwn() {
    PinnedStore store = open();
    BlobHandle handle = store.append(Blobs.of(1, 100));
    store.resolve(handle)[0] ^= 1;
    Blobs.assertLive(store, handle, 1);
  }

  @Test
  default void aPlaceThatHoldsNoHandleIsRefused() {
    PinnedStore store = open();
    MemorySegment slot = slot(store.append(Blobs.of(1, 100)));
    for (long offset : new long[] {-1, 4, 27, Long.MAX_VALUE}) {
      assertThatThrownBy(() -> store.view(slot, offset))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> store.acknowledge(slot, offset))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
    assertThat(store.stats().liveBlobs()).isEqualTo(1);
  }

  /** The bytes of a handle at offset 3. */
  private static MemorySegment slot(BlobHandle handle) {
    MemorySegment slot = MemorySegment.ofArray(new byte[3 + BlobHandle.BYTES]);
    handle.writeTo(slot, 3);
    return slot;
  }

  static void assertStale(PinnedStore store, BlobHandle handle) {
    List<ThrowingCallable> views =
        List.of(() -> store.view(handle), () -> store.view(slot(handle), 3));
    for (ThrowingCallable view : views) {
      assertThatThrownBy(view)
          .isInstanceOf(StaleHandleException.class)
          .hasMessageContaining(handle.toString());
    }
    assertThat(store.resolve(handle)).isNull();
    assertThat(store.acknowledge(handle)).isFalse();
    assertThat(store.acknowledge(slot(handle), 3)).isFalse();
  }

  static void assertInvalid(PinnedStore store, BlobHandle handle) {
    List<ThrowingCallable> calls =
        List.of(
            () -> store.view(handle),
            () -> store.view(slot(handle), 3),
            () -> store.resolve(handle),
            () -> store.acknowledge(handle),
            () -> store.acknowledge(slot(handle), 3));
    for (ThrowingCallable call : calls) {
      assertThatThrownBy(call)
          .isInstanceOf(InvalidHandleException.class)
          .hasMessageContaining(handle.toString());
    }
  }
}
