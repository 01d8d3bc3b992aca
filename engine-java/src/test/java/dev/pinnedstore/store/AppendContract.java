package dev.pinnedstore.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every form of append: the same bytes, the same refusals. */
interface AppendContract extends StoreFixture {

  @ParameterizedTest
  @EnumSource
  default void everyFormStoresBlobsOfEverySize(AppendForm form) {
    PinnedStore store = open();
    int[] sizes = {
      1, 7, 8, 63, 64, 65, 1000, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 3 * PAGE - 1, 3 * PAGE
    };
    BlobHandle[] handles = new BlobHandle[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = fit(sizes[i]);
      handles[i] = form.append(store, Blobs.of(i, sizes[i]));
      assertThat(handles[i].sizeBytes()).isEqualTo(sizes[i]);
    }
    for (int i = 0; i < sizes.length; i++) {
      Blobs.assertLive(store, handles[i], i);
    }
    assertThat(store.stats().liveBlobs()).isEqualTo(sizes.length);
  }

  @ParameterizedTest
  @EnumSource
  default void everyFormRefusesAnEmptyBlob(AppendForm form) {
    PinnedStore store = open();
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> form.append(store, new byte[0]))
        .withMessageContaining("size=0");
    assertThat(store.stats().appendedBlobs()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  default void everyFormRefusesABlobThatCannotEverFitAndSaysHowMuchCan(AppendForm form) {
    PinnedStore store = open(config().maxBytes(8 * PAGE).build());
    int most = fit(8 * PAGE);
    assertThatExceptionOfType(BlobTooLargeException.class)
        .isThrownBy(() -> form.append(store, new byte[most + 1]))
        .satisfies(
            tooLarge -> {
              assertThat(tooLarge.sizeBytes()).isEqualTo(most + 1);
              assertThat(tooLarge.maxBytes()).isEqualTo(most);
            });
    assertThat(store.stats().appendedBlobs()).isZero();
    assertThat(form.append(store, new byte[most])).isNotNull();
  }

  @ParameterizedTest
  @EnumSource
  default void everyFormRefusesAFullStoreAndWorksAgainAfterARelease(AppendForm form) {
    PinnedStore store = open(config().maxPages(2).build());
    BlobHandle first = form.append(store, Blobs.of(0, PAGE));
    BlobHandle second = form.append(store, Blobs.of(1, PAGE));
    for (int attempt = 1; attempt <= 3; attempt++) {
      if (form.answersNull()) {
        assertThat(form.append(store, Blobs.of(2, 1))).isNull();
      } else {
        assertThatExceptionOfType(StoreFullException.class)
            .isThrownBy(() -> form.append(store, Blobs.of(2, 1)));
      }
      assertThat(store.stats().storeFull()).isEqualTo(attempt);
    }
    assertThat(store.acknowledge(first)).isTrue();
    Blobs.assertLive(store, form.append(store, Blobs.of(3, PAGE)), 3);
    Blobs.assertLive(store, second, 1);
    assertThat(store.stats().liveBlobs()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, 0})
  default void aSizeThatIsNoSizeIsRefused(long size) {
    PinnedStore store = open();
    assertThatThrownBy(() -> store.append(size, segment -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("size=" + size);
    assertThatThrownBy(() -> store.reserve(size)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store.tryReserve(size)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store.roomFor(size)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 32, Long.MAX_VALUE})
  default void aSizeThatNoHandleCanNameIsRefused(long size) {
    PinnedStore store = open(config().maxBytes(Long.MAX_VALUE).build());
    assertThatThrownBy(() -> store.append(size, segment -> {}))
        .isInstanceOf(BlobTooLargeException.class);
    assertThatThrownBy(() -> store.reserve(size)).isInstanceOf(BlobTooLargeException.class);
    assertThatThrownBy(() -> store.tryReserve(size)).isInstanceOf(BlobTooLargeException.class);
    assertThatThrownBy(() -> store.roomFor(size)).isInstanceOf(BlobTooLargeException.class);
  }

  @Test
  default void aBufferKeepsItsPositionAndItsLimit() {
    PinnedStore store = open();
    ByteBuffer buffer = ByteBuffer.wrap(Blobs.of(1, 100)).position(10).limit(90);
    BlobHandle handle = store.append(buffer);
    assertThat(buffer.position()).isEqualTo(10);
    assertThat(buffer.limit()).isEqualTo(90);
    assertThat(store.resolve(handle)).isEqualTo(Arrays.copyOfRange(Blobs.of(1, 100), 10, 90));
  }

  @Test
  default void aRangeThatIsNotInTheArrayAppendsNothing() {
    PinnedStore store = open();
    byte[] source = new byte[10];
    int[][] ranges = {{-1, 1}, {0, 11}, {10, 1}, {5, Integer.MAX_VALUE}, {0, -1}};
    for (int[] range : ranges) {
      assertThatThrownBy(() -> store.append(source, range[0], range[1]))
          .as("range %s", Arrays.toString(range))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
    assertThat(store.stats().appendedBlobs()).isZero();
  }

  @Test
  default void aViewCanBeAppendedAgain() {
    PinnedStore store = open();
    BlobHandle first = store.append(Blobs.of(1, fit(3 * PAGE)));
    BlobHandle second = store.append(store.view(first));
    assertThat(store.acknowledge(first)).isTrue();
    Blobs.assertLive(store, second, 1);
  }

  @Test
  default void theHandleGoesToAnyOffsetAndNowhereElse() {
    PinnedStore store = open();
    for (MemorySegment slots :
        new MemorySegment[] {MemorySegment.ofArray(new byte[96]), Arena.ofAuto().allocate(96, 8)}) {
      for (int offset = 0; offset <= 96 - BlobHandle.BYTES; offset++) {
        slots.fill((byte) 0x55);
        store.append(MemorySegment.ofArray(Blobs.of(offset, 50)), slots, offset);
        Blobs.assertLive(store, BlobHandle.readFrom(slots, offset), offset);
        assertThat(Blobs.isBlob(store.view(slots, offset), offset)).isTrue();
        assertThat(store.acknowledge(slots, offset)).isTrue();
        assertThat(store.acknowledge(slots, offset)).isFalse();
        slots.asSlice(offset, BlobHandle.BYTES).fill((byte) 0x55);
        assertThat(slots.toArray(JAVA_BYTE)).containsOnly(0x55);
      }
    }
  }

  @Test
  default void aPlaceThatCannotTakeTheHandleAppendsNothing() {
    PinnedStore store = open();
    MemorySegment blob = MemorySegment.ofArray(Blobs.of(1, 50));
    MemorySegment slots = MemorySegment.ofArray(new byte[48]);
    for (long offset : new long[] {Long.MIN_VALUE, -1, 25, 48, Long.MAX_VALUE}) {
      assertThatThrownBy(() -> store.append(blob, slots, offset))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("handleOffset=" + offset);
    }
    assertThatThrownBy(() -> store.append(blob, slots.asReadOnly(), 0))
        .isInstanceOf(IllegalArgumentException.class);
    Arena closed = Arena.ofShared();
    MemorySegment dead = closed.allocate(48);
    closed.close();
    assertThatThrownBy(() -> store.append(blob, dead, 0))
        .isInstanceOf(IllegalStateException.class)
        .isNotInstanceOf(StoreClosedException.class);
    try (Arena confined = Arena.ofConfined()) {
      MemorySegment foreign = confined.allocate(48);
      assertThat(CompletableFuture.runAsync(() -> store.append(blob, foreign, 0)))
          .failsWithin(Duration.ofSeconds(30))
          .withThrowableThat()
          .withCauseInstanceOf(WrongThreadException.class);
    }
    assertThat(store.stats().appendedBlobs()).isZero();
  }

  @Test
  default void aSourceThatCannotBeReadCostsItsOwnBlobOnly() {
    PinnedStore store = open(config().maxPages(1).build());
    Arena closed = Arena.ofShared();
    MemorySegment dead = closed.allocate(64);
    closed.close();
    BlobHandle before = store.append(Blobs.of(1, 64));
    assertThatThrownBy(() -> store.append(dead))
        .isInstanceOf(IllegalStateException.class)
        .isNotInstanceOf(StoreClosedException.class);
    assertThatThrownBy(() -> store.tryAppend(dead)).isInstanceOf(IllegalStateException.class);
    try (Arena confined = Arena.ofConfined()) {
      MemorySegment foreign = confined.allocate(64);
      assertThat(CompletableFuture.runAsync(() -> store.append(foreign)))
          .failsWithin(Duration.ofSeconds(30))
          .withThrowableThat()
          .withCauseInstanceOf(WrongThreadException.class);
    }
    BlobHandle after = store.append(Blobs.of(2, 64));
    Blobs.assertLive(store, before, 1);
    Blobs.assertLive(store, after, 2);
    assertThat(store.stats().liveBlobs()).isEqualTo(2);

    store.acknowledge(before);
    store.acknowledge(after);
    Blobs.assertLive(store, store.append(Blobs.of(3, PAGE)), 3);
  }
}
