package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.Test;

/** Writers of blobs that cross pages, and readers of handles of any age, beside a lifecycle. */
class VirtualBackendThreadsTest {
  private static final long SEED = Long.getLong("pinnedstore.seed", 20_260_101);
  private static final int MAX_PAGES = 24;
  private static final int WRITERS = 3;
  private static final int APPENDS = 8_000;

  @Test
  void everyHandleLeadsToItsOwnBytesOrToNothing() {
    System.out.println("VirtualBackendThreadsTest seed=" + SEED);
    try (Rig rig = Rig.virtualForThreads(MAX_PAGES)) {
      rig.backend.setPolled(true);
      AtomicReferenceArray<Blob> known = new AtomicReferenceArray<>(32);
      AtomicInteger writing = new AtomicInteger(WRITERS);
      List<Deque<Blob>> own = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        own.add(new ArrayDeque<>());
      }
      Race.run(
          WRITERS + 2,
          1,
          (thread, once) -> {
            SplittableRandom random = new SplittableRandom(SEED + thread);
            if (thread < WRITERS) {
              try {
                for (int i = 0; i < APPENDS; i++) {
                  write(rig, random, own.get(thread), known);
                }
              } finally {
                writing.decrementAndGet();
              }
            }
            for (int round = 0; thread >= WRITERS && writing.get() > 0; round++) {
              Blob blob = known.get(random.nextInt(known.length()));
              if (thread > WRITERS) {
                cycle(rig, round);
              } else if (blob != null) {
                read(rig, blob, round % 2 == 0);
              }
            }
          });
      for (Deque<Blob> blobs : own) {
        for (Blob blob : blobs) {
          assertThat(rig.resolve(blob)).isEqualTo(blob.bytes());
          assertThat(rig.acknowledge(blob)).isEqualTo(Codes.LIVE);
        }
      }
      rig.assertAllIsBack();
      assertThat(rig.backend.stats().peakCommittedBytes())
          .isLessThanOrEqualTo((long) MAX_PAGES * Rig.PAGE);
    }
  }

  private static void write(
      Rig rig, SplittableRandom random, Deque<Blob> own, AtomicReferenceArray<Blob> known) {
    int size = 1 + random.nextInt(random.nextInt(8) == 0 ? 3 * Rig.PAGE : 1_500);
    byte[] bytes = Blob.bytes(random.nextLong(), size);
    long millis = rig.clock.millis();
    long place = rig.backend.reserve(size, millis);
    if (place >= 0) {
      rig.backend.publish(place, bytes, 0, size, millis);
      int page = Codes.pageId(place);
      int generation = rig.backend.generation(page);
      Blob blob = new Blob(page, Codes.offset(place), size, generation, millis, bytes);
      own.add(blob);
      known.set(random.nextInt(known.length()), blob);
    }
    while (own.size() > 6 || place < 0 && !own.isEmpty()) {
      assertThat(rig.acknowledge(own.remove())).isEqualTo(Codes.LIVE);
    }
  }

  /** Reads a blob that somebody may acknowledge meanwhile. */
  private static void read(Rig rig, Blob blob, boolean view) {
    byte[] bytes;
    try {
      MemorySegment segment = view ? rig.view(blob) : null;
      bytes = segment != null ? segment.toArray(ValueLayout.JAVA_BYTE) : rig.resolve(blob);
    } catch (IllegalStateException e) {
      // The view died while it was read.
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
}
