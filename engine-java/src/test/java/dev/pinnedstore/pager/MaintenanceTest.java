package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** Snapshots, compaction and shrinking. */
class MaintenanceTest extends PagerFixture {

  // ---- snapshot

  @Test
  void aSnapshotHasEverythingUnderTheSameNames() throws IOException {
    List<PageId> ids = pager.allocBulk(1000);
    ids.forEach(id -> set(pager, id, (int) id.number()));
    pager.freeBulk(ids.subList(10, 500));
    ProtectedPage guarded = pager.allocProtected();
    commit(guarded, 7);
    SubPageAllocator subs = new SubPageAllocator(pager, 64);
    SubPageId sub = subs.allocBulk(70).getLast();
    subs.page(sub).fill((byte) 8);
    pager.setRoot(3, 33);
    Path copy = directory.resolve("copy");
    pager.snapshot(copy);

    set(pager, ids.getFirst(), 99);
    commit(guarded, 100);
    try (Pager other = Pager.open(copy, PAGE)) {
      assertThat(other.verify().problems()).isEmpty();
      assertThat(list(other.allocated())).isEqualTo(list(pager.allocated()));
      for (PageId id : other.allocated()) {
        assertThat(get(other, id)).isEqualTo((byte) id.number());
      }
      assertThat(get(other.protectedPage(guarded.value()))).isEqualTo(7);
      SubPageAllocator otherSubs = new SubPageAllocator(other, 64);
      assertThat(otherSubs.page(sub).toArray(JAVA_BYTE)).containsOnly(8);
      assertThat(otherSubs.allocatedCount()).isEqualTo(70);
      assertThat(other.root(3)).isEqualTo(33);
      assertThatExceptionOfType(InvalidPageException.class)
          .isThrownBy(() -> other.page(ids.get(20)));
      PageId fresh = other.alloc();
      assertThat(ids).doesNotContain(fresh);
    }
    assertThat(directory.resolve("copy.unfinished")).doesNotExist();
  }

  @Test
  void aSnapshotReplacesNothing() throws IOException {
    Path copy = Files.createFile(directory.resolve("copy"));
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(() -> pager.snapshot(copy));
    assertThat(copy).isEmptyFile();
  }

  @Test
  void pagesFreedDuringASnapshotAreNotHandedOutBeforeItsEnd() {
    PageId id = pager.alloc();
    pager.session().file().lock();
    pager.session().file().changes().freeze();
    pager.session().file().unlock();
    pager.free(id);
    assertThat(pager.alloc().number()).isNotEqualTo(id.number());
    pager.session().file().lock();
    pager.session().file().changes().thaw();
    pager.session().file().unlock();
    assertThat(pager.alloc().number()).isEqualTo(id.number());
  }

  // ---- compact and shrink

  @Test
  void compactionFillsHolesAndTellsOfEachMove() throws IOException {
    List<PageId> ids = pager.allocBulk(3000);
    ids.forEach(id -> set(pager, id, (int) id.number()));
    List<ProtectedPage> guarded = pager.protectedPages().allocBulk(30);
    for (int i = 0; i < 30; i++) {
      commit(guarded.get(i), i);
    }
    Map<Long, Integer> contents = new HashMap<>();
    for (int i = 2900; i < 3000; i++) {
      contents.put(ids.get(i).value(), get(pager, ids.get(i)));
    }
    pager.freeBulk(ids.subList(0, 2900));
    Map<Long, Integer> moved = new HashMap<>();
    List<Integer> guardedContents = new ArrayList<>();
    long moves =
        pager.compact(
            (from, to) -> {
              if (from instanceof PageId page && to instanceof PageId target) {
                assertThat(get(pager, page)).isEqualTo(get(pager, target));
                moved.put(target.value(), contents.remove(page.value()));
              } else if (to instanceof ProtectedPage page) {
                guardedContents.add(get(page));
              }
            });
    assertThat(moves).isEqualTo(130);
    assertThat(contents).isEmpty();
    assertThat(guardedContents).hasSize(30).doesNotHaveDuplicates();
    assertThat(list(pager.allocated())).hasSize(100);
    assertThat(list(pager.allocated()).getLast().number()).isLessThan(260);
    moved.forEach((id, value) -> assertThat(get(pager, new PageId(id))).isEqualTo(value));

    long before = Files.size(path);
    long lost = pager.shrink();
    assertThat(lost).isGreaterThan(2700);
    assertThat(Files.size(path)).isLessThan(before);
    reopen();
    assertThat(pager.verify().problems()).isEmpty();
    moved.forEach((id, value) -> assertThat(get(pager, new PageId(id))).isEqualTo(value));
    List<PageId> again = pager.allocBulk(3000);
    assertThat(again).doesNotContainAnyElementsOf(ids);
    assertThat(pager.verify().problems()).isEmpty();
  }

  @Test
  void aCompactPagerIsLeftAlone() {
    pager.allocBulk(100);
    assertThat(pager.compact((from, to) -> {})).isZero();
  }

  @Test
  void aCallbackThatThrowsKeepsEveryPageOnce() {
    List<PageId> ids = pager.allocBulk(100);
    pager.freeBulk(ids.subList(0, 50));
    int[] calls = new int[1];
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                pager.compact(
                    (from, to) -> {
                      if (++calls[0] == 10) {
                        throw new IllegalStateException("enough");
                      }
                    }))
        .withMessage("enough");
    assertThat(list(pager.allocated())).hasSize(50);
    assertThat(pager.verify().problems()).isEmpty();
  }

  @Test
  void aCallbackMayFreeAndAllocateItself() {
    List<PageId> ids = pager.allocBulk(200);
    ids.forEach(id -> set(pager, id, (int) id.number()));
    pager.freeBulk(ids.subList(0, 100));
    int[] calls = new int[1];
    List<PageId> made = new ArrayList<>();
    pager.compact(
        (from, to) -> {
          switch (calls[0]++ % 4) {
            case 0 -> pager.free((PageId) from);
            case 1 -> pager.free((PageId) to);
            case 2 -> made.add(pager.alloc());
            default -> {}
          }
        });
    assertThat(calls[0]).isPositive();
    assertThat(list(pager.allocated())).hasSize(100 + made.size() - (calls[0] + 2) / 4);
    assertThat(list(pager.allocated())).containsAll(made);
    assertThat(pager.verify().problems()).isEmpty();
  }

  @Test
  void aProtectedPageWithAWriterStaysWhereItIs() {
    List<PageId> ids = pager.allocBulk(100);
    ProtectedPage one = pager.allocProtected();
    pager.freeBulk(ids);
    try (ProtectedPage.Writer writer = one.writer()) {
      assertThat(pager.compact((from, to) -> {})).isZero();
      writer.segment().set(JAVA_BYTE, 0, (byte) 5);
      writer.commit();
    }
    assertThat(get(one)).isEqualTo(5);
    assertThat(pager.compact((from, to) -> {})).isEqualTo(1);
  }

  @Test
  void aCompactionCopiesLargePagesInSmallRounds() throws IOException {
    Path large = directory.resolve("large");
    try (Pager other = Pager.create(large, 32 << 20, PagerOptions.defaults().withSparse(true))) {
      List<PageId> ids = other.allocBulk(8);
      ids.forEach(id -> set(other, id, 7));
      other.freeBulk(ids.subList(0, 4));
      List<Long> inUse = new ArrayList<>();
      other.compact((from, to) -> inUse.add(other.pageCount() - other.freePageCount()));
      assertThat(inUse).as("two copies at a time").containsExactly(6L, 6L, 6L, 6L);
    }
  }

  @Test
  void changesGoOnDuringACompaction() throws Exception {
    List<PageId> ids = pager.allocBulk(3000);
    pager.freeBulk(ids.subList(0, 2000));
    CompletableFuture<Long> moves = pager.compactAsync((from, to) -> {});
    List<PageId> mine = new ArrayList<>();
    do {
      PageId id = pager.alloc(Durability.NONE);
      set(pager, id, mine.size());
      mine.add(id);
      pager.allocProtected();
      // Not all of the free places: some are left to move to, however late that begins.
    } while (!moves.isDone() && mine.size() < 300);
    assertThat(moves.get()).isPositive();
    assertThat(list(pager.allocated()).size() - mine.size()).isEqualTo(1000);
    assertThat(pager.verify().problems()).isEmpty();
  }

  @Test
  void snapshotsAreMadeWithoutWaitingToo() throws Exception {
    PageId id = pager.alloc();
    Path copy = directory.resolve("copy");
    pager.snapshotAsync(copy).get();
    try (Pager other = Pager.open(copy, PAGE)) {
      assertThat(list(other.allocated())).containsExactly(id);
    }
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> pager.snapshotAsync(copy).get())
        .withCauseInstanceOf(FileAlreadyExistsException.class);
  }

  @Test
  void aSnapshotHasTheReuseCountsOfCrashes() throws IOException {
    PageId id = pager.alloc();
    Path killed = directory.resolve("killed");
    // As a kill would leave it.
    Files.copy(path, killed);
    try (Pager again = Pager.open(killed, PAGE)) {
      PageId second = again.alloc();
      again.free(second);
      Path copy = directory.resolve("copy");
      again.snapshot(copy);
      try (Pager other = Pager.open(copy, PAGE)) {
        assertThat(other.alloc()).isNotIn(id, second);
      }
    }
  }

  @Test
  void oldIdsStayRefusedAfterAShrinkAndGrowth() throws IOException {
    List<PageId> ids = pager.allocBulk(2000);
    SubPageAllocator subs = new SubPageAllocator(pager, 512);
    List<SubPageId> subIds = subs.allocBulk(100);
    subs.freeBulk(subIds);
    pager.freeBulk(ids);
    assertThat(pager.shrink()).isGreaterThanOrEqualTo(2000);
    assertThat(pager.pageCount()).isZero();
    reopen();
    List<PageId> again = pager.allocBulk(2000);
    assertThat(again).doesNotContainAnyElementsOf(ids);
    SubPageAllocator subsAgain = new SubPageAllocator(pager, 512);
    assertThat(subsAgain.allocBulk(100)).doesNotContainAnyElementsOf(subIds);
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> pager.page(ids.get(1500)));
  }

  @Test
  void pagesAreFoundAgainAfterAShrinkToNothingThatLeftFreedSlots() {
    SubPageAllocator subs = new SubPageAllocator(pager, 128);
    subs.freeBulk(subs.allocBulk(20, Durability.NONE), Durability.NONE);
    pager.shrink();
    assertThat(pager.pageCount()).isZero();
    SubPageId id = subs.alloc();
    assertThat(subs.page(id).byteSize()).isEqualTo(128);
    assertThat(pager.alloc().number()).isEqualTo(1);
    assertThat(pager.verify().problems()).isEmpty();
  }

  @Test
  void shrinkingAnEmptyOrFullPagerDoesNothingElse() {
    pager.shrink();
    assertThat(pager.pageCount()).isZero();
    PageId id = pager.alloc();
    pager.shrink();
    set(pager, id, 1);
    assertThat(pager.pageCount()).isEqualTo(1);
    assertThat(pager.shrink()).isZero();
  }

  @Test
  void aReaderKeepsTheFileFromShrinking() throws IOException {
    pager.allocBulk(100);
    try (ReadOnlyPager _ = ReadOnlyPager.open(path, PAGE)) {
      assertThatExceptionOfType(PagerLockedException.class).isThrownBy(() -> pager.shrink());
    }
    pager.shrink();
  }
}
