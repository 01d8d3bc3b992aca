package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What the original got wrong, one test each. */
class RegressionTest extends PagerFixture {

  @Test
  void oneMetadataPageIsNoCeiling() {
    // The original panics at 4096 pages of 1 KiB.
    List<PageId> ids = pager.allocBulk(4097 * 3);
    pager.page(ids.getLast()).fill((byte) 1);
    pager.free(ids.getLast());
    assertThat(pager.verify().problems()).isEmpty();
  }

  @Test
  void checksumsOfDifferentStatesDiffer() throws IOException {
    Set<Integer> seen = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      pager.alloc();
      reopen();
      byte[] block = Files.readAllBytes(path);
      seen.add(Arrays.hashCode(Arrays.copyOfRange(block, 508, 512)));
    }
    assertThat(seen).hasSize(20);
  }

  @Test
  void aTornSuperblockDoesNotCloseTheFile() throws IOException {
    PageId id = pager.alloc();
    pager.close();
    byte[] bytes = Files.readAllBytes(path);
    Arrays.fill(bytes, 0, 512, (byte) 0);
    Files.write(path, bytes);
    pager = Pager.open(path, PAGE);
    assertThat(list(pager.allocated())).containsExactly(id);
  }

  @Test
  void aFallbackNeverGoesToAnOlderState() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
    Pager simulated = Pager.create(disk, new Geometry(10, 4096), PagerOptions.defaults(), () -> {});
    PageId kept = simulated.alloc();
    simulated.allocBulk(500);
    simulated.alloc();
    for (int copy = 0; copy < 2; copy++) {
      SimulatedDisk left = disk.copyOfCache();
      left.bytes().asSlice(copy * 4096L, 512).fill((byte) 0);
      try (Pager again = Pager.open(left, 1024, PagerOptions.defaults(), () -> {})) {
        assertThat(list(again.allocated())).hasSize(502).contains(kept);
      }
    }
  }

  @Test
  void pageBytesCanBeFlushed() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
    Pager simulated = Pager.create(disk, new Geometry(10, 4096), PagerOptions.defaults(), () -> {});
    PageId id = simulated.alloc();
    PagerState.stamp(simulated.page(id), 5);
    simulated.flush(id);
    try (Pager again = Pager.open(disk.afterCrash(), 1024, PagerOptions.defaults(), () -> {})) {
      assertThat(PagerState.stampOf(again.page(id))).isEqualTo(5);
    }
  }

  @Test
  void aWriterNeverShowsTheVersionBeforeLast() {
    ProtectedPage page = pager.allocProtected();
    commit(page, 9);
    try (ProtectedPage.Writer writer = page.writer()) {
      assertThat(writer.segment().get(JAVA_BYTE, 0)).isEqualTo((byte) 9);
      writer.segment().set(JAVA_BYTE, 1, (byte) 2);
      writer.commit();
    }
    assertThat(page.segment().asSlice(0, 2).toArray(JAVA_BYTE)).containsExactly(9, 2);
  }

  @Test
  void idsOfFreePagesAreRefused() {
    PageId id = pager.alloc();
    pager.free(id);
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> pager.page(id));
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> pager.page(PageId.of(2, 1)));
  }

  @Test
  void thePagesBehindAProtectedPageCannotBeFreed() {
    ProtectedPage page = pager.allocProtected();
    for (long number = 0; number < pager.pageCount(); number++) {
      PageId raw = PageId.of(number, 1);
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> pager.free(raw));
    }
    commit(page, 1);
    assertThat(get(page)).isEqualTo(1);
  }

  @Test
  void twoWritersCannotHaveOneFile() {
    assertThatExceptionOfType(PagerLockedException.class).isThrownBy(() -> Pager.open(path, PAGE));
  }

  @Test
  void aSecondHardLinkIsNoWayRoundTheLock() throws IOException {
    Path link = Files.createLink(directory.resolve("link"), path);
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(() -> Pager.open(link, PAGE))
        .withMessageContaining("links=2: must be 1");
    Files.delete(link);
  }

  @Test
  void readingTheFileDoesNotDropItsLock() throws Exception {
    // A POSIX lock on the file itself would go with any descriptor of the process.
    assertThat(Files.readAllBytes(path)).isNotEmpty();
    assertThatExceptionOfType(PagerLockedException.class).isThrownBy(() -> Pager.open(path, PAGE));
    assertThat(ChildPager.run("open", path)).isEqualTo("PagerLockedException");
  }

  @Test
  void aShortFileIsRefusedWhenItIsOpened() throws IOException {
    pager.allocBulk(100);
    pager.close();
    try (var file = Files.newByteChannel(path, StandardOpenOption.WRITE)) {
      file.truncate(Files.size(path) / 2);
    }
    assertThatExceptionOfType(PagerCorruptException.class)
        .isThrownBy(() -> Pager.open(path, PAGE))
        .satisfies(e -> assertThat(e.field()).isEqualTo("file length"));
  }

  @Test
  void aCrashInsideAProtectedAllocationLeaksNoPage() throws IOException {
    leaksNothing(
        simulated -> {
          simulated.allocProtected();
          simulated.allocProtected();
        });
  }

  @Test
  void aCrashInsideAProtectedFreeLeaksNoPage() throws IOException {
    leaksNothing(
        simulated -> {
          simulated.freeProtected(simulated.allocProtected());
          simulated.protectedPages().freeBulk(simulated.protectedPages().allocBulk(3));
        });
  }

  private static void leaksNothing(Consumer<Pager> work) throws IOException {
    int crashes = 0;
    for (int crash = 1; crash < 16; crash++) {
      SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(crash));
      Pager simulated =
          Pager.create(disk, new Geometry(10, 4096), PagerOptions.defaults(), () -> {});
      disk.crashAfter(crash);
      try {
        work.accept(simulated);
      } catch (PagerException | SimulatedDisk.Crash e) {
        assertThat(disk.hasCrashed()).isTrue();
        crashes++;
      }
      try (Pager again = Pager.open(disk.afterCrash(), 1024, PagerOptions.defaults(), () -> {})) {
        assertThat(again.pageCount() - again.freePageCount())
            .isEqualTo(2L * list(again.protectedPages().allocated()).size());
      }
    }
    assertThat(crashes).isPositive();
  }

  /** The original keeps 58 directories of 33 protected pages at 1 KiB. */
  @Test
  void oneDirectoryIsNoCeilingForProtectedPages() throws IOException {
    List<ProtectedPage> pages = pager.protectedPages().allocBulk(58 * 33 + 100);
    commit(pages.getLast(), 3);
    reopen();
    assertThat(get(pager.protectedPage(pages.getLast().value()))).isEqualTo(3);
    assertThat(list(pager.protectedPages().allocated())).hasSize(pages.size());
  }

  @Test
  void copiesShareNoBlockOfTheMedium() {
    for (int shift = Geometry.MIN_PAGE_SHIFT; shift <= 16; shift++) {
      Geometry geometry = new Geometry(shift, 4096);
      // The two superblocks lie at 0 and 4096; then come the log, and the extents.
      assertThat(Geometry.LOG_POSITION).isEqualTo(2 * 4096);
      for (int extent = 0; extent < 12; extent++) {
        assertThat(geometry.position(extent) % 4096).isZero();
        for (int level = 0; level <= WordMap.ROOT_LEVEL; level++) {
          assertThat(geometry.levelOffset(Geometry.PAGE_MAP, level, extent) % 4096).isZero();
          assertThat(geometry.levelOffset(Geometry.SLOT_MAP, level, extent) % 4096).isZero();
        }
      }
    }
    assertThat(Geometry.BLOCK_BYTES).isEqualTo(4096);
  }

  @Test
  void anAllocationLooksAtOneLeafOfTheMap() throws IOException {
    pager.freeBulk(pager.allocBulk(100_000).subList(70_000, 70_100));
    reopen();
    assertThat(pager.alloc().number()).isEqualTo(70_000);
    assertThat(leavesInMemory()).isEqualTo(1);
  }

  @Test
  void anIterationLooksAtLeavesThatHavePagesInUse() throws IOException {
    List<PageId> ids = pager.allocBulk(100_000);
    pager.freeBulk(ids.subList(10, 99_990));
    reopen();
    assertThat(list(pager.allocated())).hasSize(20);
    assertThat(leavesInMemory()).isEqualTo(2);
  }

  /** Words that were used are not zero, and those that are not in memory seem to be. */
  private long leavesInMemory() {
    PageTable table = pager.session().file().table();
    return LongStream.range(0, table.leaves())
        .filter(leaf -> table.peek(leaf << WordMap.LEAF_SHIFT) != 0)
        .count();
  }

  @Test
  void subPagesSurviveAReopen() throws IOException {
    SubPageAllocator subs = new SubPageAllocator(pager, 64);
    SubPageId id = subs.alloc();
    subs.page(id).fill((byte) 6);
    reopen();
    assertThat(new SubPageAllocator(pager, 64).page(id).toArray(JAVA_BYTE)).containsOnly(6);
  }
}
