package dev.pinnedstore.pool;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.buffer.FileOption;
import dev.pinnedstore.pool.SimulatedDisk.Fault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Random calls beside a map; the seed is part of every failure. */
@Tag("contract")
class PoolModelTest {
  private static final int FRAMES = 8;
  private static final int STEPS = 800;

  @TempDir private Path directory;

  static Stream<Arguments> kinds() {
    List<Supplier<EvictionPolicy>> policies = SeedBugsTest.policies().toList();
    List<Arguments> kinds = new ArrayList<>();
    for (int i = 0; i < policies.size(); i++) {
      String name = policies.get(i).get().name();
      for (String storage : List.of("memory", "direct", "threads", "buffered")) {
        if (i == 0 || storage.equals("memory")) {
          kinds.add(Arguments.of(name, policies.get(i), storage));
        }
      }
    }
    return kinds.stream();
  }

  private PageStorage storage(String kind) {
    Path path = directory.resolve(kind);
    try {
      return switch (kind) {
        case "memory" -> PageStorage.memory();
        case "direct" -> PageStorage.file(path);
        case "threads" -> PageStorage.file(path, FileOption.VIRTUAL_THREADS);
        default -> PageStorage.file(path, FileOption.BUFFERED);
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest(name = "{0} on {2}")
  @MethodSource("kinds")
  void aPoolBehavesAsAMap(String name, Supplier<EvictionPolicy> policy, String storage) {
    for (long seed = 1; seed <= 2; seed++) {
      // Files are opened anew, with what the last seed left.
      try (BufferPool pool =
          BufferPool.builder()
              .storage(storage(storage))
              .frames(FRAMES)
              .evictionPolicy(policy)
              .backgroundFlush(seed == 2)
              .flushInterval(Duration.ofMillis(2))
              .build()) {
        run(pool, new SplittableRandom(seed), STEPS, new HashMap<>());
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(name + ", seed=" + seed + ": " + e.getMessage(), e);
      }
    }
  }

  private static void run(
      BufferPool pool, SplittableRandom random, int steps, Map<Long, Long> model) {
    List<PageGuard> guards = new ArrayList<>();
    for (int step = 1; step <= steps; step++) {
      List<Long> ids = List.copyOf(model.keySet());
      long id = ids.isEmpty() ? -1 : ids.get(random.nextInt(ids.size()));
      int what = ids.size() < 3 ? 0 : random.nextInt(12);
      boolean held = guards.stream().anyMatch(guard -> guard.pageId() == id);
      switch (what) {
        case 0 -> {
          try (PageGuard page = pool.newPage()) {
            assertThat(model).doesNotContainKey(page.pageId());
            assertThat(page.segment().get(JAVA_LONG, 0)).as("new").isZero();
            set(page, step, model);
          }
        }
        case 1, 2, 3 -> {
          if (!held) {
            try (PageGuard page = pool.pinExclusive(id)) {
              check(page.segment(), model.get(id));
              set(page, step, model);
            }
          }
        }
        case 4 -> pool.flush(id);
        case 5 -> pool.flushAll();
        case 6 -> assertThat(pool.prefetchRange(id, 3).join()).isNotNegative();
        case 7 -> {
          if (guards.size() < FRAMES - 3) {
            guards.add(pool.pin(id));
          } else {
            guards.removeFirst().close();
          }
        }
        case 8 -> {
          long seen = pool.readOptimisticLong(id, page -> page.get(JAVA_LONG, 2048));
          assertThat(seen).isEqualTo(model.get(id));
        }
        default -> {
          try (PageGuard page = pool.pin(id)) {
            check(page.segment(), model.get(id));
          }
        }
      }
      for (PageGuard guard : guards) {
        check(guard.segment(), model.get(guard.pageId()));
      }
    }
    guards.forEach(PageGuard::close);
    model.forEach(
        (id, value) -> {
          try (PageGuard page = pool.pin(id)) {
            check(page.segment(), value);
          }
        });
    assertThat(pool.stats().pinnedFrames()).isZero();
    assertThat(pool.stats().freeFrames()).isLessThanOrEqualTo(FRAMES);
  }

  private static void set(PageGuard page, long value, Map<Long, Long> model) {
    page.segment().set(JAVA_LONG, 0, value);
    page.segment().set(JAVA_LONG, 2048, value);
    page.markDirty(value);
    model.put(page.pageId(), value);
  }

  private static void check(MemorySegment page, long value) {
    assertThat(page.get(JAVA_LONG, 0)).isEqualTo(value);
    assertThat(page.get(JAVA_LONG, 2048)).isEqualTo(value);
  }

  @Test
  void aDiskThatFailsNowAndThenLosesNothing() {
    for (long seed = 1; seed <= 5; seed++) {
      failNowAndThen(seed, 2000);
    }
  }

  @Test
  @Tag("slow")
  void aLongRunOnADiskThatFailsLosesNothing() {
    long end =
        System.nanoTime() + 1_000_000_000L * Long.getLong("pinnedstore.campaign.seconds", 30);
    long first = System.nanoTime();
    long runs = 0;
    for (; System.nanoTime() - end < 0; runs++) {
      failNowAndThen(first + runs, 2000);
    }
    System.out.println("runs of a pool on a disk that fails: " + runs + " seeds from " + first);
    assertThat(runs).isPositive();
  }

  private static void failNowAndThen(long seed, int steps) {
    SimulatedDisk disk = new SimulatedDisk(seed, Fault.NONE);
    SplittableRandom random = new SplittableRandom(seed);
    Map<Long, Long> model = new HashMap<>();
    try (BufferPool pool = PoolTest.small(FRAMES).storage(disk.storage()).build()) {
      for (int step = 1; step <= steps; step++) {
        disk.failuresInThousand = random.nextInt(10) == 0 ? 0 : 100;
        long id = PageIds.of(1, random.nextInt(30));
        try {
          if (random.nextInt(3) > 0) {
            try (PageGuard page = pool.pinExclusive(id)) {
              check(page.segment(), model.getOrDefault(id, 0L));
              set(page, step, model);
            }
          } else if (random.nextInt(20) == 0) {
            pool.flushAll();
          } else {
            check(page(pool, id), model.getOrDefault(id, 0L));
          }
        } catch (PageIoException e) {
          assertThat(e).hasMessageContaining("page");
        }
      }
      disk.failuresInThousand = 0;
      assertThat(pool.stats().pinnedFrames()).isZero();
      model.forEach((id, value) -> check(page(pool, id), value));
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("seed=" + seed + ": " + e.getMessage(), e);
    }
  }

  private static MemorySegment page(BufferPool pool, long id) {
    try (PageGuard page = pool.pin(id)) {
      return Arena.ofAuto().allocate(4096).copyFrom(page.segment());
    }
  }

  @Test
  void threadsSeeWholePagesAndLoseNoChange() throws Exception {
    int pages = 40;
    int rounds = 2500;
    AtomicLongArray changes = new AtomicLongArray(pages);
    try (BufferPool pool =
        BufferPool.builder()
            .storage(storage("direct"))
            .frames(16)
            .pinTimeout(Duration.ofMinutes(1))
            .flushInterval(Duration.ofMillis(1))
            .build()) {
      Awaiting.Action[] threads = new Awaiting.Action[4];
      for (int t = 0; t < threads.length; t++) {
        SplittableRandom random = new SplittableRandom(t);
        threads[t] =
            () -> {
              for (int i = 0; i < rounds; i++) {
                work(pool, random.nextInt(pages), random.nextInt(8), changes);
              }
            };
      }
      Awaiting.all(threads);
      for (int id = 0; id < pages; id++) {
        try (PageGuard page = pool.pin(id)) {
          check(page.segment(), changes.get(id));
        }
      }
      assertThat(pool.stats().pinnedFrames()).isZero();
    }
  }

  private static void work(BufferPool pool, int id, int what, AtomicLongArray changes) {
    switch (what) {
      case 0, 1 -> {
        try (PageGuard page = pool.pinExclusive(id)) {
          MemorySegment data = page.segment();
          long value = data.get(JAVA_LONG, 0);
          assertThat(data.get(JAVA_LONG, 2048)).isEqualTo(value);
          data.set(JAVA_LONG, 0, value + 1);
          data.set(JAVA_LONG, 2048, value + 1);
          page.markDirty(value + 1);
          changes.incrementAndGet(id);
        }
      }
      case 2, 3, 4 -> {
        long difference =
            pool.readOptimisticLong(id, data -> data.get(JAVA_LONG, 0) - data.get(JAVA_LONG, 2048));
        assertThat(difference).isZero();
      }
      case 5 -> {
        if (id == 0) {
          pool.flushAll();
        }
      }
      default -> {
        try (PageGuard page = pool.pin(id)) {
          assertThat(page.segment().get(JAVA_LONG, 0))
              .isEqualTo(page.segment().get(JAVA_LONG, 2048));
        }
      }
    }
  }
}
