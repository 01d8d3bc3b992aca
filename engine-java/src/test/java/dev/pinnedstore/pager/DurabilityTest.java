package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a call costs in syncs, and what is durable after it. */
@Tag("contract")
class DurabilityTest {
  private static final Geometry GEOMETRY = new Geometry(10, 65536);

  private final SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
  private Pager pager;
  private boolean unlocked;

  @BeforeEach
  void create() throws IOException {
    pager = Pager.create(disk, GEOMETRY, PagerOptions.defaults(), () -> unlocked = true);
  }

  @AfterEach
  void closeUnlessFailed() {
    if (!disk.hasCrashed()) {
      disk.setFault(SimulatedDisk.Fault.NONE);
      pager.close();
      assertThat(unlocked).isTrue();
    }
  }

  private long syncsOf(Runnable call) {
    long before = disk.syncs();
    call.run();
    return disk.syncs() - before;
  }

  private List<PageId> afterCrash() throws IOException {
    SimulatedDisk left = disk.afterCrash();
    try (Pager other = Pager.open(left, 1024, PagerOptions.defaults(), () -> {})) {
      return PagerFixture.list(other.allocated());
    }
  }

  @Test
  void aChangeCostsOneSyncABulkOfThemToo() {
    pager.reserve(1000);
    assertThat(syncsOf(pager::alloc)).isEqualTo(1);
    assertThat(syncsOf(() -> pager.allocBulk(500))).isEqualTo(1);
    assertThat(syncsOf(() -> pager.freeBulk(PagerFixture.list(pager.allocated())))).isEqualTo(1);
    assertThat(syncsOf(() -> pager.protectedPages().allocBulk(200)))
        .as("their zeros, in each of a few extents, and the change")
        .isLessThanOrEqualTo(6);
    assertThat(syncsOf(() -> pager.setRoot(0, 1))).isEqualTo(1);
    assertThat(syncsOf(pager::flush)).as("nothing to do").isZero();
  }

  @Test
  void aCommitOfAProtectedPageCostsTwoSyncs() {
    ProtectedPage page = pager.allocProtected();
    assertThat(syncsOf(() -> PagerFixture.commit(page, 1))).isEqualTo(2);
  }

  @Test
  void changesWithoutDurabilityCostNoSyncAndShareOne() {
    pager.reserve(1000);
    ProtectedPage page = pager.allocProtected();
    assertThat(
            syncsOf(
                () -> {
                  for (int i = 0; i < 100; i++) {
                    pager.free(pager.alloc(Durability.NONE), Durability.NONE);
                  }
                  try (ProtectedPage.Writer writer = page.writer()) {
                    writer.commit(Durability.NONE);
                  }
                }))
        .isZero();
    assertThat(syncsOf(pager::alloc)).isEqualTo(2);
  }

  @Test
  void freedPagesAndSlotsThatNobodyCommitsDoNotPileUp() {
    SubPageAllocator subs = new SubPageAllocator(pager, 64);
    for (int i = 0; i < 20_000; i++) {
      pager.free(pager.alloc(Durability.NONE), Durability.NONE);
      subs.free(subs.alloc(Durability.NONE), Durability.NONE);
    }
    assertThat(pager.pageCount()).isLessThan(300);
  }

  @Test
  void oneSyncedChangeTakesAllEarlierOnesAlong() throws IOException {
    PageId first = pager.alloc(Durability.NONE);
    PageId second = pager.alloc(Durability.SYNC);
    PageId third = pager.alloc(Durability.NONE);
    assertThat(afterCrash()).startsWith(first, second).doesNotContain(third);
  }

  @Test
  void whatWasFlushedIsDurable() throws IOException {
    PageId id = pager.alloc(Durability.NONE);
    pager.flush();
    assertThat(afterCrash()).containsExactly(id);
  }

  @Test
  void aChangeThatDoesNotFitTheLogIsACheckpoint() throws IOException {
    SimulatedDisk small = new SimulatedDisk(new SplittableRandom(2));
    try (Pager other =
        Pager.create(small, new Geometry(10, 4096), PagerOptions.defaults(), () -> {})) {
      List<PageId> ids = other.allocBulk(600);
      SimulatedDisk left = small.imageOfCrash();
      try (Pager again = Pager.open(left, 1024, PagerOptions.defaults(), () -> {})) {
        assertThat(PagerFixture.list(again.allocated())).isEqualTo(ids);
      }
    }
  }

  @Test
  void groupedChangesAreCommittedByThePagersOwnThread() throws Exception {
    PageId id = pager.alloc(Durability.GROUP);
    // The thread makes the call after the commit that the group was promised, or in it.
    pager.syncAsync().get();
    assertThat(afterCrash()).containsExactly(id);
  }

  @Test
  void asynchronousCallsAreDurableWhenTheyComplete() throws Exception {
    PageId id = pager.allocAsync().get();
    List<PageId> more = pager.allocBulkAsync(3).get();
    pager.freeAsync(id).get();
    pager.freeBulkAsync(more.subList(0, 2)).get();
    assertThat(afterCrash()).containsExactly(more.get(2));
  }

  @Test
  void asynchronousCallsShareSyncs() {
    pager.reserve(300);
    long syncs =
        syncsOf(
            () -> {
              List<CompletableFuture<PageId>> all = new ArrayList<>();
              pager
                  .session()
                  .read(
                      () -> {
                        // The thread waits for the first of them until all are there.
                        for (int i = 0; i < 200; i++) {
                          all.add(pager.allocAsync());
                        }
                        return true;
                      });
              CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();
            });
    assertThat(syncs).isLessThanOrEqualTo(2);
  }

  @Test
  void asynchronousFailuresComeThroughTheFuture() {
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> pager.freeAsync(new PageId(1)).get(10, TimeUnit.SECONDS))
        .withCauseInstanceOf(InvalidPageException.class);
  }

  @Test
  void aCancelledAllocationLeavesNoPage() throws Exception {
    Set<PageId> kept = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      CompletableFuture<PageId> one = pager.allocAsync();
      CompletableFuture<List<PageId>> more = pager.allocBulkAsync(3);
      // Some are too late.
      if (!one.cancel(false)) {
        kept.add(one.get());
      }
      if (!more.cancel(false)) {
        kept.addAll(more.get());
      }
    }
    pager.syncAsync().get();
    pager.syncAsync().get();
    assertThat(new HashSet<>(PagerFixture.list(pager.allocated()))).isEqualTo(kept);
  }

  @Test
  void closeFinishesAsynchronousCalls() throws Exception {
    CompletableFuture<PageId> id = pager.allocAsync();
    pager.close();
    assertThat(id.get()).isNotNull();
    try (Pager again = Pager.open(disk.copyOfCache(), 1024, PagerOptions.defaults(), () -> {})) {
      assertThat(again.page(id.get()).byteSize()).isEqualTo(1024);
    }
  }

  @Test
  void afterASyncThatFailedNothingChangesAnyMore() throws IOException {
    PageId before = pager.alloc();
    disk.setFault(SimulatedDisk.Fault.SYNC_FAILS);
    assertThatExceptionOfType(PagerIoException.class).isThrownBy(() -> pager.alloc());
    disk.setFault(SimulatedDisk.Fault.NONE);
    assertThatExceptionOfType(PagerIoException.class)
        .isThrownBy(() -> pager.alloc())
        .withMessageContaining("stopped after a failed write");
    assertThatExceptionOfType(PagerIoException.class).isThrownBy(() -> pager.free(before));
    assertThatExceptionOfType(PagerIoException.class).isThrownBy(() -> pager.setRoot(0, 1));
    assertThat(pager.page(before).byteSize()).as("reading goes on").isEqualTo(1024);
    assertThat(afterCrash()).contains(before);
  }

  @Test
  void theTestsSeeADiskThatLies() throws IOException {
    disk.setFault(SimulatedDisk.Fault.SYNC_LIES);
    int lost = 0;
    for (int i = 0; i < 20; i++) {
      pager.alloc();
      lost += afterCrashOf(disk) < i + 1 ? 1 : 0;
    }
    assertThat(lost).isPositive();
  }

  private static int afterCrashOf(SimulatedDisk disk) throws IOException {
    SimulatedDisk left = disk.imageOfCrash();
    try (Pager other = Pager.open(left, 1024, PagerOptions.defaults(), () -> {})) {
      return PagerFixture.list(other.allocated()).size();
    } catch (PagerCorruptException e) {
      // Seen to be lost, which is better still.
      return -1;
    }
  }

  @Test
  void aFullDiskIsSaidBeforeAnythingChanges() {
    disk.setCapacity(disk.size());
    List<PageId> ids = new ArrayList<>();
    assertThatExceptionOfType(PagerFullException.class)
        .isThrownBy(
            () -> {
              while (true) {
                ids.add(pager.alloc());
              }
            })
        .withMessageContaining("freeBytes=0");
    assertThatExceptionOfType(PagerFullException.class).isThrownBy(() -> pager.allocBulk(1000));
    assertThatExceptionOfType(PagerFullException.class)
        .isThrownBy(() -> pager.protectedPages().allocBulk(1000));
    assertThat(PagerFixture.list(pager.allocated())).isEqualTo(ids);
    assertThat(PagerFixture.list(pager.protectedPages().allocated())).isEmpty();
    pager.free(ids.getFirst());
    assertThat(pager.alloc().number()).isEqualTo(ids.getFirst().number());
    assertThat(pager.verify().problems()).isEmpty();
  }

  @Test
  void optionsAreChecked() {
    for (Duration interval : List.of(Duration.ZERO, Duration.ofSeconds(2), Duration.ofDays(-1))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> PagerOptions.defaults().withGroupInterval(interval))
          .withMessage("groupInterval=%s: must be between PT0.001S and PT1S", interval);
    }
    PagerOptions options =
        PagerOptions.defaults()
            .withDurability(Durability.NONE)
            .withGroupInterval(Duration.ofMillis(1))
            .withZeroed(true)
            .withSparse(true)
            .withChecked(true)
            .withVerified(true);
    assertThat(options)
        .isEqualTo(new PagerOptions(Durability.NONE, Duration.ofMillis(1), true, true, true, true));
  }
}
