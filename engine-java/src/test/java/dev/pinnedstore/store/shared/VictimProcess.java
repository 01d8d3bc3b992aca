package dev.pinnedstore.store.shared;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A {@link Victim} and all that it has said. Used by one thread. */
final class VictimProcess {
  /** JVMs that have been started and were told nothing yet. */
  static final class Pool implements AutoCloseable {
    private final Deque<VictimProcess> waiting = new ArrayDeque<>();

    Pool(int size) {
      for (int i = 0; i < size; i++) {
        waiting.add(new VictimProcess());
      }
    }

    VictimProcess take() {
      waiting.add(new VictimProcess());
      return waiting.remove();
    }

    @Override
    public void close() {
      for (VictimProcess each : waiting) {
        each.process.destroyForcibly();
      }
    }
  }

  private static final String END = "";
  private static final long LONGEST_SECONDS = 60;

  /** Published and, as far as it has said, not acknowledged by it. */
  final Map<BlobHandle, Long> published = new HashMap<>();

  /** It has said that it acknowledges them, and not that it did. */
  final Set<BlobHandle> acknowledging = new HashSet<>();

  final Set<BlobHandle> acknowledged = new HashSet<>();
  boolean joined;
  boolean appending;
  boolean leaving;
  boolean ended;

  /** False where blobs expire. */
  boolean strict = true;

  private boolean left;
  private boolean shot;
  private final Process process;
  private final PrintStream in;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  private VictimProcess() {
    try {
      process =
          PeerProcess.command(Victim.class, PinnedStore.class.getModule().isNativeAccessEnabled())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    in = new PrintStream(process.getOutputStream(), true, UTF_8);
    Thread.ofVirtual().start(this::read);
  }

  private void read() {
    try (BufferedReader out = process.inputReader(UTF_8)) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        lines.add(line);
      }
    } catch (IOException _) {
      // As it is when the process is killed.
    } finally {
      lines.add(END);
    }
  }

  void tell(String... commands) {
    for (String command : commands) {
      in.println(command);
    }
  }

  /** Listens until it has joined or has died. */
  void awaitJoined() throws InterruptedException {
    while (!joined && !ended) {
      listenOnce(LONGEST_SECONDS * 1000);
    }
  }

  /** Notes what it has said by now. */
  void listen() throws InterruptedException {
    while (!ended && !lines.isEmpty()) {
      listenOnce(0);
    }
  }

  /** Listens until it has died, or has left in good order and is killed then. */
  void awaitEnd() throws InterruptedException {
    while (!ended) {
      listenOnce(LONGEST_SECONDS * 1000);
    }
    process.waitFor();
  }

  /** Ends it as it is, and notes all that it has said. */
  void kill() throws InterruptedException {
    shot |= process.isAlive();
    process.destroyForcibly().waitFor();
    awaitEnd();
  }

  /** Whether it ended itself, at the wanted step. */
  boolean diedAtStep() {
    return !left && !shot && process.exitValue() == 137;
  }

  /** Whether it ended without having left. */
  boolean died() {
    return !left;
  }

  private void listenOnce(long millis) throws InterruptedException {
    String line = lines.poll(millis, TimeUnit.MILLISECONDS);
    if (line == null) {
      process.destroyForcibly();
      throw new AssertionError("the victim hangs: " + this);
    }
    String[] words = line.split(" ");
    switch (words[0]) {
      case END -> ended = true;
      case "joined" -> joined = true;
      case "s" -> appending = true;
      case "c" -> appending = false;
      case "p" -> {
        appending = false;
        published.put(BlobHandle.fromHex(words[2]), Long.parseLong(words[1]));
      }
      case "a" -> acknowledging.add(BlobHandle.fromHex(words[1]));
      case "A" -> acknowledged(BlobHandle.fromHex(words[1]), words[2]);
      case "leaving" -> leaving = true;
      case "left" -> {
        left = true;
        process.destroyForcibly();
      }
      default -> throw new AssertionError("the victim says: " + line);
    }
  }

  private void acknowledged(BlobHandle handle, String result) {
    acknowledging.remove(handle);
    published.remove(handle);
    if (result.equals("true")) {
      acknowledged.add(handle);
    } else if (strict) {
      throw new AssertionError("refused to the victim: " + handle);
    } else {
      // Expired by its clock, which is ahead; by the survivor's it may be live.
      acknowledging.add(handle);
    }
  }

  @Override
  public String toString() {
    return "Victim[pid=" + process.pid() + " published=" + published.size() + "]";
  }
}
