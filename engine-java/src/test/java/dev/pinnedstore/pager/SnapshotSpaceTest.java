package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a snapshot takes space for, and who waits for that. */
class SnapshotSpaceTest extends PagerFixture {

  /** A thousand words of the slot map, in sixteen leaves of it. */
  @BeforeEach
  void fill() {
    new SubPageAllocator(pager, 128).allocBulk(2000);
    pager.allocBulk(1000);
  }

  private void snapshot(Consumer<String> watcher) throws IOException {
    SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1), 8 << 20);
    SnapshotTest.of(pager).copyTo(WatchedDisk.of(disk, watcher));
    try (Pager copy = Pager.open(disk, PAGE, PagerOptions.defaults(), () -> {})) {
      assertThat(copy.verify().problems()).isEmpty();
      assertThat(list(copy.allocated())).isEqualTo(list(pager.allocated()));
    }
  }

  @Test
  void nobodyWaitsWhileSpaceIsTaken() throws IOException {
    List<Long> answers = new ArrayList<>();
    snapshot(
        call -> {
          if (call.equals("allocate") || call.equals("map")) {
            answers.add(
                CompletableFuture.supplyAsync(pager::pageCount)
                    .orTimeout(20, TimeUnit.SECONDS)
                    .join());
          }
        });
    assertThat(answers).hasSizeGreaterThan(10).containsOnly(pager.pageCount());
  }

  @Test
  void spaceIsTakenOnceForEachBlock() throws IOException {
    List<String> calls = new ArrayList<>();
    snapshot(calls::add);
    assertThat(Collections.frequency(calls, "allocate")).isBetween(16, 50);
  }

  /** Pages that are added while space is taken have theirs when the maps are copied. */
  @Test
  void aPagerThatGrowsMeanwhileIsCopiedWithWhatWasAdded() throws IOException {
    SubPageAllocator subs = new SubPageAllocator(pager, 64);
    int[] growths = new int[1];
    snapshot(
        call -> {
          if (call.equals("allocate") && growths[0]++ % 4 == 0 && growths[0] < 20) {
            pager.allocBulk(100);
            subs.allocBulk(50);
          }
        });
    assertThat(growths[0]).isGreaterThan(20);
  }
}
