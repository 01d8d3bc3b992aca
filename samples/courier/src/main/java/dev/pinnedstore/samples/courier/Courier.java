package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.PinnedStoreException;
import dev.pinnedstore.store.StoreConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The program: delivers every regular file below a directory through each backend, verifies it,
 * prints a table and writes a page with charts.
 *
 * <p>Exits with 0 when all that was sent arrived, 1 when a blob did not verify or the store failed,
 * 2 for wrong arguments, 130 when it was interrupted. A file that cannot be read is reported,
 * counted and no failure.
 */
@Command(
    name = "courier",
    sortOptions = false,
    description = "Delivers every file below a directory through the store and verifies it.")
public final class Courier implements Callable<Integer> {
  /** Little, to show that what is delivered may be far more, and what happens at the limit. */
  private static final long MAX_BYTES = 8L << 20;

  /** Short, so that pages go back to the operating system before the program ends. */
  private static final Duration DECAY = Duration.ofMillis(250);

  private static final String ALL = "all";
  private static final int MOST_CONSUMERS = 64;
  private static final int FAILED = 1;

  /** What a shell reports for a program that was interrupted. */
  private static final int INTERRUPTED = 130;

  /** Set by picocli before any option. */
  @Spec private @Nullable CommandSpec spec;

  private final Surroundings surroundings;
  private final Backends known;
  private Path directory = Path.of(System.getProperty("java.home"));
  private List<Backend> backends;
  private List<String> leftOut;
  private @Nullable Path html;
  private int consumers = 2;
  private long limitBytes = Long.MAX_VALUE;
  private Kills kills = Kills.NONE;

  private Courier(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.known = Backends.of(surroundings);
    this.backends = known.usable();
    this.leftOut = known.leftOut();
    this.html = surroundings.html();
  }

  /**
   * Runs the program and ends the JVM with its exit code.
   *
   * @param args the command line; {@code --help} tells what may be in it
   */
  public static void main(String[] args) {
    System.exit(run(Surroundings.ofProcess(), args));
  }

  /** Runs the program and returns its exit code. */
  static int run(Surroundings surroundings, String... args) {
    return new CommandLine(new Courier(surroundings))
        .setOut(surroundings.out())
        .setErr(surroundings.err())
        .setExecutionExceptionHandler((failure, command, parsed) -> explain(failure, surroundings))
        .execute(args);
  }

  @Option(
      names = "--dir",
      order = 0,
      paramLabel = "DIRECTORY",
      description = "What to deliver; default: the home of the JDK that runs this.")
  private void directory(Path value) {
    if (!Files.isDirectory(value)) {
      throw wrong("--dir", value, "an existing directory");
    }
    directory = value;
  }

  @Option(
      names = "--backend",
      order = 1,
      paramLabel = "NAME",
      description = "Which backend, or 'all'; default: all that run here.")
  private void backend(String value) {
    if (value.equals(ALL)) {
      return;
    }
    if (!Backends.isKnown(value)) {
      throw wrong("--backend", value, "one of " + Backends.names() + ", " + ALL);
    }
    List<Backend> named = known.named(value);
    if (named.isEmpty()) {
      throw wrong("--backend=" + value + ": " + known.refusals().get(value));
    }
    backends = named;
    leftOut = List.of();
  }

  @Option(
      names = "--consumers",
      order = 2,
      paramLabel = "COUNT",
      description =
          "How many threads verify, 1 to 64, or processes, at most 16 of them; default: 2.")
  private void consumers(int value) {
    if (value < 1 || value > MOST_CONSUMERS) {
      throw wrong("--consumers", value, "between 1 and " + MOST_CONSUMERS);
    }
    consumers = value;
  }

  @Option(
      names = "--limit",
      order = 3,
      paramLabel = "BYTES",
      description = "How much each backend delivers, for example 64MiB; default: everything.")
  private void limit(String value) {
    try {
      limitBytes = Units.parseBytes(value);
    } catch (IllegalArgumentException e) {
      throw wrong("--limit=" + e.getMessage());
    }
  }

  @Option(
      names = "--html",
      order = 4,
      paramLabel = "FILE",
      description =
          "Where to write a page with charts; default: target/courier.html of the build that runs"
              + " this, otherwise no page.")
  private void html(Path value) {
    Path parent = value.toAbsolutePath().getParent();
    if (parent == null || !Files.isDirectory(parent) || Files.isDirectory(value)) {
      throw wrong("--html", value, "a file in an existing directory");
    }
    html = value;
  }

  @Option(
      names = "--kill-consumer-every",
      order = 5,
      paramLabel = "TIME",
      description =
          "How often a consumer process of the shared backend is killed, for example 1s; sends the"
              + " files again until that has happened three times.")
  private void killConsumerEvery(String value) {
    kills = new Kills(time("--kill-consumer-every", value), kills.producerEvery());
  }

  @Option(
      names = "--kill-producer-every",
      order = 6,
      paramLabel = "TIME",
      description = "The same for the producer process, for example 2s.")
  private void killProducerEvery(String value) {
    kills = new Kills(kills.consumerEvery(), time("--kill-producer-every", value));
  }

  private Duration time(String option, String value) {
    try {
      return Units.parseTime(value);
    } catch (IllegalArgumentException e) {
      throw wrong(option + "=" + e.getMessage());
    }
  }

  @Option(
      names = {"-h", "--help"},
      order = 7,
      usageHelp = true,
      description = "Prints this.")
  private boolean help;

  @Override
  public Integer call() throws IOException {
    if (kills.any() && backends.stream().noneMatch(Backend.Shared.class::isInstance)) {
      String refusal = known.refusals().get("shared");
      throw wrong(
          "--kill-consumer-every, --kill-producer-every: only with the shared backend"
              + (refusal == null ? "" : ", which " + refusal));
    }
    Screen screen = new Screen(surroundings);
    FileList files = FileList.scan(directory.toRealPath(), screen);
    List<Outcome> outcomes = new ArrayList<>();
    for (Backend backend : backends) {
      outcomes.add(deliver(backend, files, screen));
    }
    PrintWriter out = surroundings.out();
    out.print(Report.of(files, consumers, outcomes));
    leftOut.forEach(out::println);
    out.flush();
    List<Outcome> incomplete = outcomes.stream().filter(it -> !it.isComplete()).toList();
    incomplete.forEach(it -> screen.problem(it.failure()));
    if (html != null) {
      write(html, files, outcomes);
      out.println("charts: " + html);
      out.flush();
    }
    return incomplete.isEmpty() ? 0 : FAILED;
  }

  private Outcome deliver(Backend backend, FileList files, Screen screen) throws IOException {
    StoreConfig.Builder config = StoreConfig.builder().backend(backend).decayTimeout(DECAY);
    if (backend instanceof Backend.Shared) {
      return new SharedDelivery(files, consumers, limitBytes, kills, surroundings, screen)
          .run(config.maxBytes(known.sharedBytes()).ttl(kills.ttl()).build());
    }
    return new Delivery(files, consumers, limitBytes, surroundings, screen)
        .run(config.maxBytes(MAX_BYTES).build());
  }

  private void write(Path file, FileList files, List<Outcome> outcomes) throws IOException {
    Machine machine = Machine.current(surroundings.nativeAccess());
    Files.writeString(
        file, HtmlReport.of(files, consumers, outcomes, leftOut, machine, ZonedDateTime.now()));
  }

  private ParameterException wrong(String option, Object value, String legal) {
    return wrong(option + "=" + value + ": must be " + legal);
  }

  private ParameterException wrong(String message) {
    return new ParameterException(Objects.requireNonNull(spec, "spec").commandLine(), message);
  }

  private static int explain(Exception failure, Surroundings surroundings) throws Exception {
    return switch (failure) {
      case CancellationException _ -> INTERRUPTED;
      case PinnedStoreException e -> {
        surroundings.err().println("courier: " + e.getMessage());
        yield FAILED;
      }
      case IOException e -> {
        surroundings.err().println("courier: " + Reasons.of(e));
        yield FAILED;
      }
      case UncheckedIOException e -> {
        surroundings.err().println("courier: " + Reasons.of(e.getCause()));
        yield FAILED;
      }
      default -> throw failure;
    };
  }
}
