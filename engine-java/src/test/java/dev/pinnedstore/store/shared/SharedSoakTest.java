package dev.pinnedstore.store.shared;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.PinnedStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two processes that write, two that read and one that cleans up, at the limit all the while. */
class SharedSoakTest {
  private static final int PAIRS = 2;

  @RegisterExtension final SharedFiles files = new SharedFiles();

  @Test
  @Timeout(value = 3, unit = TimeUnit.MINUTES)
  void aShortWhile() throws Exception {
    soak(5);
  }

  @Test
  @Tag("slow")
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  void aLongWhile() throws Exception {
    long seconds = Math.max(60, Long.getLong("pinnedstore.campaign.seconds", 60));
    System.out.printf("SharedSoakTest seconds=%d blobs=%d%n", seconds, soak(seconds));
  }

  private long soak(long seconds) throws Exception {
    String namespace = files.namespace();
    List<Process> children = new ArrayList<>();
    try (PinnedStore store = PinnedStore.open(SoakProcess.config(namespace))) {
      Process cleaner = start(children, "cleaner", namespace);
      List<CompletableFuture<Long>> read = new ArrayList<>();
      AtomicLong sent = new AtomicLong();
      for (int i = 0; i < PAIRS; i++) {
        Process writer = start(children, "writer", namespace, "" + i, "" + seconds * 1000);
        Process reader = start(children, "reader", namespace);
        Thread.ofPlatform().daemon().start(() -> pass(writer, reader, sent));
        read.add(CompletableFuture.supplyAsync(() -> count(reader)));
      }
      long blobs = 0;
      for (CompletableFuture<Long> each : read) {
        blobs += each.get();
      }
      assertThat(blobs).isPositive().isEqualTo(sent.get());
      cleaner.getOutputStream().close();
      cleaner.destroy();
      children.remove(cleaner);
      for (Process child : children) {
        assertThat(child.waitFor()).as("exit of %s", child.info().commandLine()).isZero();
      }
      cleaner.waitFor();
      store.maintain();
      assertThat(store.stats().liveBlobs()).isZero();
      assertThat(store.stats().appendedBlobs()).isEqualTo(blobs);
      return blobs;
    } finally {
      children.forEach(Process::destroyForcibly);
    }
  }

  private static Process start(List<Process> children, String... args) throws IOException {
    boolean granted = PinnedStore.class.getModule().isNativeAccessEnabled();
    Process child =
        PeerProcess.command(SoakProcess.class, granted, args)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    children.add(child);
    return child;
  }

  /** Passes the writer's lines on, until there are no more. */
  private static void pass(Process writer, Process reader, AtomicLong sent) {
    BufferedReader from = writer.inputReader(UTF_8);
    try (PrintStream to = new PrintStream(reader.getOutputStream(), true, UTF_8)) {
      from.lines()
          .forEach(
              line -> {
                sent.incrementAndGet();
                to.println(line);
              });
    }
  }

  private static long count(Process reader) {
    return reader.inputReader(UTF_8).lines().mapToLong(Long::parseLong).sum();
  }
}
