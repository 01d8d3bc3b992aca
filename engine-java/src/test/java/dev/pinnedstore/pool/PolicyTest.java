package dev.pinnedstore.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every policy promises, whatever it is told. */
class PolicyTest {
  @ParameterizedTest
  @MethodSource("dev.pinnedstore.pool.SeedBugsTest#policies")
  void itNamesResidentPagesThatMayGoAndNoOthers(Supplier<EvictionPolicy> policies) {
    for (long seed = 1; seed <= 30; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      EvictionPolicy policy = policies.get();
      int capacity = 1 + random.nextInt(12);
      policy.capacity(capacity);
      Set<Long> resident = new HashSet<>();
      for (int step = 0; step < 2000; step++) {
        long page = random.nextInt(3 * capacity);
        Set<Long> pinned = new HashSet<>();
        resident.forEach(id -> addSometimes(pinned, id, random));
        switch (random.nextInt(8)) {
          case 0 -> {
            policy.remove(page);
            resident.remove(page);
          }
          case 1, 2, 3 -> policy.hit(page);
          default -> {
            if (resident.contains(page)) {
              policy.hit(page);
            } else if (resident.size() < capacity) {
              policy.load(page);
              resident.add(page);
            } else {
              long victim = policy.evict(id -> !pinned.contains(id));
              String where = policy.name() + ", seed=" + seed + ", step=" + step;
              if (pinned.size() == resident.size()) {
                assertThat(victim).as(where).isEqualTo(EvictionPolicy.NO_PAGE);
              } else {
                assertThat(resident).as(where).contains(victim);
                assertThat(pinned).as(where).doesNotContain(victim);
                resident.remove(victim);
              }
            }
          }
        }
      }
      policy.capacity(capacity);
      assertThat(policy.evict(id -> true)).as("forgot").isEqualTo(EvictionPolicy.NO_PAGE);
    }
  }

  private static void addSometimes(Set<Long> pinned, long id, SplittableRandom random) {
    if (random.nextInt(4) > 0) {
      pinned.add(id);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  void aCapacityBelowOneIsRefused(int capacity) {
    SeedBugsTest.policies()
        .forEach(
            policy ->
                assertThatThrownBy(() -> policy.get().capacity(capacity))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("capacity=" + capacity + ": must be 1 or more pages"));
  }

  @Test
  void theExampleReplaysATrace() {
    int[] trace = Traces.loop(1200, 120_000, -1162235295);
    assertThat(PolicySnippets.replay(EvictionPolicy.lirs(), 600, trace, 0))
        .isBetween(58_700L, 58_900L);
    assertThat(PolicySnippets.replay(EvictionPolicy.lru(), 600, trace, 0)).isZero();
  }

  @Test
  void lruKRefusesAKOutOfRange() {
    for (int k : new int[] {0, 17}) {
      assertThatThrownBy(() -> EvictionPolicy.lruK(k))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("k=" + k + ": must be between 1 and 16");
    }
    assertThat(EvictionPolicy.lruK(16).name()).isEqualTo("LRU-16");
  }

  @Test
  void lruKRemembersUsesBeyondResidency() {
    EvictionPolicy policy = EvictionPolicy.lruK(2);
    policy.capacity(2);
    policy.load(1);
    policy.load(2);
    policy.hit(2);
    assertThat(policy.evict(id -> true)).isEqualTo(1);
    // Used twice now, before 2 was used twice: its second last use is the older one.
    policy.load(1);
    assertThat(policy.evict(id -> true)).isEqualTo(1);
    policy.load(3);
    assertThat(policy.evict(id -> true)).as("used once").isEqualTo(3);
  }

  @Test
  void nodesAreFoundAsInAMap() {
    SplittableRandom random = new SplittableRandom(11);
    PageNodes nodes = new PageNodes();
    Map<Long, Integer> model = new HashMap<>();
    for (int step = 0; step < 200_000; step++) {
      long id = random.nextInt(3000) * 0x1_0000_0001L;
      int node = nodes.find(id);
      assertThat(node).isEqualTo(model.getOrDefault(id, PageNodes.NONE));
      if (node == PageNodes.NONE) {
        model.put(id, nodes.add(id));
      } else if (random.nextBoolean()) {
        nodes.remove(node);
        model.remove(id);
      }
      assertThat(nodes.size()).isEqualTo(model.size());
    }
  }

  @Test
  void theAccessLogGivesBackWhatItTookInOrder() {
    AccessLog log = new AccessLog(5);
    for (int round = 0; round < 10; round++) {
      List<Integer> put = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        boolean loaded = i % 3 == round % 3;
        assertThat(loaded ? log.offerLoaded(i) : log.offerUsed(i)).isTrue();
        put.add(loaded ? 100 + i : i);
      }
      assertThat(log.offerUsed(9)).as("full").isFalse();
      assertThat(log.offerLoaded(9)).as("full").isFalse();
      List<Integer> seen = new ArrayList<>();
      log.drain(
          new AccessLog.Sink() {
            @Override
            public void loaded(int frame) {
              seen.add(100 + frame);
            }

            @Override
            public void used(int frame) {
              seen.add(frame);
            }
          });
      assertThat(seen).isEqualTo(put);
    }
  }

  @Test
  void aWordKeepsItsParts() {
    long word = PageWordLayout.placed(0, (1 << 26) - 1, PageWordLayout.RESIDENT);
    for (int i = 0; i < 1000; i++) {
      long busy = PageWordLayout.withLatch(word, PageWordLayout.BUSY);
      assertThat(PageWordLayout.frame(busy)).isEqualTo((1 << 26) - 1);
      assertThat(PageWordLayout.isSame(word, busy)).isFalse();
      assertThat(PageWordLayout.isReadable(busy)).isFalse();
      assertThat(PageWordLayout.canPin(busy)).isFalse();
      word = PageWordLayout.returned(busy);
      assertThat(PageWordLayout.isReadable(word)).isTrue();
    }
    long last = word | ((1L << 38) - (1L << 12));
    long wrapped = PageWordLayout.withLatch(last, PageWordLayout.EXCLUSIVE);
    assertThat(PageWordLayout.frame(wrapped))
        .as("the version does not carry")
        .isEqualTo((1 << 26) - 1);
    assertThat(PageWordLayout.isReadable(wrapped)).isFalse();
    long full = PageWordLayout.withLatch(word, PageWordLayout.RESIDENT + PageWordLayout.MAX_PINS);
    assertThat(PageWordLayout.isReadable(full)).isTrue();
    assertThat(PageWordLayout.canPin(full)).isFalse();
    assertThat(PageWordLayout.canPin(full - 1)).isTrue();
    assertThat(PageWordLayout.canPin(PageWordLayout.absent(word))).isFalse();
  }
}
