package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds out which limit made Linux say {@code ENOMEM}, which stands for four of them. Reads {@code
 * /proc}, after the fact and without native access: other threads may have changed the picture, so
 * the answer is the likeliest one.
 */
final class LinuxLimits {
  /** No processor that runs Java gives a process more by default. */
  private static final long MAX_ADDRESS_SPACE_BYTES = 1L << 48;

  private final Path proc;

  LinuxLimits(Path proc) {
    this.proc = proc;
  }

  static LinuxLimits ofThisProcess() {
    return new LinuxLimits(Path.of("/proc"));
  }

  MappingFailedException explain(long askedBytes, String said, @Nullable Throwable cause) {
    if (askedBytes >= MAX_ADDRESS_SPACE_BYTES) {
      return new MappingFailedException(Limit.ADDRESS_SPACE, said, -1, -1, cause);
    }
    try {
      for (Budget budget : Budget.values()) {
        Room room = room(budget);
        if (askedBytes > room.freeBytes) {
          return room.refuse(Limit.ADDRESS_SPACE, said, cause);
        }
      }
      MappingFailedException crowded = explainByCount(said, cause);
      return crowded == null ? memory(said, cause) : crowded;
    } catch (IOException e) {
      return unknown(said, e, cause);
    }
  }

  /** Explains a refusal of addresses alone, which no limit counts as data or as memory. */
  MappingFailedException explainReserve(long askedBytes, String said) {
    try {
      Room room = room(Budget.ADDRESSES);
      if (askedBytes > room.freeBytes) {
        return room.refuse(Limit.ADDRESS_SPACE, said, null);
      }
      MappingFailedException crowded = explainByCount(said, null);
      // No gap between the mappings of this process is that large.
      return crowded == null
          ? new MappingFailedException(Limit.ADDRESS_SPACE, said, -1, -1, null)
          : crowded;
    } catch (IOException e) {
      return unknown(said, e, null);
    }
  }

  /** Explains a refusal to make data of addresses that this process has. */
  MappingFailedException explainCommit(long askedBytes, String said) {
    try {
      Room room = room(Budget.DATA);
      if (askedBytes > room.freeBytes) {
        return room.refuse(Limit.MEMORY, said + ", beyond RLIMIT_DATA (ulimit -d)", null);
      }
      MappingFailedException crowded = explainByCount(said, null);
      return crowded == null ? memory(said, null) : crowded;
    } catch (IOException e) {
      return unknown(said, e, null);
    }
  }

  private Room room(Budget budget) throws IOException {
    OptionalLong total = number(proc.resolve("self/limits"), budget.limitLine);
    long used = number(proc.resolve("self/status"), budget.usedLine).orElse(0) * 1024;
    return total.isPresent()
        ? new Room(Math.max(0, total.getAsLong() - used), total.getAsLong())
        : new Room(Long.MAX_VALUE, -1);
  }

  private @Nullable MappingFailedException explainByCount(String said, @Nullable Throwable cause)
      throws IOException {
    long most = number(proc.resolve("sys/vm/max_map_count"), "").orElse(Long.MAX_VALUE);
    long mappings = countLines(proc.resolve("self/maps"));
    // The list may lack what the refused call or the reading of it has just given back.
    return mappings < most - most / 1000
        ? null
        : new MappingFailedException(
            Limit.MAP_COUNT, said + ", mappings=" + mappings + " of " + most, -1, -1, cause);
  }

  private static MappingFailedException memory(String said, @Nullable Throwable cause) {
    return new MappingFailedException(
        Limit.MEMORY, said, Machine.freeMemoryBytes(), Machine.memoryLimitBytes(), cause);
  }

  /** There is no {@code /proc}, or no file left to read it with. */
  private static MappingFailedException unknown(
      String said, IOException e, @Nullable Throwable cause) {
    return new MappingFailedException(Limit.OTHER, said + ", reason unknown: " + e, -1, -1, cause);
  }

  /** Returns the first number behind a prefix that starts a line; none for "unlimited". */
  private static OptionalLong number(Path file, String prefix) throws IOException {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(prefix))
          .map(line -> line.substring(prefix.length()).strip().split("\\s+", 2)[0])
          .filter(word -> !word.isEmpty() && word.chars().allMatch(Character::isDigit))
          .mapToLong(Long::parseUnsignedLong)
          .findFirst();
    }
  }

  private static long countLines(Path file) throws IOException {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.count();
    }
  }

  /** What a process has left under a limit. */
  private record Room(long freeBytes, long totalBytes) {
    MappingFailedException refuse(Limit limit, String said, @Nullable Throwable cause) {
      return new MappingFailedException(limit, said, freeBytes, totalBytes, cause);
    }
  }

  /** What a process has of something that RLIMIT counts in bytes. */
  private enum Budget {
    ADDRESSES("Max address space", "VmSize:"),
    DATA("Max data size", "VmData:");

    private final String limitLine;
    private final String usedLine;

    Budget(String limitLine, String usedLine) {
      this.limitLine = limitLine;
      this.usedLine = usedLine;
    }
  }
}
