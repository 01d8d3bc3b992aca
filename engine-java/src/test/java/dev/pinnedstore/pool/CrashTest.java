package dev.pinnedstore.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.pool.SimulatedDisk.Fault;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A crash at every I/O, inside recovery too, loses nothing that was made durable and tears no page.
 */
class CrashTest {
  private static final int STEPS = 40;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCrashAtEveryIoIsSurvived(boolean checksums) {
    for (long seed = 1; seed <= 4; seed++) {
      crashEverywhere(seed, Fault.NONE, checksums);
    }
  }

  @Test
  void aCrashAtEveryIoOfTheRecoveryIsSurvived() {
    for (long seed = 1; seed <= 3; seed++) {
      for (long at = 20; at < 60; at += 7) {
        for (long again = 0; again < 12; again++) {
          crash(seed, at, again, Fault.NONE, true);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = Fault.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void aDiskThatDoesLessIsFoundOut(Fault fault) {
    assertThatThrownBy(
            () -> {
              for (long seed = 1; seed <= 20; seed++) {
                crashEverywhere(seed, fault, true);
              }
            })
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("seed=");
  }

  @Test
  void aDiskThatAlsoFailsIsSurvived() {
    for (long seed = 1; seed <= 300; seed++) {
      failAndCrash(seed);
    }
  }

  /** Errors, short reads, writes torn half way and failed syncs, and then a crash. */
  private static void failAndCrash(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    CrashRun run = new CrashRun(seed, Fault.NONE, true);
    try {
      run.disk().failuresInThousand = 1 + random.nextInt(100);
      run.disk().syncsFail = true;
      run.disk().stopAt = random.nextInt(200);
      run.run(STEPS);
      run.disk().failuresInThousand = 0;
      run.recover(random.nextInt(3) == 0 ? random.nextInt(12) : -1);
      run.run(STEPS / 4);
      run.recover(-1);
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("seed=" + seed + ", with failures: " + e, e);
    }
  }

  @Test
  void aDamagedAreaDamagesNoPage() {
    SplittableRandom random = new SplittableRandom(5);
    for (long seed = 1; seed <= 200; seed++) {
      CrashRun run = new CrashRun(seed, Fault.NONE, true);
      run.disk().stopAt = 30 + random.nextInt(40);
      boolean stopped = run.run(STEPS);
      // Not after a crash: then the area may be needed, and damage is one fault too many.
      run.recover(-1);
      for (int i = 0; i < 3 && stopped; i++) {
        run.disk().area.flip(random.nextInt(256), random.nextInt(8));
      }
      try {
        run.recover(-1);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed=" + seed + ": " + e, e);
      }
    }
  }

  @Test
  @Tag("slow")
  void aLongRunOfCrashesIsSurvived() {
    long end =
        System.nanoTime() + 1_000_000_000L * Long.getLong("pinnedstore.campaign.seconds", 30);
    long first = System.nanoTime();
    long runs = 0;
    for (long seed = first; System.nanoTime() - end < 0; seed++) {
      crashEverywhere(seed, Fault.NONE, (seed & 1) == 0);
      for (int i = 0; i < 50; i++) {
        failAndCrash(seed + i);
      }
      runs++;
    }
    System.out.println("crashes of a pool: " + runs + " seeds from " + first);
    assertThat(runs).isPositive();
  }

  private static void crashEverywhere(long seed, Fault fault, boolean checksums) {
    for (long at = 0; crash(seed, at, -1, fault, checksums); at++) {
      assertThat(at).as("I/O of one run").isLessThan(10_000);
    }
  }

  /** Crashes at one I/O; false if the run ended before it came. */
  private static boolean crash(long seed, long at, long again, Fault fault, boolean checksums) {
    CrashRun run = new CrashRun(seed, fault, checksums);
    try {
      run.disk().stopAt = at;
      boolean stopped = run.run(STEPS);
      run.recover(again);
      // What was recovered is as good as what was there before.
      run.run(STEPS / 4);
      run.recover(-1);
      return stopped;
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "seed=" + seed + ", stop at " + at + ", again at " + again + ", " + fault + ": " + e, e);
    }
  }
}
