package dev.pinnedstore.benchmarks.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Runs everything about the store beside its peers, bounded in time, and writes JSON, a page, and
 * the tables of the README.
 */
public final class Bench {
  private static final Path README = Path.of("..", "..", "README.md");
  private static final String PAGE = "index.html";

  private Bench() {}

  /**
   * Runs it, in the directory of the module.
   *
   * @param args {@code --quick}: 2 minutes instead of 20, README left alone; {@code --smoke
   *     DIRECTORY FILE}: that it runs, with what JMH wrote to that file; {@code --report
   *     DIRECTORY}: only write the page and the README anew, from the results there
   * @throws IOException when a file cannot be read or written
   * @throws InterruptedException when somebody interrupts the wait for a process
   */
  public static void main(String... args) throws IOException, InterruptedException {
    switch (args.length == 0 ? "" : args[0]) {
      case "" -> run(Mode.FULL, Path.of("results", LocalDate.now().toString()));
      case "--quick" -> run(Mode.QUICK, Path.of("results", LocalDate.now() + "-quick"));
      case "--smoke" -> smoke(Path.of(args[1]), Path.of(args[2]));
      case "--report" -> report(Path.of(args[1]), true);
      default -> {
        System.err.println("run.sh [--quick | --report DIRECTORY]");
        System.exit(2);
      }
    }
  }

  private static void smoke(Path directory, Path figures) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    Files.copy(figures, directory.resolve("jmh.json"), StandardCopyOption.REPLACE_EXISTING);
    run(Mode.SMOKE, directory);
  }

  private static void run(Mode mode, Path directory) throws IOException, InterruptedException {
    long start = System.nanoTime();
    Files.createDirectories(directory);
    List<String> options = options();
    Path logs = Path.of("target", "logs");
    List<Step> steps = Plan.steps(mode, directory, options);
    Runtime.getRuntime().addShutdownHook(new Thread(Bench::endAll));
    List<String> failures = new Runner(logs, options, mode.bound()).run(steps);
    long seconds = (System.nanoTime() - start) / 1_000_000_000;
    String command =
        "samples/benchmarks/run.sh"
            + (mode == Mode.FULL ? "" : " --" + mode.name().toLowerCase(Locale.ROOT));
    Run.now(command, seconds, options, failures).write(directory);
    report(directory, mode == Mode.FULL);
    if (mode == Mode.SMOKE && !failures.isEmpty()) {
      System.exit(1);
    }
  }

  /** Whoever ends this process ends what it has started. */
  private static void endAll() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
  }

  private static void report(Path directory, boolean readme) throws IOException {
    Run run = Run.read(directory);
    Results results = Results.read(directory);
    Files.writeString(directory.resolve(PAGE), Page.of(run, results));
    System.out.println("wrote " + directory.resolve(PAGE));
    if (readme) {
      Path from = README.toAbsolutePath().normalize().getParent();
      Path page = from.relativize(directory.resolve(PAGE).toAbsolutePath().normalize());
      ReadmeTable.write(README, run, results, page.toString());
      System.out.println("wrote the tables of README.md");
    }
  }

  /** Those of {@code jvm.options}, without its comments. */
  private static List<String> options() throws IOException {
    List<String> options = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("jvm.options"))) {
      if (!line.isBlank() && !line.startsWith("#")) {
        options.add(line.strip());
      }
    }
    return options;
  }
}
