package dev.pinnedstore.store.shared;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A peer in a JVM of its own, spoken to as {@link PeerLines} says. */
final class PeerProcess implements Peer {
  private final Process process;
  private final BufferedReader out;
  private final PrintStream in;

  private PeerProcess(Process process) {
    this.process = process;
    this.out = process.inputReader(UTF_8);
    this.in = new PrintStream(process.getOutputStream(), true, UTF_8);
  }

  static PeerProcess create(
      Class<?> main, Path directory, String namespace, long chunkSize, int maxChunks) {
    PeerProcess peer = start(main, directory);
    peer.ask("create " + namespace + " " + chunkSize + " " + maxChunks);
    return peer;
  }

  static PeerProcess attach(Class<?> main, Path directory, String namespace) {
    PeerProcess peer = start(main, directory);
    peer.ask("attach " + namespace);
    return peer;
  }

  private static PeerProcess start(Class<?> main, Path directory) {
    boolean granted = PinnedStore.class.getModule().isNativeAccessEnabled();
    try {
      return new PeerProcess(
          command(main, granted, directory.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A JVM that starts quickly. */
  static ProcessBuilder command(Class<?> main, boolean granted, String... args) {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"));
    words.add("-Xmx64m");
    words.add(granted ? "--enable-native-access=ALL-UNNAMED" : "--illegal-native-access=deny");
    words.add("-cp");
    words.add(rootOf(PinnedStore.class) + ":" + rootOf(PeerProcess.class));
    words.add(main.getName());
    words.addAll(List.of(args));
    return new ProcessBuilder(words);
  }

  /** Where a class was loaded from; its code source is not it when tests patch the module. */
  private static Path rootOf(Class<?> type) {
    try {
      Path root = Path.of(type.getResource(type.getSimpleName() + ".class").toURI());
      for (int i = type.getName().split("\\.").length; i > 0; i--) {
        root = root.getParent();
      }
      return root;
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private String ask(String line) {
    in.println(line);
    try {
      String answer = out.readLine();
      if (answer == null) {
        throw new AssertionError("the child ended at: " + line);
      }
      if (answer.startsWith(PeerLines.ERROR)) {
        throw new Refused(answer.substring(PeerLines.ERROR.length()));
      }
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public BlobHandle append(byte[] blob) {
    return BlobHandle.fromHex(ask("append " + HexFormat.of().formatHex(blob)));
  }

  @Override
  public byte @Nullable [] resolve(BlobHandle handle) {
    String answer = ask("resolve " + handle.toHex());
    return answer.equals(PeerLines.NONE) ? null : HexFormat.of().parseHex(answer);
  }

  @Override
  public boolean acknowledge(BlobHandle handle) {
    return Boolean.parseBoolean(ask("ack " + handle.toHex()));
  }

  @Override
  public int cleanup(long ttlMillis, long decayMillis) {
    return Integer.parseInt(ask("cleanup " + ttlMillis + " " + decayMillis));
  }

  /** Closes the peer and waits for the end of its process. */
  @Override
  public void close() {
    if (process.isAlive()) {
      try {
        ask("quit");
        process.waitFor();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        process.destroyForcibly();
      }
    }
  }

  /** Ends the process as it is, and waits for its end. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
