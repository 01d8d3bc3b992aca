package dev.pinnedstore.benchmarks.run;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the steps, one after another and never beyond the bound; what they print goes to logs. */
final class Runner {
  /** Kept for the page. */
  private static final Duration REST = Duration.ofSeconds(3);

  private final Path logs;
  private final List<String> jvmOptions;
  private final long deadline;
  private final List<String> failures = new ArrayList<>();

  Runner(Path logs, List<String> jvmOptions, Duration bound) {
    this.logs = logs;
    this.jvmOptions = jvmOptions;
    this.deadline = System.nanoTime() + bound.minus(REST).toNanos();
  }

  /** Runs all, and returns what became of those that did not end well. */
  List<String> run(List<Step> steps) throws IOException, InterruptedException {
    Files.createDirectories(logs);
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      long start = System.nanoTime();
      System.out.printf("%2d/%d %-26s", i + 1, steps.size(), step.name());
      System.out.flush();
      String outcome = run(step);
      System.out.printf(" %6.1f s  %s%n", (System.nanoTime() - start) / 1e9, outcome);
      if (!outcome.equals("done")) {
        failures.add(step.name() + ": " + outcome);
      }
    }
    return failures;
  }

  private String run(Step step) throws IOException, InterruptedException {
    if (deadline - System.nanoTime() <= 0) {
      return "left out, no time left";
    }
    File log = logs.resolve(step.name().replace(' ', '-') + ".log").toFile();
    Process process =
        new ProcessBuilder(command(step)).redirectErrorStream(true).redirectOutput(log).start();
    try {
      if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        return "cut off, no time left";
      }
      return process.exitValue() == 0
          ? "done"
          : "failed with exit status " + process.exitValue() + ", see " + log;
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private List<String> command(Step step) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmOptions);
    command.addAll(step.jvmOptions());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(step.command());
    return command;
  }
}
