package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Two threads change one pager on a disk that stops: of each thread a prefix of its changes is
 * left, and all that it was told to be durable.
 */
@Tag("contract")
class CrashThreadsTest {
  private static final int PAGES = 3;

  /** What one thread did: the pages of each round, and the last round that was durable. */
  private static final class Owner implements Callable<Owner> {
    private final Pager pager;
    private final int root;
    private final SplittableRandom random;
    private final List<List<PageId>> rounds = new ArrayList<>();
    private int durable;

    Owner(Pager pager, int root, long seed) {
      this.pager = pager;
      this.root = root;
      this.random = new SplittableRandom(seed);
    }

    @Override
    public Owner call() {
      try {
        for (int round = 1; round <= 60; round++) {
          Durability durability = Durability.values()[random.nextInt(3)];
          rounds.add(pager.allocBulk(PAGES, Durability.NONE));
          pager.setRoot(root, round, durability);
          durable = durability == Durability.SYNC ? round : durable;
        }
      } catch (PagerException | SimulatedDisk.Crash e) {
        // The disk has stopped, which the test looks at.
      }
      return this;
    }
  }

  @Test
  void eachThreadKeepsAPrefixOfItsChanges() throws Exception {
    int crashes = 0;
    for (long seed = 1; seed <= 60; seed++) {
      SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(seed));
      Geometry geometry = new Geometry(10, JournalLayout.MIN_LOG_BYTES);
      Pager pager = Pager.create(disk, geometry, PagerOptions.defaults(), () -> {});
      disk.crashAfter(1 + seed * 3 % 100);
      List<Owner> owners = run(pager, seed);
      crashes += disk.hasCrashed() ? 1 : 0;
      SimulatedDisk left = disk.afterCrash();
      try {
        pager.close();
      } catch (PagerException | SimulatedDisk.Crash e) {
        assertThat(disk.hasCrashed()).isTrue();
      }
      try (Pager again = Pager.open(left, 1024, PagerOptions.defaults(), () -> {})) {
        assertThat(again.verify().problems()).as("seed %d", seed).isEmpty();
        Set<PageId> found = new TreeSet<>((a, b) -> Long.compare(a.value(), b.value()));
        again.allocated().forEach(found::add);
        for (Owner owner : owners) {
          check(owner, again.root(owner.root), found, seed);
        }
      }
    }
    assertThat(crashes).isPositive();
  }

  private static List<Owner> run(Pager pager, long seed) throws Exception {
    List<Owner> owners = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      for (Future<Owner> owner :
          threads.invokeAll(List.of(new Owner(pager, 0, seed), new Owner(pager, 1, -seed)))) {
        owners.add(owner.get());
      }
    }
    return owners;
  }

  private static void check(Owner owner, long round, Set<PageId> found, long seed) {
    assertThat(round).as("seed %d", seed).isGreaterThanOrEqualTo(owner.durable);
    for (int i = 0; i < owner.rounds.size(); i++) {
      if (i < round) {
        assertThat(found).as("seed %d", seed).containsAll(owner.rounds.get(i));
      } else if (i > round) {
        assertThat(found).as("seed %d", seed).doesNotContainAnyElementsOf(owner.rounds.get(i));
      }
    }
  }
}
