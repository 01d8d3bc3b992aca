package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.PinnedStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Stores that processes share: one and two writer processes beside a reader process that
 * acknowledges, and in their place processes that copy into warm rings of their own, with the same
 * hand-over to another process and without it.
 *
 * <p>Where there are more processes than processors, CPU time of the writing threads per operation
 * is what compares; elapsed time then measures who shares with whom.
 */
public final class ProcessRates {
  private static final String CLASS = ProcessRole.class.getName();

  private ProcessRates() {}

  /** A process with a role. */
  private record Child(Process process, BufferedReader out, Writer in) {
    static Child start(List<String> role) throws IOException {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), CLASS));
      command.addAll(role);
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      return new Child(process, process.inputReader(), process.outputWriter());
    }

    String line() throws IOException {
      String line = out.readLine();
      if (line == null) {
        throw new IOException("a process ended: " + process.info().commandLine().orElse(""));
      }
      return line;
    }

    void awaitReady() throws IOException {
      String line = line();
      if (!line.equals("ready")) {
        throw new IOException("expected ready: " + line);
      }
    }

    void go() throws IOException {
      in.write("go\n");
      in.flush();
    }

    void end() throws IOException, InterruptedException {
      in.close();
      process.waitFor();
    }
  }

  /**
   * Runs the measurement.
   *
   * @param args seconds of each measurement, sizes with commas between them, the file for the
   *     result as JSON
   * @throws Exception when a process fails
   */
  public static void main(String... args) throws Exception {
    double seconds = Double.parseDouble(args[0]);
    List<Map<String, Object>> results = new ArrayList<>();
    for (String size : args[1].split(",")) {
      for (int writers = 1; writers <= 2; writers++) {
        for (String kind : List.of("copy", "handOver", "writer")) {
          long[][] counts = measure(kind, writers, size, seconds);
          results.add(result(kind, writers, Integer.parseInt(size), counts));
        }
      }
    }
    Json.write(Path.of(args[2]), results);
  }

  private static Map<String, Object> result(String kind, int writers, int size, long[][] counts) {
    double operations = Arrays.stream(counts).mapToLong(it -> it[0]).sum();
    double perSecond = Arrays.stream(counts).mapToDouble(it -> it[0] * 1e9 / it[1]).sum();
    double cpu = Arrays.stream(counts).mapToLong(it -> it[2]).sum() / operations;
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("kind", kind);
    result.put("writers", writers);
    result.put("size", size);
    result.put("operationsPerSecond", perSecond);
    result.put("cpuNanosPerOperation", cpu);
    return result;
  }

  private static long[][] measure(String kind, int writers, String size, double seconds)
      throws Exception {
    String namespace = "pinnedstore-processes-" + ProcessHandle.current().pid();
    Path directory = Medium.TMPFS.directory();
    List<Child> children = new ArrayList<>();
    try (AutoCloseable _ = kind.equals("writer") ? store(namespace) : () -> {}) {
      List<String> rings = new ArrayList<>();
      for (int i = 0; i < writers; i++) {
        String ring = directory.resolve("ring" + i).toString();
        SharedHandleRing.map(Path.of(ring));
        rings.add(ring);
      }
      if (!kind.equals("copy")) {
        List<String> role = new ArrayList<>();
        role.addAll(kind.equals("writer") ? List.of("reader", namespace) : List.of("drain"));
        role.addAll(rings);
        Child reader = Child.start(role);
        children.add(reader);
        reader.awaitReady();
      }
      List<Child> working = new ArrayList<>();
      for (String ring : rings) {
        Child child = Child.start(role(kind, namespace, ring, size, "" + seconds));
        children.add(child);
        working.add(child);
      }
      return counts(working, children);
    } finally {
      children.forEach(child -> child.process.destroyForcibly());
      Medium.delete(directory);
    }
  }

  private static List<String> role(
      String kind, String namespace, String ring, String size, String seconds) {
    return switch (kind) {
      case "copy" -> List.of(kind, size, seconds);
      case "handOver" -> List.of(kind, ring, size, seconds);
      default -> List.of(kind, namespace, ring, size, seconds);
    };
  }

  private static PinnedStore store(String namespace) {
    PinnedStore store = PinnedStore.open(ProcessRole.config(namespace));
    store.startLifecycle();
    return store;
  }

  private static long[][] counts(List<Child> working, List<Child> all) throws Exception {
    for (Child child : working) {
      child.awaitReady();
    }
    for (Child child : working) {
      child.go();
    }
    long[][] counts = new long[working.size()][];
    for (int i = 0; i < counts.length; i++) {
      counts[i] =
          Arrays.stream(working.get(i).line().split(" ")).mapToLong(Long::parseLong).toArray();
    }
    for (Child child : all) {
      if (!working.contains(child)) {
        child.go();
      }
      child.end();
    }
    return counts;
  }
}
