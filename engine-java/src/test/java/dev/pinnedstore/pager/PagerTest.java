package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Creating, opening, allocating and freeing. */
class PagerTest extends PagerFixture {

  // ---- create and open

  @Test
  void aNewPagerHasNoPageInUse() {
    assertThat(list(pager.allocated())).isEmpty();
    assertThat(pager.freePageCount()).isEqualTo(pager.pageCount());
    assertThat(pager.pageSize()).isEqualTo(PAGE);
  }

  @Test
  void createRefusesAFileThatExists() {
    pager.close();
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(() -> Pager.create(path, PAGE));
  }

  /** What a crash in a creation leaves is in nobody's way. */
  @Test
  void createReplacesWhatACrashLeftUnfinished() throws IOException {
    Path other = directory.resolve("other");
    Files.write(directory.resolve("other.unfinished"), new byte[100]);
    try (Pager made = Pager.create(other, PAGE)) {
      made.alloc();
      assertThat(directory.resolve("other.unfinished")).doesNotExist();
      assertThat(other).exists();
    }
    Pager.open(other, PAGE).close();
  }

  @Test
  void aCreationThatFailsLeavesNothing() {
    Path nowhere = directory.resolve("none").resolve("pages");
    assertThatExceptionOfType(IOException.class).isThrownBy(() -> Pager.create(nowhere, PAGE));
    Path other = directory.resolve("other");
    assertThatIllegalArgumentException().isThrownBy(() -> Pager.create(other, 1000));
    assertThat(other).doesNotExist();
    assertThat(directory.resolve("other.unfinished")).doesNotExist();
  }

  @Test
  void openRefusesAFileThatDoesNotExist() {
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> Pager.open(directory.resolve("none"), PAGE));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1024, 512, 1000, 1025, 3072, 1L << 31, Long.MIN_VALUE})
  void pageSizesOutOfRangeAreRefusedByName(long pageSize) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pager.create(directory.resolve("other"), pageSize))
        .withMessage(
            "pageSize=%d: must be a power of two between 1024 and 1073741824 bytes", pageSize);
    assertThat(directory.resolve("other")).doesNotExist();
  }

  @Test
  void openRefusesAnotherPageSize() {
    pager.close();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pager.open(path, 4096))
        .withMessage("pageSize=4096: the file has pages of 1024 bytes");
  }

  @ParameterizedTest
  @ValueSource(ints = {1024, 2048, 4096, 65536, 1 << 20, 1 << 30})
  void pagesOfEverySizeAreKept(int pageSize) throws IOException {
    // The largest are not worth their space.
    PagerOptions options = PagerOptions.defaults().withSparse(true);
    PageId id;
    ProtectedPage guarded = null;
    try (Pager other = Pager.create(directory.resolve("other"), pageSize, options)) {
      id = other.alloc();
      assertThat(other.page(id).byteSize()).isEqualTo(pageSize);
      other.page(id).set(JAVA_BYTE, pageSize - 1L, (byte) 7);
      if (pageSize <= 1 << 20) {
        guarded = other.allocProtected();
        commit(guarded, 8);
      }
    }
    try (Pager other = Pager.open(directory.resolve("other"), pageSize, options)) {
      assertThat(other.page(id).get(JAVA_BYTE, pageSize - 1L)).isEqualTo((byte) 7);
      if (guarded != null) {
        assertThat(get(other.protectedPage(guarded.value()))).isEqualTo(8);
      }
    }
  }

  @Test
  void aSecondWriterIsRefusedInThisProcess() {
    assertThatExceptionOfType(PagerLockedException.class)
        .isThrownBy(() -> Pager.open(path, PAGE))
        .withMessageContaining("open for writing");
  }

  @Test
  void theLockEndsWithThePager() throws IOException {
    PageId id = pager.alloc();
    reopen();
    assertThat(pager.page(id).byteSize()).isEqualTo(PAGE);
  }

  @Test
  void aFailedOpenLeavesNoLock() throws IOException {
    pager.close();
    assertThatIllegalArgumentException().isThrownBy(() -> Pager.open(path, 2048));
    pager = Pager.open(path, PAGE);
  }

  // ---- alloc and free

  @Test
  void eachPageHasItsOwnBytes() {
    List<PageId> ids = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      ids.add(pager.alloc());
      set(pager, ids.get(i), i);
    }
    for (int i = 0; i < 100; i++) {
      assertThat(get(pager, ids.get(i))).isEqualTo(i);
    }
    assertThat(new HashSet<>(ids)).hasSize(100);
  }

  @Test
  void pagesAndBytesAreThereAfterAReopen() throws IOException {
    PageId kept = pager.alloc();
    PageId freed = pager.alloc();
    set(pager, kept, 42);
    pager.free(freed);
    reopen();
    assertThat(get(pager, kept)).isEqualTo(42);
    assertThat(list(pager.allocated())).containsExactly(kept);
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> pager.page(freed));
  }

  @Test
  void theLowestFreePageIsTaken() {
    List<PageId> ids = pager.allocBulk(10);
    pager.free(ids.get(7));
    pager.free(ids.get(3));
    assertThat(pager.alloc().number()).isEqualTo(3);
    assertThat(pager.alloc().number()).isEqualTo(7);
    assertThat(pager.alloc().number()).isEqualTo(10);
  }

  @Test
  void freedTwiceIsRefused() {
    PageId id = pager.alloc();
    pager.free(id);
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> pager.free(id))
        .withMessage("page 0 reuse 1: it was freed");
  }

  @Test
  void anOldIdNeverMeetsTheNextOwner() throws IOException {
    PageId old = pager.alloc();
    Set<Long> seen = new HashSet<>(Set.of(old.value()));
    pager.free(old);
    for (int i = 0; i < 50; i++) {
      PageId next = pager.alloc();
      assertThat(next.number()).isEqualTo(old.number());
      assertThat(seen.add(next.value())).isTrue();
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> pager.page(old));
      pager.free(next);
      if (i % 10 == 0) {
        reopen();
      }
    }
  }

  @Test
  void idsThatWereNeverIssuedAreRefused() {
    PageId id = pager.alloc();
    long[] forged = {
      0, -1, id.number(), id.value() + 1, id.value() + (1L << 40), PageId.value(1L << 39, 1)
    };
    for (long value : forged) {
      assertThatExceptionOfType(InvalidPageException.class)
          .as("%s", value)
          .isThrownBy(() -> pager.page(new PageId(value)));
      assertThatExceptionOfType(InvalidPageException.class)
          .isThrownBy(() -> pager.free(new PageId(value)));
    }
    assertThat(list(pager.allocated())).containsExactly(id);
  }

  @Test
  void countsFollowEveryChange() {
    long count = pager.pageCount();
    PageId id = pager.alloc();
    assertThat(pager.pageCount() - pager.freePageCount()).isEqualTo(1);
    assertThat(pager.pageCount()).isGreaterThanOrEqualTo(count);
    pager.free(id);
    assertThat(pager.freePageCount()).isEqualTo(pager.pageCount());
  }

  @Test
  void addressesStayWhileTheFileGrows() {
    PageId first = pager.alloc();
    MemorySegment bytes = pager.page(first);
    pager.allocBulk(5000);
    assertThat(pager.page(first).address()).isEqualTo(bytes.address());
    bytes.set(JAVA_BYTE, 0, (byte) 9);
    assertThat(get(pager, first)).isEqualTo(9);
  }

  @Test
  void aFileGrowsBeyondAnyPageOfItsMap() throws IOException {
    List<PageId> ids = pager.allocBulk(20_000);
    set(pager, ids.getLast(), 5);
    reopen();
    assertThat(get(pager, ids.getLast())).isEqualTo(5);
    assertThat(list(pager.allocated())).isEqualTo(ids);
    pager.freeBulk(ids);
    assertThat(pager.freePageCount()).isEqualTo(pager.pageCount());
  }

  @Test
  void recycledPagesKeepTheirBytesUnlessZeroed() throws IOException {
    PageId id = pager.alloc();
    set(pager, id, 3);
    pager.free(id);
    PageId next = pager.alloc();
    assertThat(get(pager, next)).isEqualTo(3);
    pager.free(next);
    pager.close();
    pager = Pager.open(path, PAGE, PagerOptions.defaults().withZeroed(true));
    assertThat(get(pager, pager.alloc())).isZero();
  }

  // ---- the end

  @Test
  void aClosedPagerRefusesEverything() {
    PageId id = pager.alloc();
    MemorySegment kept = pager.page(id);
    pager.close();
    pager.close();
    assertThatIllegalStateException().isThrownBy(() -> pager.alloc());
    assertThatIllegalStateException().isThrownBy(() -> pager.page(id));
    assertThatIllegalStateException().isThrownBy(() -> pager.free(id));
    assertThatIllegalStateException().isThrownBy(() -> pager.flush());
    assertThatIllegalStateException().isThrownBy(() -> pager.sync());
    assertThatIllegalStateException().isThrownBy(() -> pager.pageCount());
    assertThatIllegalStateException().isThrownBy(() -> pager.root(0));
    assertThatIllegalStateException().isThrownBy(() -> pager.verify());
    assertThatIllegalStateException().isThrownBy(() -> pager.shrink());
    assertThatIllegalStateException().isThrownBy(() -> pager.allocAsync());
    assertThatIllegalStateException().isThrownBy(() -> kept.get(JAVA_BYTE, 0));
  }

  // ---- user roots

  @Test
  void rootsAreKept() throws IOException {
    assertThat(pager.root(15)).isZero();
    pager.setRoot(0, -1);
    pager.setRoot(15, 77);
    reopen();
    assertThat(pager.root(0)).isEqualTo(-1);
    assertThat(pager.root(15)).isEqualTo(77);
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> pager.root(16));
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> pager.setRoot(-1, 0));
  }

  // ---- flush

  @Test
  void flushAndSyncTakeWhatIsInUse() {
    PageId id = pager.alloc();
    pager.flush(id);
    pager.flush();
    pager.sync();
    pager.free(id);
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> pager.flush(id));
  }

  @Test
  void theLockFileIsEmptyAndStays() throws IOException {
    pager.close();
    assertThat(Files.size(directory.resolve("pages.lock"))).isZero();
  }
}
