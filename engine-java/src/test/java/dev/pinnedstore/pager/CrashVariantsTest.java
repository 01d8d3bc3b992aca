package dev.pinnedstore.pager;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Crashes with other page sizes, and beside the pager's own thread; seeds are in every failure. */
@Tag("contract")
class CrashVariantsTest {
  private static final int STEPS = 60;

  /** Pages of the size of a block and larger, which lie in other extents and pairs. */
  @ParameterizedTest
  @ValueSource(ints = {11, 12, 13})
  void pagesOfOtherSizesSurviveCrashesToo(int pageShift) throws Exception {
    for (long seed = 1; seed <= 30; seed++) {
      crashSometimes(seed, pageShift, Durability.NONE);
    }
  }

  /** The pager's thread commits beside the one that changes, and is stopped in that. */
  @Test
  void groupedChangesSurviveCrashesToo() throws Exception {
    for (long seed = 1; seed <= 60; seed++) {
      crashSometimes(seed, 10, Durability.GROUP);
    }
  }

  @Test
  @Tag("slow")
  void manyCrashesBesideThePagersThreadLeaveStatesThatWere() throws Exception {
    long seconds = Long.getLong("pinnedstore.campaign.seconds", 30);
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    long runs = 0;
    for (long seed = 5000; System.nanoTime() < end; seed++) {
      crashSometimes(
          seed, 10 + (int) (seed % 4), seed % 2 == 0 ? Durability.GROUP : Durability.NONE);
      runs++;
    }
    System.out.println("simulated crashes of other page sizes and groups: " + 3 * runs);
  }

  private static void crashSometimes(long seed, int pageShift, Durability lazy) throws Exception {
    try {
      CrashRun run = new CrashRun(seed, pageShift, lazy);
      for (int crash = 1; crash <= 3; crash++) {
        run.disk().crashAfter(1 + seed * 7 * crash % 120);
        run.run(STEPS);
        run.recover(crash % 2);
      }
    } catch (RuntimeException | Error e) {
      throw new AssertionError("seed=" + seed + ": " + e.getMessage(), e);
    }
  }
}
