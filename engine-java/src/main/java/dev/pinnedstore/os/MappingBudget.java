package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Refuses to map before the kernel would. A process at {@code vm.max_map_count} cannot grow its
 * heap or start a thread either, and the JVM ends itself then; so an eighth of that number is left
 * to it.
 *
 * <p>Counts what was mapped since the mappings were last listed, and lists them again when the
 * count reaches the limit: what was unmapped or merged meanwhile is noticed then. Safe for threads.
 * Costs an addition a call, and some 50 ms where 60,000 mappings are listed. Without {@code /proc}
 * it refuses nothing.
 */
final class MappingBudget {
  private final Path proc;
  private final long most;

  /** An upper bound, as far as mappings are made through here. */
  private long count;

  MappingBudget(Path proc) {
    this.proc = proc;
    long limit = limit().orElse(Long.MAX_VALUE);
    this.most = limit - limit / 8;
    this.count = mappings();
  }

  /** Returns the budget of this process. */
  static MappingBudget ofThisProcess() {
    return Instance.BUDGET;
  }

  /** Takes one mapping, which is not given back: a later list shows that it is gone. */
  synchronized void take() throws MappingFailedException {
    if (count >= most) {
      count = mappings();
    }
    if (count >= most) {
      throw new MappingFailedException(
          Limit.MAP_COUNT,
          "mappings=" + count + ", and those beyond " + most + " are left to the JVM",
          -1,
          -1,
          null);
    }
    count++;
  }

  private OptionalLong limit() {
    try {
      // By lines: the kernel gives this file to the first read and nothing to the next, and
      // readString begins with a read of one byte.
      List<String> lines = Files.readAllLines(proc.resolve("sys/vm/max_map_count"));
      return OptionalLong.of(Long.parseLong(lines.getFirst().strip()));
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** Counts the mappings; none where they cannot be listed, and the kernel has to refuse then. */
  private long mappings() {
    try (Stream<String> lines = Files.lines(proc.resolve("self/maps"))) {
      return lines.count();
    } catch (IOException e) {
      return 0;
    }
  }

  private static final class Instance {
    static final MappingBudget BUDGET = new MappingBudget(Path.of("/proc"));
  }
}
