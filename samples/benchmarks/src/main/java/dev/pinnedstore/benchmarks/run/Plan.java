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
    String few = mode == Mode.FULL ? "64,1024,4096,65536,1048576" : "4096";
    String some = mode == Mode.FULL ? few : "64,4096";
    jmh("append", "\\.AppendBenchmark\\.", some);
    jmh("two-threads", "\\.AppendBenchmark\\.(appendAcknowledge|copyInto)", some, "-t", "2");
    jmh("handles", "HandleBenchmark", few);
    jmh("acknowledge", "AcknowledgeBenchmark\\.acknowledge$", few);
    jmh("acknowledge-many", "AcknowledgeBenchmark\\.acknowledgeMany", "64");
    jmh("peers", "\\.(Pooled)?PeersBenchmark", few, "-p", "backend=segmented,virtual");
    jmh("queues", "QueuePeersBenchmark|HandOverBenchmark", few);
    jmh("contention", "ContentionBenchmark", few);
    String growth = mode == Mode.FULL ? "" + (1L << 30) : "" + (128L << 20);
    String rounds = mode == Mode.FULL ? "4" : "2";
    jmh("growth", "GrowthBenchmark", few, "-p", "bytes=" + growth, "-f", "1", "-i", rounds);
    if (mode == Mode.FULL) {
      jmh("live-pages", "LivePagesBenchmark.(viewNear|append)", few, "-f", "1");
    }
  }

  private void jmh(String name, String include, String sizes, String... more) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("org.openjdk.jmh.Main", include, "-p", "size=" + sizes));
    command.addAll(
        mode == Mode.FULL
            ? List.of("-f", "2", "-wi", "2", "-w", "200ms", "-i", "4", "-r", "200ms")
            : List.of("-f", "1", "-wi", "1", "-w", "100ms", "-i", "2", "-r", "100ms"));
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
    for (String backend : BACKENDS) {
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
