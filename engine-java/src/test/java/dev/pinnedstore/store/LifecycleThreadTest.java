package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cycles on a thread of their own; time is still turned by hand. */
class LifecycleThreadTest {
  private static final int PAGE = 64 << 10;
  private static final Duration DECAY = Duration.ofSeconds(5);
  private static final Duration FAST = Duration.ofMillis(1);

  private final ManualTicker clock = new ManualTicker();
  private final PinnedStore store =
      PinnedStore.open(
          StoreConfig.builder()
              .pageSize(PAGE)
              .decayTimeout(DECAY)
              .ttl(Duration.ofHours(1))
              .clock(clock)
              .build());

  @AfterEach
  void closeStore() {
    store.close();
  }

  private void awaitCycles(int more) {
    long target = store.stats().lifecycleCycles() + more;
    Waiting.until(more + " cycles have run", () -> store.stats().lifecycleCycles() >= target);
  }

  @Test
  void theThreadIsADaemonNamedAfterItsStoreAndEndsWithIt() throws Exception {
    BlockingQueue<Thread> threads = new LinkedBlockingQueue<>();
    store.listen(event -> threads.add(Thread.currentThread()));
    Lifecycle lifecycle = store.startLifecycle(FAST);
    assertThat(lifecycle.isRunning()).isTrue();
    assertThat(lifecycle.interval()).isEqualTo(FAST);
    store.append(Blobs.of(1, PAGE));
    store.append(Blobs.of(2, PAGE));
    Thread thread = threads.poll(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS);
    assertThat(thread).isNotNull();
    assertThat(thread.isDaemon()).isTrue();
    assertThat(thread.getName()).isEqualTo(store.toString().split("\\[", 2)[0] + "-lifecycle");

    store.close();
    thread.join(Waiting.LONGEST);
    assertThat(thread.isAlive()).isFalse();
    assertThat(lifecycle.isRunning()).isFalse();
  }

  @Test
  void thereIsOneLifecycleAtATime() {
    Lifecycle first = store.startLifecycle();
    assertThat(first.interval()).isEqualTo(Duration.ofMillis(100));
    assertThatThrownBy(store::startLifecycle)
        .isInstanceOf(IllegalStateException.class)
        .isNotInstanceOf(StoreClosedException.class)
        .hasMessageContaining("lifecycle");
    first.close();
    first.close();
    assertThat(first.isRunning()).isFalse();
    try (Lifecycle second = store.startLifecycle(FAST)) {
      assertThat(second.isRunning()).isTrue();
      awaitCycles(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT-1S", "PT0.000999S", "PT1H0.001S"})
  void anIntervalThatIsNoneIsRefused(Duration interval) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.startLifecycle(interval))
        .withMessageContaining("interval=" + interval);
  }

  @Test
  void theThreadDoesWhatCyclesByHandDo() {
    try (PinnedStore byHand = PinnedStore.open(store.config());
        Lifecycle _ = store.startLifecycle(FAST)) {
      List<List<BlobHandle>> handles = List.of(new ArrayList<>(), new ArrayList<>());
      List<PinnedStore> both = List.of(byHand, store);
      for (int i = 0; i < 8; i++) {
        for (int s = 0; s < 2; s++) {
          handles.get(s).add(both.get(s).append(Blobs.of(i, PAGE / 2)));
          both.get(s).view(handles.get(s).get(i));
        }
        // Pages that are viewed one after another quickly share the end of their views.
        clock.advance(Duration.ofMillis(5));
      }
      for (int s = 0; s < 2; s++) {
        handles.get(s).subList(0, 6).forEach(both.get(s)::acknowledge);
      }
      byHand.maintain();
      Waiting.until("three pages are ready", () -> store.stats().pagesReused() == 3);
      for (int s = 0; s < 2; s++) {
        assertThat(both.get(s).stats().waitingBytes()).isZero();
        assertThat(both.get(s).stats().pagesGivenBack()).isZero();
        Blobs.assertLive(both.get(s), handles.get(s).get(7), 7);
      }

      clock.advance(DECAY);
      byHand.maintain();
      assertThat(byHand.stats().livePages()).isEqualTo(1);
      Waiting.until("idle pages are given back", () -> store.stats().livePages() == 1);

      clock.advance(Duration.ofHours(2));
      assertThat(byHand.maintain().pagesExpired()).isEqualTo(1);
      Waiting.until("blobs have expired", () -> store.stats().liveBlobs() == 0);
      assertThat(byHand.stats().liveBlobs()).isZero();
      for (int s = 0; s < 2; s++) {
        HandleContract.assertStale(both.get(s), handles.get(s).get(7));
      }
    }
  }

  @Test
  void theThreadMakesTheNextPageReady() {
    try (Lifecycle _ = store.startLifecycle(FAST)) {
      for (int page = 0; page < 20; page++) {
        store.append(Blobs.of(page, PAGE - 64));
        Waiting.until("the next page is ready", () -> store.stats().readyPages() >= 1);
      }
    }
    assertThat(store.stats().stalls()).isZero();
  }

  @Test
  void aListenerThatThrowsDoesNotEndTheThread() {
    store.listen(
        event -> {
          if (event.kind() == StoreEvent.Kind.STALL) {
            throw new ArithmeticException("meant to be logged: a listener that fails");
          }
        });
    store.append(Blobs.of(1, PAGE));
    store.append(Blobs.of(2, PAGE));
    try (Lifecycle lifecycle = store.startLifecycle(FAST)) {
      Waiting.until("it has failed", () -> store.stats().lifecycleFailures() == 1);
      awaitCycles(3);
      assertThat(lifecycle.isRunning()).isTrue();
    }
    assertThat(store.stats().lifecycleFailures()).isEqualTo(1);
  }

  /** Any code of the user's that a cycle runs may fail: here the clock. */
  @Test
  void aCycleThatFailsIsCountedAndTheNextOneRuns() {
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    Ticker sick =
        () -> {
          RuntimeException thrown = failure.get();
          if (thrown != null && Thread.currentThread().getName().endsWith("-lifecycle")) {
            throw thrown;
          }
          return clock.nanos();
        };
    try (PinnedStore fragile = PinnedStore.open(store.config().toBuilder().clock(sick).build());
        Lifecycle lifecycle = fragile.startLifecycle(FAST)) {
      Waiting.until("cycles run", () -> fragile.stats().lifecycleCycles() > 0);
      failure.set(new ArithmeticException("meant to be logged: a clock that fails"));
      Waiting.until("a cycle has failed", () -> fragile.stats().lifecycleFailures() > 0);
      failure.set(null);
      long cycles = fragile.stats().lifecycleCycles();
      Waiting.until("cycles run again", () -> fragile.stats().lifecycleCycles() > cycles);
      assertThat(lifecycle.isRunning()).isTrue();
    }
  }

  @Test
  void withoutALifecycleTheStoreGrowsAndKeepsWhatItHas() {
    for (int i = 0; i < 10; i++) {
      BlobHandle handle = store.append(Blobs.of(i, PAGE));
      Blobs.assertLive(store, handle, i);
    }
    clock.advance(DECAY.multipliedBy(100));
    assertThat(store.stats().livePages()).isEqualTo(10);
    assertThat(store.stats().stalls()).isEqualTo(9);
    assertThat(store.stats().lifecycleCycles()).isZero();
  }

  @Test
  void aLifecycleThatIsClosedRunsNoMoreCycles() {
    Lifecycle lifecycle = store.startLifecycle(FAST);
    awaitCycles(2);
    lifecycle.close();
    long cycles = store.stats().lifecycleCycles();
    BlobHandle handle = store.append(Blobs.of(1, 64));
    clock.advance(Duration.ofMinutes(1));
    assertThat(store.append(Blobs.of(2, 64)).timestampMillis() - handle.timestampMillis())
        .as("time goes on")
        .isEqualTo(60_000);
    assertThat(store.stats().lifecycleCycles()).isEqualTo(cycles);
  }
}
