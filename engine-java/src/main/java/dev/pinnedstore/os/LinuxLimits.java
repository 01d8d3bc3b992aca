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
        OptionalLong total = number(proc.resolve("self/limits"), budget.limitLine);
        long used = number(proc.resolve("self/status"), budget.usedLine).orElse(0) * 1024;
        if (total.isPresent() && askedBytes > total.getAsLong() - used) {
          long free = Math.max(0, total.getAsLong() - used);
          return new MappingFailedException(
              Limit.ADDRESS_SPACE, said, free, total.getAsLong(), cause);
        }
      }
      long maxMappings = number(proc.resolve("sys/vm/max_map_count"), "").orElse(Long.MAX_VALUE);
      long mappings = countLines(proc.resolve("self/maps"));
      // The list may lack what the refused call or the reading of it has just given back.
      if (mappings >= maxMappings - maxMappings / 1000) {
        return new MappingFailedException(
            Limit.MAP_COUNT, said + ", mappings=" + mappings + " of " + maxMappings, -1, -1, cause);
      }
    } catch (IOException e) {
      // No /proc, or no file left to read it with.
      return new MappingFailedException(
          Limit.OTHER, said + ", reason unknown: " + e, -1, -1, cause);
    }
    return new MappingFailedException(
        Limit.MEMORY, said, Machine.freeMemoryBytes(), Machine.memoryLimitBytes(), cause);
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
