package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When memory comes and goes, cycle by cycle, by a clock that is turned by hand. */
@ParameterizedClass
@MethodSource("dev.pinnedstore.store.StoreKind#allowed")
class LifecycleStoreTest {
  private static final int PAGE = 64 << 10;
  private static final Duration DECAY = Duration.ofSeconds(5);

  private final ManualTicker clock = new ManualTicker();
  private final StoreKind kind;
  private final PinnedStore store;

  LifecycleStoreTest(StoreKind kind) {
    this.kind = kind;
    this.store = kind.open(config().prefetchThreshold(1.0));
  }

  private StoreConfig.Builder config() {
    return kind.config().pageSize(PAGE).decayTimeout(DECAY).clock(clock);
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  /** Fills pages by two blobs each, but for so little that no cycle makes a page ready. */
  private List<BlobHandle> fill(int pages) {
    List<BlobHandle> handles = new ArrayList<>();
    for (int i = 0; i < 2 * pages; i++) {
      handles.add(store.append(Blobs.of(i, PAGE / 2 - 64)));
    }
    assertThat(store.maintain().pagesMade()).isZero();
    return handles;
  }

  private void acknowledge(List<BlobHandle> handles) {
    handles.forEach(handle -> assertThat(store.acknowledge(handle)).isTrue());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.5, 0.8, 1.0})
  void theNextPageIsMadeAtTheThresholdAndOnlyOne(double threshold) {
    try (PinnedStore eager = kind.open(config().prefetchThreshold(threshold))) {
      long granules = PAGE / 64;
      long below = (long) Math.ceil(threshold * granules) - 1;
      for (int i = 0; i < below; i++) {
        eager.append(Blobs.of(i, 64));
      }
      assertThat(eager.maintain().pagesMade()).isZero();
      eager.append(Blobs.of(0, 64));
      assertThat(eager.maintain().pagesMade()).isEqualTo(1);
      assertThat(eager.stats().readyPages()).isEqualTo(1);
      for (long i = below + 1; i < granules; i++) {
        eager.append(Blobs.of(i, 64));
        assertThat(eager.maintain().pagesMade()).isZero();
      }
      eager.append(Blobs.of(0, 64));
      assertThat(eager.stats().stalls()).as("the writer found it ready").isZero();
      assertThat(eager.stats().livePages()).isEqualTo(2);
    }
  }

  @Test
  void aPageThatWaitsToBeReusedServesAsTheNextOne() {
    acknowledge(fill(2));
    // To the brim, far beyond the threshold.
    store.append(Blobs.of(1, PAGE));
    MaintenanceReport report = store.maintain();
    assertThat(report.pagesMade()).isZero();
    assertThat(report.pagesReused()).isEqualTo(1);
    assertThat(store.stats().pagesMade()).isEqualTo(2);
  }

  @Test
  void prefetchStopsAtTheLimit() {
    try (PinnedStore full = kind.open(config().maxPages(1))) {
      full.append(Blobs.of(0, PAGE));
      assertThat(full.maintain().pagesMade()).isZero();
      assertThat(full.stats().livePages()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPageGoesExactlyOneDecayTimeoutAfterItsLastAcknowledgement(boolean cyclesBetween) {
    List<BlobHandle> handles = fill(4);
    // The first blob of each page long ago, the last one of the first three only now.
    for (int i = 0; i < 8; i += 2) {
      store.acknowledge(handles.get(i));
    }
    clock.advance(DECAY.multipliedBy(3));
    store.maintain();
    for (int i = 1; i < 7; i += 2) {
      store.acknowledge(handles.get(i));
    }
    for (int i = 0; i < 10; i++) {
      clock.advance(DECAY.dividedBy(10).minusNanos(i == 9 ? 1 : 0));
      if (cyclesBetween || i == 9) {
        assertThat(store.maintain().pagesGivenBack()).as("after %s tenths", i + 1).isZero();
      }
    }
    clock.advanceNanos(1);
    assertThat(store.maintain().pagesGivenBack()).isEqualTo(3);
    assertThat(store.stats().livePages()).isEqualTo(1);
    assertThat(store.stats().committedBytes()).isEqualTo(PAGE);
    Blobs.assertLive(store, handles.get(7), 7);
  }

  @Test
  void aPageThatIsUsedAgainBeginsToDecayAnew() {
    for (int round = 0; round < 5; round++) {
      List<BlobHandle> handles = fill(2);
      clock.advance(DECAY.minusNanos(1));
      acknowledge(handles);
      assertThat(store.maintain().pagesGivenBack()).isZero();
    }
    assertThat(store.stats().pagesMade()).isLessThanOrEqualTo(3);
    assertThat(store.stats().pagesGivenBack()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 9})
  void onePageIsKeptForEver(int pages) {
    acknowledge(fill(pages));
    for (int i = 0; i < 5; i++) {
      store.maintain();
      clock.advance(DECAY.multipliedBy(10));
    }
    StoreStats stats = store.stats();
    assertThat(stats.livePages()).isEqualTo(1);
    assertThat(stats.pagesGivenBack()).isEqualTo(pages - 1);
    assertThat(stats.waitingBytes()).isZero();
    long made = stats.pagesMade();
    store.append(Blobs.of(1, PAGE));
    assertThat(store.stats().pagesMade()).as("the kept page serves").isEqualTo(made);
  }

  @Test
  void pagesOfLargeBlobsDecayToo() {
    BlobHandle large = store.append(Blobs.of(1, 10 * PAGE));
    // Virtual, the page that is ready from the start is one of the ten.
    int pages = kind == StoreKind.VIRTUAL ? 10 : 11;
    assertThat(store.stats().committedBytes()).isEqualTo(pages * PAGE);
    store.view(large);
    store.acknowledge(large);
    clock.advance(DECAY.minusNanos(1));
    assertThat(store.maintain().pagesGivenBack()).isZero();
    clock.advanceNanos(1);
    assertThat(store.maintain().pagesGivenBack()).isEqualTo(kind == StoreKind.VIRTUAL ? 9 : 1);
    assertThat(store.stats().committedBytes()).isEqualTo(PAGE);
  }

  @Test
  void emptiedPagesAreWrittenAgainBeforeNewOnesAreMade() {
    Set<Integer> pages = new HashSet<>();
    for (int round = 0; round < 50; round++) {
      List<BlobHandle> handles = fill(4);
      handles.forEach(handle -> pages.add(handle.pageId()));
      handles.forEach(store::view);
      acknowledge(handles);
      store.maintain();
    }
    assertThat(pages.size()).isLessThanOrEqualTo(5);
    assertThat(store.stats().pagesMade()).isLessThanOrEqualTo(5);
    assertThat(store.stats().pagesReused()).isGreaterThan(150);
  }

  /** A consumer that keeps up, at the edge of a page: no page comes and goes. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void swingingAroundAPageBoundaryMakesNoPageAfterTheFirst(boolean viewed) {
    BlobHandle kept = store.append(Blobs.of(1, PAGE - 64));
    for (int round = 0; round < 10_000; round++) {
      BlobHandle inside = store.append(Blobs.of(round, 64));
      BlobHandle beyond = store.append(Blobs.of(round, PAGE / 2 + 1));
      if (viewed) {
        store.view(beyond);
      }
      store.acknowledge(inside);
      store.acknowledge(beyond);
      clock.advance(Duration.ofMillis(10));
      store.maintain();
      if (round == 10) {
        assertThat(store.stats().pagesMade()).isLessThanOrEqualTo(4);
      }
    }
    assertThat(store.stats().pagesMade()).isLessThanOrEqualTo(4);
    assertThat(store.stats().pagesGivenBack()).isLessThanOrEqualTo(1);
    Blobs.assertLive(store, kept, 1);
  }

  /** Threads that met in one page were spread over several; these go once nobody writes. */
  @Test
  void pagesThatThreadsWereSpreadOverDecayLikeOthers() {
    Set<Integer> active = ConcurrentHashMap.newKeySet();
    for (int round = 0; round < 50 && active.size() < 2; round++) {
      active.clear();
      List<BlobHandle> last = new ArrayList<>();
      Crew.run(
          4,
          t -> {
            BlobHandle handle = store.append(Blobs.of(t, 64));
            for (int i = 0; i < 20_000; i++) {
              store.acknowledge(handle);
              handle = store.append(Blobs.of(t, 64));
            }
            synchronized (last) {
              last.add(handle);
            }
          });
      for (BlobHandle handle : last) {
        active.add(handle.pageId());
        store.acknowledge(handle);
      }
      store.maintain();
    }
    assumeThat(active.size()).as("threads collided on this machine").isGreaterThan(1);
    for (int i = 0; i < 3; i++) {
      clock.advance(DECAY);
      store.maintain();
    }
    assertThat(store.stats().livePages()).isEqualTo(1);
    assertThat(store.stats().liveBlobs()).isZero();
  }

  @Test
  void theReportAndTheFiguresAgree() {
    acknowledge(fill(3));
    BlobHandle viewed = store.append(Blobs.of(9, 64));
    store.view(viewed);
    store.acknowledge(viewed);
    long made = 0;
    long reused = 0;
    long givenBack = 0;
    long closed = 0;
    StoreStats before = store.stats();
    for (int i = 0; i < 4; i++) {
      MaintenanceReport report = store.maintain();
      made += report.pagesMade();
      reused += report.pagesReused();
      givenBack += report.pagesGivenBack();
      closed += report.groupsClosed();
      clock.advance(DECAY);
    }
    StoreStats after = store.stats();
    assertThat(after.pagesMade() - before.pagesMade()).isEqualTo(made);
    assertThat(after.pagesReused() - before.pagesReused()).isEqualTo(reused).isPositive();
    assertThat(after.pagesGivenBack() - before.pagesGivenBack()).isEqualTo(givenBack).isPositive();
    assertThat(closed).isEqualTo(1);
    assertThat(after.lifecycleCycles() - before.lifecycleCycles()).isEqualTo(4);
  }
}
