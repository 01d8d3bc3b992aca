package dev.pinnedstore.os;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What Linux says about this process. */
public final class Proc {
  private Proc() {}

  public static boolean isThere() {
    return Files.isReadable(Path.of("/proc/self/smaps"));
  }

  public static long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  public static long addressSpaceBytes() throws IOException {
    return lines("status").stream()
        .filter(line -> line.startsWith("VmSize:"))
        .mapToLong(Proc::kiloBytes)
        .sum();
  }

  public static long pageFileMappings() throws IOException {
    return lines("maps").stream().filter(line -> line.contains(PageFile.PREFIX)).count();
  }

  /**
   * Resident bytes of the mapping that an address belongs to, neighbours merged with it included.
   */
  public static long residentBytes(long address) throws IOException {
    return kiloBytes(attribute(address, "Rss:"));
  }

  /** Resident bytes of this process. */
  public static long residentBytes() throws IOException {
    return lines("status").stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(Proc::kiloBytes)
        .sum();
  }

  /** Resident bytes of all mappings that hold one of these addresses. */
  public static long residentBytes(Collection<Long> addresses) throws IOException {
    TreeSet<Long> sorted = new TreeSet<>(addresses);
    long resident = 0;
    boolean counts = false;
    for (String line : lines("smaps")) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        String[] range = line.split(" ", 2)[0].split("-");
        Long address = sorted.ceiling(parse(range[0]));
        counts = address != null && address < parse(range[1]);
      } else if (counts && line.startsWith("Rss:")) {
        resident += kiloBytes(line);
      }
    }
    return resident;
  }

  /** How many mappings share a byte with a range. */
  public static long mappingsOf(long address, long bytes) throws IOException {
    return lines("maps").stream()
        .map(line -> line.split(" ", 2)[0].split("-"))
        .filter(range -> Long.compareUnsigned(parse(range[0]), address + bytes) < 0)
        .filter(range -> Long.compareUnsigned(parse(range[1]), address) > 0)
        .count();
  }

  public static String flags(long address) throws IOException {
    return attribute(address, "VmFlags:");
  }

  private static String attribute(long address, String name) throws IOException {
    boolean inside = false;
    for (String line : lines("smaps")) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        String[] range = line.split(" ", 2)[0].split("-");
        inside =
            Long.compareUnsigned(address, parse(range[0])) >= 0
                && Long.compareUnsigned(address, parse(range[1])) < 0;
      } else if (inside && line.startsWith(name)) {
        return line;
      }
    }
    throw new AssertionError("no mapping has the address " + Long.toHexString(address));
  }

  private static long parse(String address) {
    return Long.parseUnsignedLong(address, 16);
  }

  private static long kiloBytes(String line) {
    return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
  }

  private static List<String> lines(String name) throws IOException {
    return Files.readAllLines(Path.of("/proc/self", name));
  }

  /** Where a class was loaded from; the code source is not it when tests patch the module. */
  public static Path classPathOf(Class<?> type) throws Exception {
    URI file = type.getResource(type.getSimpleName() + ".class").toURI();
    Path root = Path.of(file);
    for (int i = type.getName().split("\\.").length; i > 0; i--) {
      root = root.getParent();
    }
    return root;
  }
}
