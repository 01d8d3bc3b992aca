package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.StoreConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;

/** Starts children that attach to one store, and ends them all. Safe for threads. */
final class Crew {
  /** They live for a second or so, and hold a piece. */
  private static final List<String> OPTIONS =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx64m");

  private final List<String> arguments;
  private final boolean nativeAccess;
  private final AtomicInteger started = new AtomicInteger();
  private final List<Child> children = new ArrayList<>();
  private boolean dismissed;

  Crew(StoreConfig config, boolean nativeAccess) {
    if (!(config.backend() instanceof Backend.Shared shared)) {
      throw new IllegalArgumentException("backend=" + config.backend() + ": must be shared");
    }
    this.arguments =
        List.of(
            shared.namespace(), shared.directory().toString(), config.decayTimeout().toString());
    this.nativeAccess = nativeAccess;
  }

  /**
   * Starts a child.
   *
   * @param main its program
   * @throws CancellationException after {@link #dismiss}
   */
  synchronized Child start(Class<?> main) throws IOException {
    if (dismissed) {
      throw new CancellationException("the JVM ends");
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(OPTIONS);
    command.add(
        nativeAccess ? "--enable-native-access=ALL-UNNAMED" : "--illegal-native-access=deny");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    Child child = new Child(main.getSimpleName() + " " + started.incrementAndGet(), process);
    children.add(child);
    return child;
  }

  /** Kills those that are alive, waits until they are dead, and starts no more. */
  synchronized void dismiss() {
    dismissed = true;
    children.forEach(Child::kill);
    children.forEach(Child::awaitDeath);
  }
}
