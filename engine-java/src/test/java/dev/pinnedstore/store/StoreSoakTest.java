package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Writers and readers at full speed beside a lifecycle; every byte is looked at. */
class StoreSoakTest {
  private static final int PAGE = 64 << 10;
  private static final long PAGES = 48;
  private static final int WRITERS = 2;
  private static final int READERS = 2;

  /** A handle and the number that its bytes follow from; no handle ends a reader. */
  private record Sent(BlobHandle handle, long number) {}

  private final AtomicLong blobs = new AtomicLong();
  private final AtomicLong refusals = new AtomicLong();
  private final AtomicInteger writing = new AtomicInteger(WRITERS);
  private final BlockingQueue<Sent> sent = new ArrayBlockingQueue<>(200);

  @ParameterizedTest
  @MethodSource("dev.pinnedstore.store.StoreKind#allowed")
  void aShortWhile(StoreKind kind) {
    soak(kind, Duration.ofMillis(1500), 1);
  }

  @ParameterizedTest
  @EnumSource(names = {"SEGMENTED", "VIRTUAL"})
  @Tag("slow")
  void aLongWhile(StoreKind kind) {
    long seconds = Long.getLong("pinnedstore.campaign.seconds", 60);
    long seed = System.nanoTime();
    soak(kind, Duration.ofSeconds(seconds), seed);
    System.out.printf(
        "StoreSoakTest %s seconds=%d seed=%d blobs=%d refusals=%d%n",
        kind, seconds, seed, blobs.get(), refusals.get());
  }

  private void soak(StoreKind kind, Duration duration, long seed) {
    StoreConfig config =
        kind.config()
            .pageSize(PAGE)
            .maxBytes(PAGES * PAGE)
            .decayTimeout(Duration.ofMillis(100))
            .build();
    kind.open(config).close();
    Footprint before = Footprint.isKnown() ? Footprint.now() : null;
    try (PinnedStore store = kind.open(config)) {
      try (Lifecycle lifecycle = store.startLifecycle(Duration.ofMillis(5))) {
        long end = System.nanoTime() + duration.toNanos();
        Crew.run(
            WRITERS + READERS,
            duration.plus(Waiting.LONGEST),
            t -> {
              SplittableRandom random = new SplittableRandom(seed + t);
              if (t < WRITERS) {
                write(store, random, t, end);
              } else {
                read(store, random);
              }
            });
        assertThat(store.stats().liveBlobs()).isZero();
        Waiting.until("one page is left", () -> store.stats().livePages() == 1);
        assertThat(lifecycle.isRunning()).isTrue();
      }
      StoreStats stats = store.stats();
      assertThat(stats.lifecycleFailures()).isZero();
      assertThat(stats.waitingBytes()).isZero();
      assertThat(stats.peakCommittedBytes()).isLessThanOrEqualTo(PAGES * PAGE);
      assertThat(stats.pagesReused()).isPositive();
      assertThat(blobs.get()).isPositive();
    } catch (AssertionError e) {
      throw new AssertionError("seed=" + seed + ": " + e.getMessage(), e);
    }
    if (before != null) {
      before.awaitAgain();
    }
  }

  private void write(PinnedStore store, SplittableRandom random, long writer, long end)
      throws Exception {
    try {
      for (long i = 0; System.nanoTime() - end < 0; i++) {
        long number = (writer << 48) | i;
        byte[] blob = Blobs.of(number, size(random));
        BlobHandle handle = null;
        while (handle == null) {
          try {
            handle = append(store, random, blob);
          } catch (StoreFullException e) {
            refusals.incrementAndGet();
            store.roomFor(blob.length).get(Waiting.LONGEST.toSeconds(), TimeUnit.SECONDS);
          }
        }
        blobs.incrementAndGet();
        sent.put(new Sent(handle, number));
      }
    } finally {
      if (writing.decrementAndGet() == 0) {
        for (int i = 0; i < READERS; i++) {
          sent.put(new Sent(null, 0));
        }
      }
    }
  }

  private static long size(SplittableRandom random) {
    return switch (random.nextInt(20)) {
      case 0 -> 1 + random.nextInt(3 * PAGE);
      case 1, 2 -> 1 + random.nextInt(PAGE);
      default -> 1 + random.nextInt(2000);
    };
  }

  private static BlobHandle append(PinnedStore store, SplittableRandom random, byte[] blob) {
    MemorySegment source = MemorySegment.ofArray(blob);
    switch (random.nextInt(20)) {
      case 0 -> {
        try (Reservation _ = store.reserve(blob.length)) {
          // Given up.
        }
      }
      case 1 -> {
        try {
          store.append(
              blob.length,
              segment -> {
                segment.copyFrom(source);
                throw new ArithmeticException();
              });
        } catch (ArithmeticException e) {
          assertThat(e).hasNoCause();
        }
      }
      case 2 -> {
        try (Reservation reservation = store.reserve(blob.length)) {
          reservation.segment().copyFrom(source);
          return reservation.publish();
        }
      }
      case 3 -> {
        return store.append(blob.length, segment -> segment.copyFrom(source));
      }
      default -> {
        return store.append(source);
      }
    }
    return store.append(blob);
  }

  /** Checks what comes, keeps some, and acknowledges in any order. */
  private void read(PinnedStore store, SplittableRandom random) throws Exception {
    List<Sent> kept = new ArrayList<>();
    boolean open = true;
    while (open || !kept.isEmpty()) {
      Sent next = open ? sent.poll(1, TimeUnit.MILLISECONDS) : null;
      open &= next == null || next.handle != null;
      if (open && next != null) {
        kept.add(next);
        check(store, next, random.nextBoolean());
      }
      // When nothing comes, writers may wait for the pages of what is kept.
      if (kept.size() > 40 || next == null && !kept.isEmpty()) {
        release(store, kept, random);
      }
    }
  }

  private static void release(PinnedStore store, List<Sent> kept, SplittableRandom random) {
    Sent oldest = kept.remove(random.nextInt(kept.size()));
    check(store, oldest, random.nextBoolean());
    assertThat(store.acknowledge(oldest.handle)).isTrue();
    assertThat(store.acknowledge(oldest.handle)).isFalse();
  }

  private static void check(PinnedStore store, Sent blob, boolean inPlace) {
    if (inPlace) {
      assertThat(Blobs.isBlob(store.view(blob.handle), blob.number)).as("%s", blob).isTrue();
    } else {
      byte[] copy = store.resolve(blob.handle);
      assertThat(copy).as("%s", blob).isNotNull();
      assertThat(Blobs.isBlob(MemorySegment.ofArray(copy), blob.number)).as("%s", blob).isTrue();
    }
  }
}
