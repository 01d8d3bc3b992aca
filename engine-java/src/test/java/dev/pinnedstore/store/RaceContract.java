package dev.pinnedstore.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds when several threads meet. */
interface RaceContract extends StoreFixture {

  @ParameterizedTest
  @ValueSource(ints = {100, 3 * PAGE})
  default void ofThreadsThatAcknowledgeOneHandleExactlyOneIsTold(int wanted) {
    int size = fit(wanted);
    PinnedStore store = open(config().maxPages(1 + pagesOf(size)).build());
    for (int round = 0; round < 500; round++) {
      BlobHandle handle = store.append(Blobs.of(round, size));
      AtomicInteger told = new AtomicInteger();
      Crew.run(4, t -> told.addAndGet(store.acknowledge(handle) ? 1 : 0));
      assertThat(told).hasValue(1);
      assertThat(store.stats().liveBlobs()).isZero();
    }
  }

  @Test
  default void blobsOfManyWritersAreAllWholeAndApart() {
    PinnedStore store = open();
    List<List<BlobHandle>> handles = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      handles.add(new ArrayList<>());
    }
    Crew.run(
        4,
        t -> {
          for (int i = 0; i < 1000; i++) {
            handles.get(t).add(store.append(Blobs.of(t * 1000L + i, 1 + (i * 37) % 700)));
          }
        });
    for (int t = 0; t < 4; t++) {
      for (int i = 0; i < 1000; i++) {
        Blobs.assertLive(store, handles.get(t).get(i), t * 1000L + i);
      }
    }
    handles.forEach(mine -> mine.forEach(handle -> assertThat(store.acknowledge(handle)).isTrue()));
    assertThat(store.stats().liveBlobs()).isZero();
  }

  /** Viewed pages have an Arena to be closed before they serve again. */
  @ParameterizedTest
  @CsvSource({"4096, false", "2048, false", "4096, true", "2048, true"})
  default void noneOfThoseWhoseBlobsFitIsToldThatTheStoreIsFull(int size, boolean viewed) {
    int threads = 4;
    PinnedStore store = open(config().maxPages(threads * size / PAGE).build());
    CyclicBarrier together = new CyclicBarrier(threads);
    Crew.run(
        threads,
        t -> {
          for (int round = 0; round < 2000; round++) {
            together.await();
            BlobHandle handle = store.append(Blobs.of(t, size));
            assertThat(store.resolve(handle)).isEqualTo(Blobs.of(t, size));
            assertThat(!viewed || Blobs.isBlob(store.view(handle), t)).isTrue();
            together.await();
            assertThat(store.acknowledge(handle)).isTrue();
          }
        });
    assertThat(store.stats().storeFull()).isZero();
  }

  @Test
  default void aReaderOfAPageThatIsWrittenAgainSeesItsOwnBytesOrNothing() {
    PinnedStore store = open(config().maxPages(2).build());
    AtomicReference<BlobHandle> latest = new AtomicReference<>(store.append(Blobs.of(0, PAGE)));
    AtomicInteger copies = new AtomicInteger();
    AtomicBoolean done = new AtomicBoolean();
    Crew.run(
        3,
        t -> {
          if (t == 0) {
            for (int i = 1; i <= 10_000 || copies.get() < 100; i++) {
              BlobHandle old = latest.get();
              // The size tells which blob it is, whatever the bytes say.
              latest.set(store.append(Blobs.of(i % 1000, PAGE - i % 1000)));
              assertThat(store.acknowledge(old)).isTrue();
            }
            done.set(true);
          }
          while (t > 0 && !done.get()) {
            BlobHandle handle = latest.get();
            byte[] copy = t == 1 ? store.resolve(handle) : copyOfView(store, handle);
            if (copy != null) {
              assertThat(copy).isEqualTo(Blobs.of((PAGE - copy.length) % 1000, copy.length));
              copies.incrementAndGet();
            }
          }
        });
  }

  private static byte[] copyOfView(PinnedStore store, BlobHandle handle) {
    try {
      return store.view(handle).toArray(JAVA_BYTE);
    } catch (StaleHandleException | IllegalStateException e) {
      return null;
    }
  }

  @Test
  default void cyclesBesideAWriterLoseNoBlobAndNeverStopIt() {
    PinnedStore store =
        open(
            config().maxPages(8).decayTimeout(Duration.ofMillis(1)).prefetchThreshold(0.1).build());
    AtomicBoolean done = new AtomicBoolean();
    Crew.run(
        2,
        t -> {
          if (t == 0) {
            List<BlobHandle> window = new ArrayList<>();
            for (int i = 0; i < 3000; i++) {
              window.add(store.append(Blobs.of(i, fit(1 + i % (2 * PAGE)))));
              if (window.size() == 3) {
                Blobs.assertLive(store, window.getFirst(), i - 2);
                assertThat(store.acknowledge(window.removeFirst())).isTrue();
              }
            }
            done.set(true);
          }
          while (t == 1 && !done.get()) {
            store.maintain();
            clock().advance(Duration.ofMillis(1));
          }
        });
    assertThat(store.stats().storeFull()).isZero();
    assertThat(store.stats().liveBlobs()).isEqualTo(2);
  }

  @Test
  default void expiryBesideWritersTakesNoBlobBeforeItsTime() {
    Duration ttl = Duration.ofMillis(5);
    PinnedStore store = open(config().ttl(ttl).build());
    long origin = store.append(Blobs.of(0, 64)).timestampMillis();
    int writers = 4;
    AtomicInteger writing = new AtomicInteger(writers);
    Crew.run(
        writers + 1,
        t -> {
          for (int i = 0; t < writers && i < 20_000; i++) {
            long number = t * 100_000L + i;
            BlobHandle handle = appendInTurn(store, number);
            byte[] copy = store.resolve(handle);
            if (copy == null) {
              long age = origin + clock().elapsedMillis() - handle.timestampMillis();
              assertThat(age).as("age of a blob that is gone").isGreaterThan(ttl.toMillis());
            } else {
              assertThat(copy).isEqualTo(Blobs.of(number, 64));
            }
          }
          writing.addAndGet(t < writers ? -1 : 0);
          while (t == writers && writing.get() > 0) {
            clock().advance(Duration.ofMillis(1));
            store.maintain();
          }
        });
    clock().advance(ttl.plusMillis(1));
    store.maintain();
    assertThat(store.stats().liveBlobs()).isZero();
  }

  private static BlobHandle appendInTurn(PinnedStore store, long number) {
    AppendForm[] forms = {AppendForm.HEAP_SEGMENT, AppendForm.HANDLE_OUT, AppendForm.WRITER};
    return forms[(int) (number % forms.length)].append(store, Blobs.of(number, 64));
  }

  @Test
  default void aSourceThatIsClosedMeanwhileGivesAWholeBlobOrAnException() {
    PinnedStore store = open(config().pageSize(1 << 20).maxPages(2).build());
    byte[] bytes = Blobs.of(1, 1 << 20);
    for (int round = 0; round < 100; round++) {
      Arena arena = Arena.ofShared();
      MemorySegment source = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
      AtomicReference<BlobHandle> handle = new AtomicReference<>();
      AtomicReference<RuntimeException> thrown = new AtomicReference<>();
      Crew.run(
          2,
          t -> {
            if (t == 0) {
              arena.close();
              return;
            }
            try {
              handle.set(store.append(source));
            } catch (RuntimeException e) {
              thrown.set(e);
            }
          });
      if (thrown.get() != null) {
        assertThat(thrown.get())
            .isInstanceOf(IllegalStateException.class)
            .isNotInstanceOf(StoreClosedException.class);
      } else {
        Blobs.assertLive(store, handle.get(), 1);
        store.acknowledge(handle.get());
      }
      assertThat(store.stats().liveBlobs()).isZero();
    }
    assertThatCode(() -> StoreFixture.fillPages(store, 512)).doesNotThrowAnyException();
  }
}
