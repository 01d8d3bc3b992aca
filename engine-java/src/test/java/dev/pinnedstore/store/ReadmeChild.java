package dev.pinnedstore.store;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A store in a JVM of its own, on the class path: under limits that would hurt the tests, or where
 * its log is looked at. Prints the message of what was refused.
 */
final class ReadmeChild {
  private static final long PAGE_BYTES = 4096;
  private static final long LARGE_BYTES = 0xFFFF_FFFFL;

  private ReadmeChild() {}

  public static void main(String... args) throws Exception {
    loadAll(root(PinnedStore.class));
    StoreConfig config =
        StoreConfig.builder().pageSize(PAGE_BYTES).maxBytes(4 * LARGE_BYTES).build();
    // Not closed: the JVM is halted, and it may have no room left to close in.
    PinnedStore store = PinnedStore.open(config);
    if (args[0].equals("log")) {
      log(store);
    } else {
      refuse(store, args[0]);
    }
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  /** Loads the engine, as a class that comes from a folder needs a file descriptor later on. */
  private static void loadAll(Path classes) throws Exception {
    try (Stream<Path> files = Files.walk(classes.resolve("dev"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        String name = classes.relativize(file).toString().replace(File.separatorChar, '.');
        String type = name.substring(0, name.length() - ".class".length());
        Class.forName(type, false, ReadmeChild.class.getClassLoader());
      }
    }
  }

  private static void refuse(PinnedStore store, String what) {
    List<Object> kept = new ArrayList<>();
    try {
      while (true) {
        switch (what) {
          case "pages" -> kept.add(store.append(new byte[(int) PAGE_BYTES]));
          case "windows" -> kept.add(store.reserve(1));
          case "large" -> kept.add(store.reserve(LARGE_BYTES));
          default -> throw new IllegalArgumentException(what);
        }
      }
    } catch (StoreFullException e) {
      System.out.println(e.limit() + " " + e.getMessage());
    }
  }

  /** Does everything that is logged, and a restricted call of its own, which the JVM tells. */
  private static void log(PinnedStore store) {
    store.append(new byte[(int) PAGE_BYTES]);
    store.append(new byte[(int) PAGE_BYTES]);
    store.append(new byte[(int) PAGE_BYTES]);
    store.listen(
        event -> {
          if (event.kind() == StoreEvent.Kind.PAGE_MADE) {
            throw new IllegalStateException("a listener that fails");
          }
        });
    store.append(new byte[(int) PAGE_BYTES]);
    store.maintain();
    boolean before = store.stats().capabilities().nativeAccess();
    MemorySegment.NULL.reinterpret(1);
    boolean after = PinnedStore.open(StoreConfig.defaults()).stats().capabilities().nativeAccess();
    System.out.println("native access before=" + before + " after=" + after);
  }

  /** Runs a child under a shell prefix such as {@code ulimit -n 64;}; returns all it prints. */
  static String run(String prefix, String option, String what) throws Exception {
    return shell(prefix + " exec " + command(option, what));
  }

  /** Runs a child in a namespace whose /dev/shm has 1 MiB. */
  static String runOnSmallTmpfs(String option, String what) throws Exception {
    String mount = "mount -t tmpfs -o size=1m none /dev/shm";
    return shell("exec unshare -Urm sh -c '" + mount + " && exec " + command(option, what) + "'");
  }

  /** Whether this machine lets a test mount something for itself. */
  static boolean mayMount() throws Exception {
    return process("unshare -Urm sh -c 'mount -t tmpfs none /dev/shm'").waitFor() == 0;
  }

  private static String command(String option, String what) throws Exception {
    String classes = root(PinnedStore.class) + File.pathSeparator + root(ReadmeChild.class);
    return String.join(
        " ",
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx64m -XX:+UseSerialGC -XX:-UsePerfData",
        option,
        "-cp",
        classes,
        ReadmeChild.class.getName(),
        what);
  }

  private static String shell(String command) throws Exception {
    Process process = process(command);
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new AssertionError(command + ": " + printed);
    }
    return printed;
  }

  private static Process process(String command) throws IOException {
    return new ProcessBuilder("sh", "-c", command).redirectErrorStream(true).start();
  }

  /** Where a class was loaded from; its code source is not it when tests patch the module. */
  private static Path root(Class<?> type) throws Exception {
    Path root = Path.of(type.getResource(type.getSimpleName() + ".class").toURI());
    for (int i = type.getName().split("\\.").length; i > 0; i--) {
      root = root.getParent();
    }
    return root;
  }
}
