package dev.pinnedstore.store.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Processes killed at every step between two stores to shared memory, and at any instant. */
class KillCampaignTest {
  private static final int FEW = 20;
  private static final int MANY = 300;

  @RegisterExtension final SharedFiles files = new SharedFiles();

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
  void whatWasPublishedSurvivesAnyDeathAndNothingElseDoes() throws Exception {
    campaign(System.nanoTime(), FEW, 0);
  }

  @Test
  @Tag("slow")
  @Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
  void whatWasPublishedSurvivesHundredsOfDeaths() throws Exception {
    campaign(System.nanoTime(), MANY, Long.getLong("pinnedstore.campaign.seconds", 30));
  }

  private void campaign(long seed, int rounds, long seconds) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    SplittableRandom random = new SplittableRandom(seed);
    List<KillPoint> points = new ArrayList<>();
    TreeSet<String> reached = new TreeSet<>();
    int killed = 0;
    int atStep = 0;
    int done = 0;
    try (VictimProcess.Pool pool = new VictimProcess.Pool(2)) {
      for (; done < rounds || System.nanoTime() - end < 0; done++) {
        if (points.isEmpty()) {
          points.addAll(KillPoint.all());
        }
        KillPoint point = points.remove(random.nextInt(points.size()));
        KillRound round = new KillRound(files.namespace(), pool, random.nextLong(), point);
        try {
          int[] kills = round.run();
          killed += kills[0];
          atStep += kills[1];
          if (kills[1] > 0) {
            reached.add(point.name());
          }
        } catch (RuntimeException | Error e) {
          throw new AssertionError(round + ": " + e.getMessage(), e);
        }
      }
    }
    System.out.printf(
        "KillCampaignTest seed=%d rounds=%d killed=%d atSteps=%d stepsReached=%d%n",
        seed, done, killed, atStep, reached.size());
    assertThat(atStep).isPositive();
    assertThat(killed).isGreaterThanOrEqualTo(rounds / 2);
  }
}
