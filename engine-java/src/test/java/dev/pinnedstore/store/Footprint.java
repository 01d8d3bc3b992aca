package dev.pinnedstore.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * What this process has of the operating system, as Linux lists it.
 *
 * @param pageFiles mappings of the files that pages are made of without native access
 * @param openFiles open files of any kind
 */
record Footprint(long pageFiles, long openFiles) {
  private static final Path MAPS = Path.of("/proc/self/maps");
  private static final Path SMAPS = Path.of("/proc/self/smaps");

  static boolean isKnown() {
    return Files.isReadable(MAPS);
  }

  static Footprint now() {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      long pageFiles = maps().stream().filter(line -> line.contains("pinnedstore-page-")).count();
      return new Footprint(pageFiles, files.count());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until all is as it was; a store that a thread was still using goes a little later. */
  void awaitAgain() {
    Waiting.until("it is " + this + " again", () -> now().equals(this), Footprint::now);
  }

  /** How many of these addresses are mapped. */
  static long mapped(Collection<Long> addresses) {
    List<long[]> ranges = maps().stream().map(Footprint::range).toList();
    return addresses.stream()
        .filter(address -> ranges.stream().anyMatch(r -> r[0] <= address && address < r[1]))
        .count();
  }

  /** Bytes of memory behind the mappings of the store's pages that hold these addresses. */
  static long residentBytes(Collection<Long> addresses) {
    long resident = 0;
    boolean counts = false;
    for (String line : lines(SMAPS)) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        long[] range = range(line);
        counts = addresses.stream().anyMatch(a -> range[0] <= a && a < range[1]);
      } else if (counts && line.startsWith("Rss:")) {
        resident += 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return resident;
  }

  private static long[] range(String line) {
    String[] ends = line.split(" ", 2)[0].split("-");
    return new long[] {Long.parseUnsignedLong(ends[0], 16), Long.parseUnsignedLong(ends[1], 16)};
  }

  private static List<String> maps() {
    return lines(MAPS);
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
