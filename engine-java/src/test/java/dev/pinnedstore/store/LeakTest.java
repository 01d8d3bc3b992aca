package dev.pinnedstore.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Stores that are used and closed leave no mapping and no open file. */
class LeakTest {
  private static final int PAGE = 64 << 10;

  @BeforeEach
  void needsLinux() {
    assumeTrue(Footprint.isKnown(), "counts mappings and files in /proc");
  }

  @ParameterizedTest
  @MethodSource("dev.pinnedstore.store.StoreKind#allowed")
  void closedStoresLeaveNothingWhateverTheyWereUsedFor(StoreKind kind) {
    use(kind, ConcurrentHashMap.newKeySet());
    Footprint before = Footprint.now();
    Set<Long> addresses = ConcurrentHashMap.newKeySet();
    for (int round = 0; round < 25; round++) {
      use(kind, addresses);
    }
    assertThat(addresses).hasSizeGreaterThan(50);
    before.awaitAgain();
    // Others may have been given some of these addresses since.
    assertThat(Footprint.mapped(addresses)).isLessThan(addresses.size() / 2);
  }

  @ParameterizedTest
  @MethodSource("dev.pinnedstore.store.StoreKind#allowed")
  void pagesThatAreGivenBackAreGoneWhileTheStoreLives(StoreKind kind) {
    ManualTicker clock = new ManualTicker();
    StoreConfig config =
        kind.config().pageSize(PAGE).decayTimeout(Duration.ofSeconds(1)).clock(clock).build();
    try (PinnedStore store = kind.open(config)) {
      store.maintain();
      Footprint before = Footprint.now();
      Set<Long> addresses = ConcurrentHashMap.newKeySet();
      for (int round = 0; round < 5; round++) {
        List<BlobHandle> handles = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
          handles.add(store.append(Blobs.of(i, i % 10 == 0 ? 2 * PAGE : PAGE)));
          addresses.add(store.view(handles.getLast()).address());
        }
        handles.forEach(store::acknowledge);
        for (int i = 0; i < 3; i++) {
          store.maintain();
          clock.advance(Duration.ofSeconds(1));
        }
        store.maintain();
        assertThat(store.stats().livePages()).isEqualTo(1);
        assertThat(Footprint.now()).isEqualTo(before);
      }
      assertThat(Footprint.residentBytes(addresses)).isLessThanOrEqualTo(2 * PAGE);
    }
  }

  /** Uses a store in every way and closes it under the eyes of its readers. */
  private static void use(StoreKind kind, Set<Long> addresses) {
    StoreConfig config =
        kind.config().pageSize(PAGE).maxBytes(64L * PAGE).ttl(Duration.ofHours(1)).build();
    PinnedStore store = kind.open(config);
    store.startLifecycle(Duration.ofMillis(1));
    store.listen(event -> {});
    Reservation pending = store.reserve(PAGE);
    CountDownLatch reading = new CountDownLatch(2);
    Crew.run(
        3,
        t -> {
          if (t == 2) {
            reading.await();
            store.close();
            return;
          }
          List<BlobHandle> handles = new ArrayList<>();
          for (int i = 0; i < 20; i++) {
            handles.add(store.append(Blobs.of(i, 1 + i * (PAGE / 10L))));
            addresses.add(store.view(handles.getLast()).address());
            if (i % 3 == 0) {
              store.acknowledge(handles.get(i / 2));
            }
          }
          readUntilItDies(store.view(handles.getLast()), reading);
        });
    pending.close();
  }

  private static void readUntilItDies(MemorySegment view, CountDownLatch reading) {
    byte[] expected = Blobs.of(19, view.byteSize());
    reading.countDown();
    int wrong = 0;
    try {
      for (int at = 0; ; at = (at + 1) % expected.length) {
        wrong |= view.get(JAVA_BYTE, at) ^ expected[at];
      }
    } catch (IllegalStateException e) {
      assertThat(view.scope().isAlive()).isFalse();
    }
    assertThat(wrong).isZero();
  }
}
