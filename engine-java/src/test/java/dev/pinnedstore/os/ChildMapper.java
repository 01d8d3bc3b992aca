package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Maps pages in a JVM of its own, under limits that would hurt the tests: what to do, the directory
 * or "-" for native memory, the size of a page. Prints one line.
 */
final class ChildMapper {
  private static final int FILL_LIMIT = 100_000;
  private static final long WRITTEN_BYTES = 1L << 20;

  private ChildMapper() {}

  public static void main(String... args) throws Exception {
    MemorySource source =
        args[1].equals("-")
            ? MemorySource.forTier(NativeTier.GRANTED)
            : new FileSource(Path.of(args[1]));
    long bytes = Long.parseLong(args[2]);
    // A class that comes from a folder needs a file descriptor to be loaded.
    FileRefusals.explain(Path.of("/"), bytes, new IOException("none"));
    switch (args[0]) {
      case "hold" -> hold(source, bytes);
      case "exhaust" -> exhaust(source, bytes);
      case "alias" -> exhaustAliases(source, bytes);
      case "reserve" -> exhaustAddresses(source, bytes);
      case "commit" -> exhaustCommits(source, bytes);
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  /** Waits to be killed. */
  private static void hold(MemorySource source, long bytes) throws Exception {
    Mapping mapping = source.map(bytes, 0, false);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment view = mapping.view(arena);
      mapping.base().set(JAVA_BYTE, 0, (byte) 1);
      System.out.println("holding " + view.get(JAVA_BYTE, 0));
      Thread.sleep(Long.MAX_VALUE);
    }
  }

  /** Maps until it is refused, writes to all it has, closes one and maps again. */
  private static void exhaust(MemorySource source, long bytes) throws Exception {
    List<Mapping> mappings = new ArrayList<>();
    String refusal = "none";
    try {
      while (mappings.size() < FILL_LIMIT) {
        mappings.add(source.map(bytes, 0, false));
      }
    } catch (MappingFailedException e) {
      refusal = e.limit().name();
    }
    if (mappings.isEmpty()) {
      System.out.println(refusal + " at once, leaking files: " + leaksWhenRefused(source, bytes));
      return;
    }
    for (Mapping mapping : mappings) {
      for (long at = 0; at < Math.min(bytes, WRITTEN_BYTES); at += 4096) {
        mapping.base().set(JAVA_BYTE, at, (byte) 1);
      }
    }
    boolean again = mappings.removeLast().close();
    mappings.add(source.map(bytes, 0, false));
    System.out.println(refusal + " after " + (mappings.size() > 1 ? "some" : "one") + " " + again);
  }

  private static boolean leaksWhenRefused(MemorySource source, long bytes) throws IOException {
    long openFiles = Proc.openFiles();
    for (int i = 0; i < 50; i++) {
      try {
        source.map(bytes, 0, false);
        throw new AssertionError("not refused");
      } catch (MappingFailedException e) {
        // As before; what counts is what it leaves.
        continue;
      }
    }
    return Proc.openFiles() > openFiles + 10;
  }

  /** Views one page until that is refused. */
  private static void exhaustAliases(MemorySource source, long bytes) throws Exception {
    Mapping mapping = source.map(bytes, 0, false);
    String refusal = "none";
    try (Arena arena = Arena.ofShared()) {
      for (int i = 0; i < FILL_LIMIT; i++) {
        mapping.view(arena);
      }
    } catch (AliasFailedException e) {
      refusal = e.refusal().limit().name();
    }
    try (Arena arena = Arena.ofShared()) {
      System.out.println(refusal + " " + mapping.view(arena).get(JAVA_BYTE, 0));
    }
  }

  /** Reserves in larger and larger ranges until that is refused. */
  private static void exhaustAddresses(MemorySource source, long bytes) throws Exception {
    for (long size = bytes; ; size *= 2) {
      try {
        Reservation reservation = source.reserve(size);
        reservation.commit(size - bytes, bytes);
        reservation.close();
      } catch (MappingFailedException e) {
        boolean named = e.getMessage().contains("ulimit -v") && e.getMessage().contains("" + size);
        System.out.println(
            e.limit() + " after " + (size > bytes ? "some" : "none") + ", named: " + named);
        return;
      }
    }
  }

  /**
   * Commits a little, and then more than there is. Leaves the JVM what it needs, which dies of a
   * malloc that fails.
   */
  private static void exhaustCommits(MemorySource source, long bytes) throws Exception {
    Reservation reservation = source.reserve(1L << 40);
    reservation.commit(0, bytes);
    reservation.base().set(JAVA_BYTE, bytes - 1, (byte) 1);
    String refusal = "none";
    try {
      reservation.commit(bytes, 1L << 30);
    } catch (MappingFailedException e) {
      refusal = e.limit() + ", named: " + e.getMessage().contains("ulimit -d");
    }
    byte kept = reservation.base().get(JAVA_BYTE, bytes - 1);
    reservation.decommit(0, bytes);
    reservation.commit(0, 2 * bytes);
    byte fresh = reservation.base().get(JAVA_BYTE, bytes - 1);
    System.out.println(refusal + ", then " + kept + " " + fresh + " " + reservation.close());
  }

  /** The command of a child, to be run by a shell that sets its limits first. */
  static String command(String jvmOptions, String... args) throws Exception {
    return String.join(
        " ",
        "exec",
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx64m -XX:+UseSerialGC -XX:-UsePerfData",
        jvmOptions,
        "-cp",
        Proc.classPathOf(NativeTier.class) + ":" + Proc.classPathOf(ChildMapper.class),
        ChildMapper.class.getName(),
        String.join(" ", args));
  }
}
