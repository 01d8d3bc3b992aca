package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Random commits and decommits against a model of what each page holds. */
@Tag("contract")
class ReservationModelTest {
  private static final int PAGES = 64;
  private static final long HUGE = 2L << 20;

  @BeforeAll
  static void needsNativeAccess() {
    assumeTrue(
        NativeTier.current() == NativeTier.GRANTED, "native access is not granted to this JVM");
  }

  @ParameterizedTest
  @CsvSource({
    "65536, 1000, 11",
    "65536, 1000, 12",
    "1048576, 150, 13",
    "2097152, 300, 14",
    "3145728, 50, 15"
  })
  void eachPageHoldsWhatWasWrittenSinceItsLastCommit(long pageBytes, int steps, long seed)
      throws Exception {
    Reservation reservation = reserve(pageBytes);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment view = reservation.view(0, PAGES * pageBytes, arena);
      Pages pages = new Pages(reservation, view, pageBytes, 0, PAGES, new Random(seed));
      for (int step = 0; step < steps; step++) {
        pages.step("seed " + seed + ", step " + step);
      }
    }
    assertThat(reservation.close()).isTrue();
  }

  @Test
  void threadsNeverSeeEachOthersRanges() throws Exception {
    long pageBytes = 128 << 10;
    Reservation reservation = reserve(pageBytes);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment view = reservation.view(0, PAGES * pageBytes, arena);
      List<FutureTask<Void>> tasks = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        long seed = 21 + thread;
        int first = thread * PAGES / 4;
        tasks.add(
            new FutureTask<>(
                () -> {
                  Random random = new Random(seed);
                  Pages pages = new Pages(reservation, view, pageBytes, first, PAGES / 4, random);
                  for (int step = 0; step < 1000; step++) {
                    pages.step("seed " + seed + ", step " + step);
                  }
                  return null;
                }));
      }
      tasks.forEach(task -> Thread.ofPlatform().start(task));
      for (FutureTask<Void> task : tasks) {
        task.get();
      }
    }
    assertThat(reservation.close()).isTrue();
  }

  private static Reservation reserve(long pageBytes) throws MappingFailedException {
    long bytes = (PAGES * pageBytes + HUGE - 1) / HUGE * HUGE;
    return MemorySource.forTier(NativeTier.GRANTED).reserve(bytes);
  }

  /** The pages of one thread, each with a word at its start, at its end and in between. */
  private static final class Pages {
    private final Reservation reservation;
    private final MemorySegment view;
    private final long pageBytes;
    private final int first;
    private final Random random;

    /** What the words of a page hold. */
    private final long[] stamps;

    /** How many pages from the first on were ever reached, and may be read. */
    private int readable;

    private long lastStamp;

    Pages(
        Reservation reservation,
        MemorySegment view,
        long pageBytes,
        int first,
        int count,
        Random random) {
      this.reservation = reservation;
      this.view = view;
      this.pageBytes = pageBytes;
      this.first = first;
      this.random = random;
      this.stamps = new long[count];
    }

    void step(String when) throws MappingFailedException {
      int from = random.nextInt(stamps.length);
      int count = 1 + random.nextInt(Math.min(4, stamps.length - from));
      long offset = (first + from) * pageBytes;
      // Memory in use now and then, so that megabytes stay megabytes.
      if (random.nextInt(3) == 0) {
        reservation.commit(offset, count * pageBytes);
        readable = Math.max(readable, from + count);
        expect(when, from, count, 0);
        write(from, count);
      } else {
        reservation.decommit(offset, count * pageBytes);
        expect(when, from, count, 0);
      }
      check(when);
    }

    private void expect(String when, int from, int count, long stamp) {
      for (int page = from; page < from + count; page++) {
        stamps[page] = stamp;
      }
      check(when);
    }

    private void write(int from, int count) {
      long stamp = ++lastStamp;
      for (int page = from; page < from + count; page++) {
        stamps[page] = stamp;
        for (long at : words(page)) {
          reservation.base().set(JAVA_LONG, at, stamp);
        }
      }
    }

    private void check(String when) {
      for (int page = 0; page < readable; page++) {
        for (long at : words(page)) {
          assertThat(view.get(JAVA_LONG, at)).as("%s, page %d", when, page).isEqualTo(stamps[page]);
        }
      }
    }

    private long[] words(int page) {
      long start = (first + page) * pageBytes;
      return new long[] {start, start + pageBytes / 2, start + pageBytes - 8};
    }
  }
}
