package dev.pinnedstore.benchmarks.run;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;

/**
 * Where and how a run was made.
 *
 * @param date the day
 * @param command what was typed
 * @param seconds how long it took
 * @param system the operating system and its version
 * @param processor its name, or its architecture where that is not known
 * @param processors how many the JVM may use
 * @param memoryBytes the memory of the machine or the container
 * @param jdk the JVM and its version
 * @param options the options of each JVM
 * @param failures what was left out or failed
 */
record Run(
    String date,
    String command,
    long seconds,
    String system,
    String processor,
    int processors,
    long memoryBytes,
    String jdk,
    List<String> options,
    List<String> failures) {
  private static final String FILE = "run.json";
  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

  /** This machine, now. */
  static Run now(String command, long seconds, List<String> options, List<String> failures)
      throws IOException {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return new Run(
        LocalDate.now().toString(),
        command,
        seconds,
        system.getName() + " " + system.getVersion(),
        processor(system.getArch()),
        system.getAvailableProcessors(),
        system.getTotalMemorySize(),
        System.getProperty("java.vm.name") + " " + Runtime.version(),
        options,
        failures);
  }

  private static String processor(String architecture) throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(info)) {
      return architecture;
    }
    return Files.readAllLines(info).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse(architecture);
  }

  void write(Path directory) throws IOException {
    JsonObject json = GSON.toJsonTree(this).getAsJsonObject();
    Files.writeString(directory.resolve(FILE), GSON.toJson(json) + "\n");
  }

  static Run read(Path directory) throws IOException {
    return GSON.fromJson(Files.readString(directory.resolve(FILE)), Run.class);
  }

  /** The machine and the JDK in a sentence. */
  String machine() {
    return "%s, %d processors, %d GiB, %s, %s"
        .formatted(
            processor, processors, Math.round(memoryBytes / (double) (1 << 30)), system, jdk);
  }
}
