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
      plan.benchmarks();
    }
    plan.programs();
    return plan.steps;
  }

  private void benchmarks() {
    boolean full = mode == Mode.FULL;
    String sizes = "size=" + (full ? "64,1024,4096,65536,1048576" : "4096");
    String backends = "backend=" + (full ? "segmented,virtual" : "segmented");
    List<String> usual =
        full
            ? List.of("-f", "2", "-wi", "2", "-w", "300ms", "-i", "4", "-r", "250ms")
            : List.of("-f", "1", "-wi", "1", "-w", "300ms", "-i", "2", "-r", "150ms");
    jmh("append", usual, "\\.AppendBenchmark\\.", "-p", sizes);
    jmh("handles", usual, "HandleBenchmark", "-p", sizes);
    jmh("acknowledge", usual, "AcknowledgeBenchmark\\.acknowledge$", "-p", sizes);
    jmh("peers", usual, "\\.(Pooled)?PeersBenchmark", "-p", sizes, "-p", backends);
    jmh("queues", usual, "QueuePeersBenchmark|HandOverBenchmark", "-p", sizes);
    String two = "\\.AppendBenchmark\\.(appendAck|copyInto)";
    jmh("two-threads", usual, two, "-t", "2", "-p", sizes);
    List<String> shots = List.of("-f", "1", "-wi", "1", "-i", full ? "4" : "2");
    jmh("growth", shots, "GrowthBenchmark", "-p", "bytes=" + (full ? 1 << 30 : 1 << 27));
    if (full) {
      jmh("acknowledge-many", usual, "AcknowledgeBenchmark\\.acknowledgeMany");
      jmh("contention", usual, "ContentionBenchmark");
      List<String> once = List.of("-f", "1", "-wi", "2", "-w", "500ms", "-i", "4", "-r", "250ms");
      jmh("live-pages", once, "LivePagesBenchmark\\.(viewNear|append)");
    } else {
      String small = "\\.AppendBenchmark\\.(append|copyIntoWarmRing)$";
      jmh("append-small", usual, small, "-p", "size=64");
    }
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
            List.of(HERE + "ProcessRates", pick("1.0", "0.3", "0.05"), sizes, file)));
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
