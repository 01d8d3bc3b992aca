package dev.pinnedstore.benchmarks;

import dev.pinnedstore.buffer.AlignedBuffer;
import dev.pinnedstore.buffer.DirectFile;
import dev.pinnedstore.buffer.FileCapabilities;
import dev.pinnedstore.buffer.FileOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * Reads per second of a file, past the page cache: fio, a FileChannel, and DirectFile in its ways,
 * one after another in several rounds of one run, so that all see the same machine. Prints the
 * median of the rounds, and its ratio to fio.
 *
 * <p>Arguments: the file, its size in MiB, seconds of a measurement, rounds. A file that is not
 * there is made.
 */
public final class ReadRates {
  static final int PAGE = 4096;
  static final int LARGE = 1 << 20;
  private static final int[] DEPTHS = {1, 8, 32, 128};

  private final Path path;
  private final long bytes;
  private final int seconds;
  private final int rounds;
  private final boolean fio = Fio.isThere();

  private ReadRates(Path path, long bytes, int seconds, int rounds) {
    this.path = path;
    this.bytes = bytes;
    this.seconds = seconds;
    this.rounds = rounds;
  }

  /** One contender; measures once. */
  @FunctionalInterface
  private interface Contender {
    double readsPerSecond() throws Exception;
  }

  /**
   * Runs it.
   *
   * @param args as above
   * @throws Exception if the file cannot be made or read
   */
  public static void main(String... args) throws Exception {
    ReadRates rates =
        new ReadRates(
            Path.of(args[0]),
            (args.length > 1 ? Long.parseLong(args[1]) : 4096) << 20,
            args.length > 2 ? Integer.parseInt(args[2]) : 5,
            args.length > 3 ? Integer.parseInt(args[3]) : 3);
    rates.run();
  }

  private void run() throws Exception {
    make();
    try (DirectFile file = DirectFile.open(path)) {
      FileCapabilities found = file.capabilities();
      System.out.println(found);
    }
    if (!fio) {
      System.out.println("fio is not installed: no baseline, and no ratios (apt install fio)");
    }
    for (int depth : DEPTHS) {
      measure("random 4 KiB reads, depth " + depth, random(depth));
    }
    measure("sequential 1 MiB reads", sequential());
  }

  private Map<String, Contender> random(int depth) {
    Map<String, Contender> all = new LinkedHashMap<>();
    if (fio) {
      all.put("fio psync", () -> fio("randread", PAGE, "psync", depth, 1));
      all.put("fio io_uring", () -> fio("randread", PAGE, "io_uring", 1, depth));
    }
    all.put(
        "FileChannel, platform threads", () -> Readers.channel(path, bytes, depth, seconds, PAGE));
    all.put(
        "DirectFile, platform threads",
        () -> Readers.blocking(path, bytes, depth, seconds, Thread.ofPlatform()));
    all.put(
        "DirectFile, virtual threads",
        () -> Readers.blocking(path, bytes, depth, seconds, Thread.ofVirtual()));
    all.put(
        "readAsync, virtual threads",
        () -> Readers.async(path, bytes, depth, seconds, FileOption.VIRTUAL_THREADS));
    all.put("readAsync, best engine", () -> Readers.async(path, bytes, depth, seconds));
    all.put(
        "readAsync, best engine, one thread", () -> Readers.oneThread(path, bytes, depth, seconds));
    return all;
  }

  private Map<String, Contender> sequential() {
    Map<String, Contender> all = new LinkedHashMap<>();
    if (fio) {
      all.put("fio psync", () -> fio("read", LARGE, "psync", 1, 1));
    }
    all.put("FileChannel", () -> Readers.channel(path, bytes, 1, seconds, LARGE));
    all.put("DirectFile", () -> Readers.sequential(path, bytes, seconds));
    return all;
  }

  private double fio(String what, int block, String engine, int jobs, int depth) throws Exception {
    return Fio.readsPerSecond(path, bytes, what, block, engine, jobs, depth, seconds);
  }

  private void measure(String title, Map<String, Contender> contenders) throws Exception {
    Map<String, List<Double>> results = new LinkedHashMap<>();
    for (int round = 0; round < rounds; round++) {
      for (Map.Entry<String, Contender> each : contenders.entrySet()) {
        results
            .computeIfAbsent(each.getKey(), name -> new ArrayList<>())
            .add(each.getValue().readsPerSecond());
      }
    }
    System.out.printf(Locale.ROOT, "%n| %s | reads/s | / fio psync | / fio io_uring |%n", title);
    System.out.println("|---|---|---|---|");
    double psync = fio ? median(results.get("fio psync")) : Double.NaN;
    double ring =
        results.containsKey("fio io_uring") ? median(results.get("fio io_uring")) : Double.NaN;
    results.forEach(
        (name, values) -> {
          double rate = median(values);
          System.out.printf(
              Locale.ROOT,
              "| %s | %,.0f | %s | %s |%n",
              name,
              rate,
              ratio(rate, psync),
              ratio(rate, ring));
        });
  }

  private static String ratio(double rate, double baseline) {
    return Double.isNaN(baseline) ? "" : String.format(Locale.ROOT, "%.2f", rate / baseline);
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  /** Fills the file with noise, unless it is there in its size. */
  private void make() throws IOException {
    if (Files.exists(path) && Files.size(path) == bytes) {
      return;
    }
    byte[] noise = new byte[LARGE];
    try (DirectFile file =
            DirectFile.open(
                path,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        AlignedBuffer buffer = AlignedBuffer.withCapacity(LARGE)) {
      Random random = new Random(1);
      for (long at = 0; at < bytes; at += LARGE) {
        random.nextBytes(noise);
        buffer.clear();
        buffer.extend(noise);
        file.write(buffer.slice(), at);
      }
      file.sync();
    }
  }
}
