package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.Test;

/** Many threads, random sizes: no place is handed out twice and every entry is accounted for. */
class SegmentedBackendThreadsTest {
  private static final long SEED = Long.getLong("pinnedstore.seed", 20_260_101);
  private static final int MAX_PAGES = 24;
  private static final int WRITERS = 4;
  private static final int APPENDS = 10_000;

  @Test
  void concurrentReservationsNeverOverlap() {
    System.out.println("SegmentedBackendThreadsTest seed=" + SEED);
    try (Rig rig = Rig.forThreads(4 * MAX_PAGES)) {
      ConcurrentLinkedQueue<Blob> places = new ConcurrentLinkedQueue<>();
      SplittableRandom[] random = randoms();
      Race.run(
          WRITERS,
          6_000,
          (thread, round) -> {
            int size = size(random[thread], 300);
            long place = rig.backend.reserve(size, rig.clock.millis());
            if (place >= 0) {
              int page = Codes.pageId(place);
              int generation = rig.backend.generation(page);
              places.add(new Blob(page, Codes.offset(place), size, generation, 0, new byte[0]));
            }
          });
      assertNoOverlap(places);
      assertThat(rig.backend.stats().liveBlobs()).isEqualTo(places.size());
      assertThat(rig.backend.stats().appendedBlobs()).isEqualTo(places.size());
      places.forEach(
          blob -> rig.backend.cancel(Codes.place(blob.pageId(), blob.offset()), blob.size()));
      assertAllIsBack(rig);
    }
  }

  /** Writers, which acknowledge later, and readers of handles of any age beside a lifecycle. */
  @Test
  void everyHandleLeadsToItsOwnBytesOrToNothing() {
    try (Rig rig = Rig.forThreads(MAX_PAGES)) {
      rig.backend.setPolled(true);
      SplittableRandom[] random = randoms();
      AtomicReferenceArray<Blob> known = new AtomicReferenceArray<>(64);
      List<Deque<Blob>> own = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        own.add(new ArrayDeque<>());
      }
      AtomicLong appended = new AtomicLong();
      AtomicInteger writing = new AtomicInteger(WRITERS);
      Race.run(
          WRITERS + 2,
          1,
          (thread, once) -> {
            if (thread < WRITERS) {
              try {
                for (int i = 0; i < APPENDS; i++) {
                  write(rig, random[thread], own.get(thread), known, appended);
                }
              } finally {
                writing.decrementAndGet();
              }
            }
            for (int round = 0; thread >= WRITERS && writing.get() > 0; round++) {
              Blob blob = known.get(random[thread].nextInt(known.length()));
              if (thread > WRITERS) {
                cycle(rig, round);
              } else if (blob != null) {
                read(rig, blob, round % 2 == 0);
              }
            }
          });
      assertThat(rig.backend.stats().appendedBlobs()).isEqualTo(appended.get());
      assertThat(rig.backend.stats().liveBlobs())
          .isEqualTo(own.stream().mapToInt(Deque::size).sum());
      for (Deque<Blob> blobs : own) {
        for (Blob blob : blobs) {
          assertThat(rig.resolve(blob)).isEqualTo(blob.bytes());
          assertThat(rig.acknowledge(blob)).isEqualTo(Codes.LIVE);
        }
      }
      assertAllIsBack(rig);
    }
  }

  private static void write(
      Rig rig,
      SplittableRandom random,
      Deque<Blob> own,
      AtomicReferenceArray<Blob> known,
      AtomicLong appended) {
    int size = size(random, random.nextInt(20) == 0 ? 3 * Rig.PAGE : 1_000);
    byte[] bytes = Blob.bytes(random.nextLong(), size);
    long millis = rig.clock.millis();
    long place = rig.backend.reserve(size, millis);
    if (place >= 0) {
      rig.backend.publish(place, bytes, 0, size, millis);
    }
    if (place >= 0) {
      appended.incrementAndGet();
      int page = Codes.pageId(place);
      int generation = rig.backend.generation(page);
      Blob blob = new Blob(page, Codes.offset(place), size, generation, millis, bytes);
      own.add(blob);
      known.set(random.nextInt(known.length()), blob);
    }
    while (own.size() > 8 || place < 0 && !own.isEmpty()) {
      assertThat(rig.acknowledge(own.remove())).isEqualTo(Codes.LIVE);
    }
  }

  /** Reads a blob that somebody may acknowledge meanwhile. */
  private static void read(Rig rig, Blob blob, boolean view) {
    byte[] bytes;
    try {
      if (view) {
        MemorySegment segment = rig.view(blob);
        bytes = segment == null ? null : segment.toArray(ValueLayout.JAVA_BYTE);
      } else {
        bytes = rig.resolve(blob);
      }
    } catch (IllegalStateException e) {
      // Its memory went while it was read.
      bytes = null;
    }
    if (bytes != null) {
      assertThat(bytes).as("%s", blob).isEqualTo(blob.bytes());
    }
  }

  private static void cycle(Rig rig, int round) {
    switch (round % 8) {
      case 0 -> rig.backend.makeReady();
      case 1 -> rig.backend.sealIdle(rig.nanos.now());
      case 2 -> rig.backend.giveBack(rig.nanos.now(), 1);
      default -> rig.backend.recycle(round % 16 == 3);
    }
  }

  private static void assertAllIsBack(Rig rig) {
    rig.settle();
    BackendStats stats = rig.backend.stats();
    assertThat(stats.liveBlobs()).isZero();
    assertThat(stats.waitingBytes()).isZero();
    assertThat(stats.readyPages()).as("of %s", stats).isEqualTo(stats.livePages());
    assertThat(stats.committedBytes())
        .isEqualTo(rig.source.open().stream().mapToLong(FakeMapping::dataBytes).sum());
    assertThat(stats.livePages()).isEqualTo(rig.source.open().size());
  }

  private static void assertNoOverlap(Iterable<Blob> places) {
    List<Blob> sorted = new ArrayList<>();
    places.forEach(sorted::add);
    sorted.sort(
        Comparator.comparingInt(Blob::pageId)
            .thenComparingInt(Blob::generation)
            .thenComparingInt(Blob::offset));
    for (int i = 1; i < sorted.size(); i++) {
      Blob before = sorted.get(i - 1);
      Blob after = sorted.get(i);
      if (before.pageId() == after.pageId() && before.generation() == after.generation()) {
        assertThat(after.offset())
            .as("%s after %s", after, before)
            .isGreaterThanOrEqualTo(before.offset() + before.size());
      }
    }
  }

  private static SplittableRandom[] randoms() {
    SplittableRandom[] randoms = new SplittableRandom[WRITERS + 2];
    for (int i = 0; i < randoms.length; i++) {
      randoms[i] = new SplittableRandom(SEED + i);
    }
    return randoms;
  }

  private static int size(SplittableRandom random, int most) {
    return 1 + random.nextInt(most);
  }
}
