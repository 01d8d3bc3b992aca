package dev.pinnedstore.store;

import static dev.pinnedstore.store.StoreEvent.Kind.LIFECYCLE_FAILED;
import static dev.pinnedstore.store.StoreEvent.Kind.PAGE_EMPTIED;
import static dev.pinnedstore.store.StoreEvent.Kind.PAGE_EXPIRED;
import static dev.pinnedstore.store.StoreEvent.Kind.PAGE_GIVEN_BACK;
import static dev.pinnedstore.store.StoreEvent.Kind.PAGE_MADE;
import static dev.pinnedstore.store.StoreEvent.Kind.PAGE_REUSED;
import static dev.pinnedstore.store.StoreEvent.Kind.STALL;
import static dev.pinnedstore.store.StoreEvent.Kind.STORE_FULL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What listeners hear, in which order, and on which thread. */
class EventsTest {
  private static final int PAGE = StoreFixture.PAGE;
  private static final Duration TTL = Duration.ofSeconds(10);

  private final ManualTicker clock = new ManualTicker();
  private final PinnedStore store =
      PinnedStore.open(
          StoreConfig.builder()
              .pageSize(PAGE)
              .maxPages(2)
              .ttl(TTL)
              .decayTimeout(Duration.ofSeconds(1))
              .clock(clock)
              .build());
  private final List<StoreEvent> heard = new ArrayList<>();

  @AfterEach
  void closeStore() {
    store.close();
  }

  private void refuse(int times) {
    for (int i = 0; i < times; i++) {
      assertThat(store.tryAppend(MemorySegment.ofArray(new byte[i % PAGE + 1]))).isNull();
    }
  }

  @Test
  void aPagesLifeIsToldInItsOrder() {
    store.maintain();
    store.listen(heard::add);
    BlobHandle first = store.append(Blobs.of(1, PAGE));
    store.maintain();
    assertThat(heard).extracting(StoreEvent::kind).containsExactly(PAGE_MADE);
    BlobHandle second = store.append(Blobs.of(2, PAGE));
    refuse(1);
    store.acknowledge(first);
    assertThat(heard).as("nothing is told on the thread of a user").hasSize(1);
    store.maintain();
    BlobHandle third = store.append(Blobs.of(3, PAGE - 64));
    store.acknowledge(second);
    store.maintain();
    clock.advance(Duration.ofSeconds(1));
    store.maintain();
    clock.advance(TTL);
    store.maintain();

    int page = first.pageId();
    int other = second.pageId();
    assertThat(third.pageId()).isEqualTo(page);
    assertThat(heard)
        .extracting(StoreEvent::kind, StoreEvent::pageId, StoreEvent::bytes)
        .containsExactly(
            tuple(PAGE_MADE, other, (long) PAGE),
            tuple(STORE_FULL, -1, 1L),
            tuple(PAGE_EMPTIED, page, (long) PAGE),
            tuple(PAGE_REUSED, page, (long) PAGE),
            tuple(PAGE_EMPTIED, other, (long) PAGE),
            tuple(PAGE_REUSED, other, (long) PAGE),
            tuple(PAGE_GIVEN_BACK, other, (long) PAGE),
            tuple(PAGE_EMPTIED, page, (long) PAGE),
            tuple(PAGE_EXPIRED, page, (long) PAGE),
            tuple(PAGE_REUSED, page, (long) PAGE));
    assertThat(heard)
        .isSortedAccordingTo((a, b) -> Long.compare(a.timestampMillis(), b.timestampMillis()));
    assertThat(store.stats().eventsLost()).isZero();
  }

  @Test
  void aWriterThatMakesAPageItselfIsToldAsAStall() {
    store.maintain();
    store.listen(heard::add);
    StoreFixture.fillPages(store, 2);
    store.maintain();
    assertThat(heard).extracting(StoreEvent::kind).containsExactly(STALL);
    assertThat(heard.getFirst().bytes()).isEqualTo(PAGE);
    assertThat(store.stats().stalls()).isEqualTo(1);
  }

  @Test
  void eventsThatNobodyFetchesAreDroppedAndCounted() {
    store.maintain();
    StoreFixture.fillPages(store, 2);
    refuse(10);
    assertThat(store.stats().eventsLost()).as("without a listener nothing is lost").isZero();

    store.listen(heard::add);
    refuse(EventFeed.CAPACITY + 1000);
    assertThat(store.stats().eventsLost()).isEqualTo(1000);
    store.maintain();
    assertThat(heard).hasSize(EventFeed.CAPACITY);
    for (int i = 0; i < EventFeed.CAPACITY; i++) {
      assertThat(heard.get(i).bytes()).as("event %s", i).isEqualTo(i % PAGE + 1);
    }

    refuse(7);
    store.maintain();
    assertThat(heard).as("there is room again").hasSize(EventFeed.CAPACITY + 7);
    assertThat(store.stats().eventsLost()).isEqualTo(1000);
  }

  @Test
  void aClosedRegistrationHearsNothingMoreAndOthersDo() {
    store.maintain();
    Consumer<StoreEvent> twice = heard::add;
    Registration one = store.listen(twice);
    Registration same = store.listen(twice);
    StoreFixture.fillPages(store, 2);
    store.maintain();
    assertThat(heard).hasSize(2);
    one.close();
    one.close();
    refuse(1);
    store.maintain();
    assertThat(heard).hasSize(3);
    same.close();
    refuse(1);
    store.maintain();
    assertThat(heard).hasSize(3);
  }

  @Test
  void listenersAreCalledOnTheLifecyclesThreadAndNeverOnAWriters() throws Exception {
    BlockingQueue<Thread> threads = new LinkedBlockingQueue<>();
    store.listen(event -> threads.add(Thread.currentThread()));
    try (Lifecycle _ = store.startLifecycle(Duration.ofMillis(1))) {
      StoreFixture.fillPages(store, 2);
      refuse(1);
      Thread thread = threads.poll(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS);
      assertThat(thread).isNotNull().isNotEqualTo(Thread.currentThread());
      assertThat(thread.getName()).endsWith("-lifecycle");
    }
    assertThat(threads).doesNotContain(Thread.currentThread());
  }

  @Test
  void aListenerThatThrowsIsCountedAndTheOthersAreCalled() {
    store.maintain();
    AtomicInteger thrown = new AtomicInteger();
    store.listen(
        event -> {
          if (event.kind() == STORE_FULL) {
            thrown.incrementAndGet();
            throw new ArithmeticException("meant to be logged: a listener that fails");
          }
        });
    store.listen(heard::add);
    StoreFixture.fillPages(store, 2);
    refuse(2);
    store.maintain();
    store.maintain();
    assertThat(thrown).hasValue(2);
    assertThat(heard)
        .extracting(StoreEvent::kind)
        .containsExactly(STALL, STORE_FULL, STORE_FULL, LIFECYCLE_FAILED, LIFECYCLE_FAILED);
    assertThat(store.stats().lifecycleFailures()).isEqualTo(2);
  }

  /** A failure is an event itself: told to the listener that fails, it must not breed another. */
  @Test
  void aListenerThatAlwaysThrowsDoesNotKeepTheCycleBusyForEver() {
    store.maintain();
    AtomicInteger calls = new AtomicInteger();
    store.listen(
        event -> {
          // Past this number the test has failed; it ends all the same.
          if (calls.incrementAndGet() <= 20) {
            throw new ArithmeticException("meant to be logged: a listener that always fails");
          }
        });
    StoreFixture.fillPages(store, 2);
    store.maintain();
    assertThat(calls.get()).as("calls in one cycle, for one event").isLessThan(20);
  }

  @Test
  void aListenerMayUseTheStore() {
    store.maintain();
    List<BlobHandle> handles = StoreFixture.fillPages(store, 2);
    store.listen(
        event -> {
          heard.add(event);
          if (event.kind() == STORE_FULL) {
            store.acknowledge(handles.getFirst());
            store.maintain();
            handles.add(store.append(Blobs.of(7, PAGE)));
            store.listen(heard::add).close();
          }
        });
    refuse(1);
    store.maintain();
    Blobs.assertLive(store, handles.getLast(), 7);
    assertThat(heard)
        .extracting(StoreEvent::kind)
        .containsExactly(STORE_FULL, PAGE_EMPTIED, PAGE_REUSED);
  }

  @Test
  void aListenerMayCloseTheStoreOnTheLifecyclesThread() {
    store.listen(event -> store.close());
    Lifecycle lifecycle = store.startLifecycle(Duration.ofMillis(1));
    StoreFixture.fillPages(store, 2);
    Waiting.until("the thread has ended", () -> !lifecycle.isRunning());
    assertThat(store.stats().lifecycleFailures()).isZero();
  }
}
