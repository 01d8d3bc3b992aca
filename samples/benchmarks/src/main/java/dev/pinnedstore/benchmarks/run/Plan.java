package dev.pinnedstore.benchmarks.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What is run, in which order, and for how long. */
final class Plan {
  private static final String HERE = "dev.pinnedstore.benchmarks.";
  private static final List<String> BACKENDS = List.of("segmented", "virtual", "shared");
  private static final List<String> SUBJECTS =
      List.of("copy", "segmented", "virtual", "shared", "agrona", "heap");

  /** Where blobs go to the heap: its own first faults are not what is measured. */
  private static final String HEAP = "-Xms384m -XX:+AlwaysPreTouch";

  private final Mode mode;
  private final Path directory;
  private final String jvmArgs;
  private final List<Step> steps = new ArrayList<>();

  private Plan(Mode mode, Path directory, List<String> jvmOptions) {
    this.mode = mode;
    this.directory = directory;
    this.jvmArgs = String.join(" ", jvmOptions);
  }

  /**
   * The steps of a mode. What matters most comes first, since a slow machine may not come to the
   * end.
   *
   * @param directory where results go
   * @param jvmOptions for the JVMs that JMH forks
   */
  static List<Step> steps(Mode mode, Path directory, List<String> jvmOptions) {
    Plan plan = new Plan(mode, directory, jvmOptions);
    if (mode != Mode.SMOKE) {
      plan.store();
    }
    plan.programs();
    if (mode != Mode.SMOKE) {
      plan.peers();
    }
    if (mode == Mode.FULL) {
      plan.more();
    }
    return plan.steps;
  }

  private void store() {
    jmh("append", times("2"), "\\.AppendBenchmark\\.", "-p", sizes());
    List<String> heap = List.of("-jvmArgsAppend", HEAP);
    jmh("handles", times("2", heap), "HandleBenchmark", "-p", sizes());
    jmh("acknowledge", times("2"), "AcknowledgeBenchmark\\.acknowledge$", "-p", sizes());
    String two = "\\.AppendBenchmark\\.(appendAck|copyInto)";
    jmh("two-threads", times("2"), two, "-t", "2", "-p", sizes());
    if (mode == Mode.QUICK) {
      String small = "\\.AppendBenchmark\\.(append|copyIntoWarmRing)$";
      jmh("append-small", times("1"), small, "-p", "size=64");
    }
  }

  private void peers() {
    String backends = "backend=" + (mode == Mode.FULL ? "segmented,virtual" : "segmented");
    List<String> heap = List.of("-jvmArgsAppend", HEAP);
    jmh("peers", times("1", heap), "\\.(Pooled)?PeersBenchmark", "-p", sizes(), "-p", backends);
    jmh("queues", times("1"), "QueuePeersBenchmark|HandOverBenchmark", "-p", sizes());
    String bytes = mode == Mode.FULL ? "1073741824" : "134217728";
    List<String> shots = List.of("-f", "1", "-wi", "1", "-i", mode == Mode.FULL ? "4" : "2");
    jmh("growth", shots, "GrowthBenchmark", "-p", "bytes=" + bytes);
  }

  private void more() {
    jmh("contention", times("1"), "ContentionBenchmark");
    jmh("live-pages", times("1"), "LivePagesBenchmark\\.(viewNear|append)");
    jmh("acknowledge-many", times("1"), "AcknowledgeBenchmark\\.acknowledgeMany");
  }

  private String sizes() {
    return "size=" + (mode == Mode.FULL ? "64,1024,4096,65536,1048576" : "4096");
  }

  private List<String> times(String forks) {
    return times(forks, List.of());
  }

  /** Forks and iterations: most of a fork goes to its start and to the compiler. */
  private List<String> times(String forks, List<String> more) {
    List<String> times = new ArrayList<>();
    times.addAll(
        mode == Mode.FULL
            ? List.of("-f", forks, "-wi", "2", "-w", "400ms", "-i", "4", "-r", "200ms")
            : List.of("-f", "1", "-wi", "1", "-w", "500ms", "-i", "2", "-r", "150ms"));
    times.addAll(more);
    return times;
  }

  private void jmh(String name, List<String> times, String include, String... more) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("org.openjdk.jmh.Main", include));
    command.addAll(times);
    command.addAll(List.of(more));
    command.addAll(List.of("-prof", "gc", "-prof", HERE + "CpuProfiler"));
    command.addAll(List.of("-rf", "json", "-rff", file("jmh-" + name)));
    command.addAll(List.of("-jvmArgs", jvmArgs));
    steps.add(new Step(name, List.of("-Djmh.ignoreLock=true"), command));
  }

  private void programs() {
    String seconds = pick("4", "0.5", "0.1");
    String growth = pick(2L << 30, 256L << 20, 64L << 20);
    String counted = pick(4L << 30, 512L << 20, 64L << 20);
    for (String backend : BACKENDS) {
      program("counts", backend, List.of("-XX:+AlwaysPreTouch", "-Xms256m", "-Xmx256m"), counted);
    }
    for (String subject : SUBJECTS) {
      program("latency", subject, List.of(), "4096", "100000", seconds);
    }
    String sizes = pick("64,4096,65536", "4096", "4096");
    String file = file("processes");
    steps.add(
        new Step(
            "processes",
            List.of(),
            List.of(HERE + "ProcessRates", pick("0.8", "0.3", "0.05"), sizes, file)));
    for (String backend : mode == Mode.SMOKE ? List.of("segmented") : BACKENDS) {
      program("growth-latency", backend, List.of(), growth, pick("2", "1", "1"));
    }
  }

  private String pick(Object full, Object quick, Object smoke) {
    return String.valueOf(
        switch (mode) {
          case FULL -> full;
          case QUICK -> quick;
          case SMOKE -> smoke;
        });
  }

  private void program(String name, String subject, List<String> options, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(
        HERE
            + switch (name) {
              case "counts" -> "WriterCounts";
              case "latency" -> "RateLatency";
              default -> "GrowthLatency";
            });
    command.add(subject);
    command.addAll(List.of(arguments));
    command.add(file(name + "-" + subject));
    steps.add(new Step(name + " " + subject, options, command));
  }

  private String file(String name) {
    return directory.resolve(name + ".json").toString();
  }
}
