package dev.pinnedstore.benchmarks;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.pinnedstore.pool.BufferPool;
import dev.pinnedstore.pool.BufferPoolBuilder;
import dev.pinnedstore.pool.PageGuard;
import dev.pinnedstore.pool.PageStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;

/**
 * What a buffer pool moves from and to a file, beside fio on the same file system: random misses, a
 * cold scan with and without read-ahead, and write-back of random pages with and without
 * double-write. One after another in several rounds of one run, of which the pool has one more
 * before, while the JVM compiles. Prints the median of the rounds in pages of 4 KiB per second, and
 * its ratio to the first row.
 *
 * <p>Arguments: the file, its size in MiB, seconds of a measurement, rounds, and which of {@code
 * misses32}, {@code misses128}, {@code frames}, {@code scan} and {@code write}, all unless named. A
 * file that is not there is made; another one, for the writes of fio, is made beside it.
 */
public final class PoolRates {
  private static final int PAGE = 4096;
  private static final int LARGE = 1 << 20;
  private static final int FRAMES = 8192;

  private final Path path;
  private final long pages;
  private final int seconds;
  private final int rounds;

  private PoolRates(Path path, long pages, int seconds, int rounds) {
    this.path = path;
    this.pages = pages;
    this.seconds = seconds;
    this.rounds = rounds;
  }

  /** One contender; measures once, in pages per second. */
  @FunctionalInterface
  private interface Contender {
    double pagesPerSecond() throws Exception;
  }

  /**
   * Runs it.
   *
   * @param args as above
   * @throws Exception if a file cannot be made, read or written
   */
  public static void main(String... args) throws Exception {
    long bytes = (args.length > 1 ? Long.parseLong(args[1]) : 4096) << 20;
    PoolRates rates =
        new PoolRates(
            Path.of(args[0]),
            bytes / PAGE,
            args.length > 2 ? Integer.parseInt(args[2]) : 5,
            args.length > 3 ? Integer.parseInt(args[3]) : 3);
    rates.run(args.length > 4 ? List.of(args).subList(4, args.length) : List.of());
  }

  private void run(List<String> which) throws Exception {
    make();
    if (!Fio.isThere()) {
      System.out.println("fio is not installed: no baseline (apt install fio)");
    }
    for (int depth : new int[] {32, 128}) {
      if (isWanted(which, "misses" + depth)) {
        measure("random misses, " + depth + " in flight", misses(depth));
      }
    }
    if (isWanted(which, "frames")) {
      measure("misses of two threads without a disk", frames());
    }
    if (isWanted(which, "scan")) {
      measure("cold sequential scan", scans());
    }
    if (isWanted(which, "write")) {
      measure("write-back of random pages", writes());
    }
  }

  private static boolean isWanted(List<String> which, String name) {
    return which.isEmpty() || which.contains(name);
  }

  private BufferPoolBuilder pool(int frames) {
    return BufferPool.builder().file(path).frames(frames).doubleWrite(false);
  }

  private Map<String, Contender> misses(int depth) {
    Map<String, Contender> all = new LinkedHashMap<>();
    if (Fio.isThere()) {
      all.put("fio io_uring", () -> fio(path, "randread", PAGE, "io_uring", 1, depth));
      all.put("fio psync", () -> fio(path, "randread", PAGE, "psync", depth, 1));
    }
    all.put("pool, virtual threads", () -> misses(depth, Thread.ofVirtual()));
    all.put("pool, platform threads", () -> misses(depth, Thread.ofPlatform()));
    all.put("pool, one thread, prefetch", () -> prefetched(depth));
    return all;
  }

  /** One thread that tells which page it will want so many pages later. */
  private double prefetched(int depth) throws Exception {
    try (BufferPool pool = pool(FRAMES).build()) {
      SplittableRandom random = new SplittableRandom(System.nanoTime());
      long[] ahead = new long[depth];
      for (int i = 0; i < depth; i++) {
        ahead[i] = random.nextLong(pages);
        var _ = pool.prefetch(ahead[i]);
      }
      long start = System.nanoTime();
      long end = start + seconds * 1_000_000_000L;
      long sum = 0;
      for (int i = 0; System.nanoTime() - end < 0; i = i + 1 == depth ? 0 : i + 1) {
        try (PageGuard page = pool.pin(ahead[i])) {
          sum += page.segment().get(JAVA_LONG, 0);
        }
        ahead[i] = random.nextLong(pages);
        var _ = pool.prefetch(ahead[i]);
      }
      double rate = pool.stats().pageReads() * 1e9 / (System.nanoTime() - start);
      return sum == -1 ? 0 : rate;
    }
  }

  /** Misses that read nothing, so that only what the pool does counts. */
  private Map<String, Contender> frames() {
    Map<String, Contender> all = new LinkedHashMap<>();
    for (boolean perCore : new boolean[] {true, false}) {
      all.put(
          perCore ? "free frames by thread" : "free frames for all",
          () ->
              misses(
                  2,
                  Thread.ofPlatform(),
                  BufferPool.builder()
                      .storage(PageStorage.memory())
                      .frames(FRAMES)
                      .perCorePools(perCore)));
    }
    return all;
  }

  private double misses(int depth, Thread.Builder kind) throws Exception {
    return misses(depth, kind, pool(FRAMES));
  }

  private double misses(int depth, Thread.Builder kind, BufferPoolBuilder builder)
      throws Exception {
    try (BufferPool pool = builder.build()) {
      long start = System.nanoTime();
      long end = start + seconds * 1_000_000_000L;
      LongAdder sum = new LongAdder();
      CountDownLatch done = new CountDownLatch(depth);
      for (int i = 0; i < depth; i++) {
        SplittableRandom random = new SplittableRandom(start + i);
        kind.start(
            () -> {
              try {
                while (System.nanoTime() - end < 0) {
                  try (PageGuard page = pool.pin(random.nextLong(pages))) {
                    sum.add(page.segment().get(JAVA_LONG, 0));
                  }
                }
              } finally {
                done.countDown();
              }
            });
      }
      done.await();
      return pool.stats().pageReads() * 1e9 / (System.nanoTime() - start);
    }
  }

  private Map<String, Contender> scans() {
    Map<String, Contender> all = new LinkedHashMap<>();
    double pagesInLarge = (double) LARGE / PAGE;
    if (Fio.isThere()) {
      all.put("fio 1 MiB psync", () -> pagesInLarge * fio(path, "read", LARGE, "psync", 1, 1));
      all.put(
          "fio 1 MiB io_uring, 8", () -> pagesInLarge * fio(path, "read", LARGE, "io_uring", 1, 8));
    }
    all.put("pool, read-ahead", () -> scan(1024));
    all.put("pool, none", () -> scan(0));
    return all;
  }

  private double scan(int readAhead) {
    long nanos = 0;
    long read = 0;
    long sum = 0;
    // Again and again with a new pool: a small file is soon read.
    while (nanos < seconds * 1_000_000_000L) {
      try (BufferPool pool = pool(FRAMES).readAhead(readAhead).build()) {
        long start = System.nanoTime();
        long end = start + seconds * 1_000_000_000L - nanos;
        for (long page = 0; page < pages && System.nanoTime() - end < 0; page++, read++) {
          sum += pool.readOptimisticLong(page, data -> data.get(JAVA_LONG, 0));
        }
        nanos += System.nanoTime() - start;
      }
    }
    return sum == -1 ? 0 : read * 1e9 / nanos;
  }

  private Map<String, Contender> writes() {
    Map<String, Contender> all = new LinkedHashMap<>();
    Path other = path.resolveSibling(path.getFileName() + ".fio");
    if (Fio.isThere()) {
      all.put("fio io_uring, 32", () -> fio(other, "randwrite", PAGE, "io_uring", 1, 32));
    }
    all.put("pool", () -> writeBack(false));
    all.put("pool, double-write", () -> writeBack(true));
    return all;
  }

  /** Makes random pages dirty, all resident, and counts only the time of writing them. */
  private double writeBack(boolean doubleWrite) {
    int dirty = FRAMES / 2;
    SplittableRandom random = new SplittableRandom(pages);
    try (BufferPool pool =
        pool(FRAMES).doubleWrite(doubleWrite).maxFlushBatch(1024).backgroundFlush(false).build()) {
      long nanos = 0;
      while (nanos < seconds * 1_000_000_000L / 2) {
        for (int i = 0; i < dirty; i++) {
          try (PageGuard page = pool.pinExclusive(random.nextLong(pages))) {
            page.markDirty(1);
          }
        }
        long start = System.nanoTime();
        pool.flushAll();
        nanos += System.nanoTime() - start;
      }
      return pool.stats().pageWrites() * 1e9 / nanos;
    }
  }

  private double fio(Path file, String what, int block, String engine, int jobs, int depth)
      throws Exception {
    return Fio.operationsPerSecond(file, pages * PAGE, what, block, engine, jobs, depth, seconds);
  }

  private void measure(String title, Map<String, Contender> contenders) throws Exception {
    Map<String, List<Double>> results = new LinkedHashMap<>();
    for (Map.Entry<String, Contender> each : contenders.entrySet()) {
      if (!each.getKey().startsWith("fio")) {
        // Not counted: compiles.
        var _ = each.getValue().pagesPerSecond();
      }
    }
    for (int round = 0; round < rounds; round++) {
      for (Map.Entry<String, Contender> each : contenders.entrySet()) {
        results
            .computeIfAbsent(each.getKey(), name -> new ArrayList<>())
            .add(each.getValue().pagesPerSecond());
      }
    }
    System.out.printf(Locale.ROOT, "%n| %s | pages/s | ratio |%n|---|---|---|%n", title);
    double first = median(results.values().iterator().next());
    results.forEach(
        (name, values) ->
            System.out.printf(
                Locale.ROOT,
                "| %s | %,.0f | %.2f |%n",
                name,
                median(values),
                median(values) / first));
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  /** Fills the file with pages of a pool, unless it is there in its size. */
  private void make() throws IOException {
    if (Files.exists(path) && Files.size(path) == pages * PAGE) {
      return;
    }
    Files.deleteIfExists(path);
    try (BufferPool pool = pool(FRAMES).maxFlushBatch(256).build()) {
      for (long i = 0; i < pages; i++) {
        try (PageGuard page = pool.newPage()) {
          page.segment().set(JAVA_LONG, 0, i);
          page.markDirty(1);
        }
      }
    }
  }
}
