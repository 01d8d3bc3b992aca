package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A crash at every write and sync, in recovery too; the seed and the call are in every failure. */
@Tag("contract")
class CrashTest {
  private static final int STEPS = 60;

  @Test
  void whatACrashLeavesIsAStateThatWasAndNoOlderThanTheLastDurableOne() throws Exception {
    campaign(1, 4);
  }

  @Test
  @Tag("slow")
  void manyCrashesLeaveStatesThatWere() throws Exception {
    long seconds = Long.getLong("pinnedstore.campaign.seconds", 30);
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    long runs = 0;
    for (long seed = 1000; System.nanoTime() < end; seed++) {
      runs += campaign(seed, seed + 1);
    }
    System.out.println("simulated crashes: " + runs);
  }

  private static long campaign(long fromSeed, long toSeed) throws Exception {
    long runs = 0;
    for (long seed = fromSeed; seed < toSeed; seed++) {
      CrashRun whole = new CrashRun(seed);
      long before = whole.disk().calls();
      assertThat(whole.run(STEPS)).isFalse();
      long calls = whole.disk().calls() - before;
      for (long crash = 1; crash <= calls; crash++) {
        run(seed, crash);
        runs++;
      }
    }
    assertThat(runs).isPositive();
    return runs;
  }

  private static void run(long seed, long crash) throws Exception {
    try {
      CrashRun run = new CrashRun(seed);
      run.disk().crashAfter(crash);
      assertThat(run.run(STEPS)).isTrue();
      run.recover((int) (crash % 3));
      for (int again = 1; again <= 2; again++) {
        run.disk().crashAfter(1 + crash * again % 50);
        run.run(STEPS);
        run.recover(again - 1);
      }
    } catch (RuntimeException | Error e) {
      throw new AssertionError("seed=" + seed + " crash=" + crash + ": " + e.getMessage(), e);
    }
  }
}
