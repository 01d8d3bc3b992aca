package dev.pinnedstore.store.shared;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.store.PinnedStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Files of a namespace that another process of the same user writes into, cuts off or replaces. */
class HostileBytesTest {
  private static final int FEW = 150;
  private static final int MANY = 10_000;
  private static final long LONGEST_SECONDS = 60;
  private static final String END = "";

  @RegisterExtension final SharedFiles files = new SharedFiles();

  @Test
  void changedFilesGiveExceptionsOrTheRightBytes() throws Exception {
    campaign(1, FEW);
  }

  @Test
  @Tag("slow")
  void filesChangedInTenThousandWaysGiveExceptionsOrTheRightBytes() throws Exception {
    long seed = System.nanoTime();
    long end = seed + TimeUnit.SECONDS.toNanos(Long.getLong("pinnedstore.campaign.seconds", 30));
    long rounds = 0;
    long refusals = 0;
    do {
      refusals += campaign(seed + rounds, MANY);
      rounds += MANY;
    } while (System.nanoTime() - end < 0);
    System.out.printf("HostileBytesTest seed=%d rounds=%d refusals=%d%n", seed, rounds, refusals);
  }

  /** Returns how often something was refused. */
  private long campaign(long seed, int rounds) throws Exception {
    boolean granted = PinnedStore.class.getModule().isNativeAccessEnabled();
    Process process =
        PeerProcess.command(HostileTarget.class, granted, files.namespace(), "" + seed, "" + rounds)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try (BufferedReader out = process.inputReader(UTF_8)) {
                out.lines().forEach(lines::add);
              } catch (IOException e) {
                lines.add("failed " + e);
              }
              lines.add(END);
            });
    try {
      String round = "";
      long refusals = 0;
      int done = 0;
      while (true) {
        String line = lines.poll(LONGEST_SECONDS, TimeUnit.SECONDS);
        assertThat(line).as("hangs in %s", round).isNotNull();
        if (line.equals(END)) {
          break;
        } else if (line.startsWith("round ")) {
          round = line;
        } else {
          assertThat(line).as("%s", round).startsWith("ok ");
          refusals += Long.parseLong(line.substring(3));
          done++;
        }
      }
      assertThat(process.waitFor()).as("exit of the process in %s", round).isZero();
      assertThat(done).isEqualTo(rounds);
      assertThat(refusals).isPositive();
      return refusals;
    } finally {
      process.destroyForcibly().waitFor();
    }
  }
}
