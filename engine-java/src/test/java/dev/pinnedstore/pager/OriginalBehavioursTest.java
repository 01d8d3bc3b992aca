package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.Test;

/** What the original's tests show, where no other test here does: {@link CounterpartsTest}. */
class OriginalBehavioursTest extends PagerFixture {
  private static final int PAGES = 5000;

  // ---- pages

  @Test
  void theLastPageIsTakenBeforeTheFileGrowsAndNoneBeyondIt() {
    pager.alloc();
    long count = pager.pageCount();
    Set<Long> numbers = new HashSet<>();
    while (pager.freePageCount() > 0) {
      numbers.add(pager.alloc().number());
    }
    assertThat(pager.pageCount()).isEqualTo(count);
    assertThat(numbers).hasSize((int) count - 1).contains(count - 1);
    assertThat(pager.alloc().number()).isEqualTo(count);
    assertThat(pager.pageCount()).isGreaterThan(count);
  }

  @Test
  void growthAddsFreePagesAndKeepsWhatIsInUse() {
    List<PageId> ids = new ArrayList<>();
    for (int growths = 0; growths < 4; growths++) {
      long count = pager.pageCount();
      while (pager.pageCount() == count) {
        ids.add(pager.alloc());
        set(pager, ids.getLast(), ids.size());
      }
      assertThat(pager.freePageCount()).isEqualTo(pager.pageCount() - ids.size()).isPositive();
    }
    assertThat(list(pager.allocated())).isEqualTo(ids);
    for (int i = 0; i < ids.size(); i++) {
      assertThat(get(pager, ids.get(i))).isEqualTo((byte) (i + 1));
    }
  }

  @Test
  void aSparseFileDoubles() throws IOException {
    try (Pager sparse =
        Pager.create(directory.resolve("sparse"), PAGE, PagerOptions.defaults().withSparse(true))) {
      sparse.alloc();
      long count = sparse.pageCount();
      for (int growths = 0; growths < 3; growths++) {
        sparse.allocBulk((int) sparse.freePageCount());
        assertThat(sparse.pageCount()).isEqualTo(count);
        sparse.alloc();
        count *= 2;
        assertThat(sparse.pageCount()).isEqualTo(count);
      }
    }
  }

  @Test
  void whatIsRefusedChangesNoCount() {
    PageId id = pager.alloc();
    pager.free(id);
    long free = pager.freePageCount();
    for (PageId refused : List.of(id, PageId.of(pager.pageCount(), 1), new PageId(-1))) {
      assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> pager.free(refused));
    }
    assertThat(pager.freePageCount()).isEqualTo(free);
  }

  @Test
  void aMixtureOfAllocAndFreeIsThereAfterAReopen() throws IOException {
    List<PageId> ids = new ArrayList<>(pager.allocBulk(3));
    pager.free(ids.removeFirst());
    ids.add(pager.alloc());
    pager.free(ids.remove(1));
    long count = pager.pageCount();
    reopen();
    assertThat(pager.pageCount()).isEqualTo(count);
    assertThat(list(pager.allocated())).containsExactlyInAnyOrderElementsOf(ids);
  }

  // ---- bulk

  @Test
  void bulkTakesTheLowestPages() {
    List<PageId> ids = pager.allocBulk(10);
    pager.freeBulk(ids.subList(2, 5));
    assertThat(pager.allocBulk(4).stream().map(PageId::number)).containsExactly(2L, 3L, 4L, 10L);
  }

  @Test
  void aBulkFreeIsThereAfterAReopen() throws IOException {
    pager.freeBulk(pager.allocBulk(300));
    pager.protectedPages().freeBulk(pager.protectedPages().allocBulk(30));
    reopen();
    assertThat(pager.freePageCount()).isEqualTo(pager.pageCount()).isPositive();
  }

  @Test
  void oneHandleThatWasNeverIssuedKeepsAllOthers() {
    List<PageId> ids = pager.allocBulk(2);
    refuses(pager, List.of(ids.get(0), PageId.of(9999, 1), ids.get(1)));
    refuses(pager, List.of(ids.get(0), new PageId(0)));
    SubPageAllocator subs = new SubPageAllocator(pager, 128);
    List<SubPageId> slots = subs.allocBulk(2);
    refuses(subs, List.of(slots.get(0), slots.get(1), SubPageId.of(9999, 0, 1)));
    DurablePageAllocator<ProtectedPage> guarded = pager.protectedPages();
    ProtectedPage freed = guarded.alloc();
    guarded.free(freed);
    refuses(guarded, List.of(guarded.alloc(), freed));
  }

  private <H extends PageHandle> void refuses(BulkPageAllocator<H> all, List<H> pages) {
    long free = pager.freePageCount();
    List<H> before = list(all.allocated());
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> all.freeBulk(pages));
    assertThat(list(all.allocated())).isEqualTo(before).isNotEmpty();
    assertThat(pager.freePageCount()).isEqualTo(free);
  }

  // ---- protected pages

  @Test
  void aFileWithoutProtectedPagesHasNoneAfterAReopen() throws IOException {
    PageId id = pager.alloc();
    assertThat(list(pager.protectedPages().allocated())).isEmpty();
    reopen();
    assertThat(list(pager.protectedPages().allocated())).isEmpty();
    assertThat(list(pager.allocated())).containsExactly(id);
    assertThat(list(pager.protectedPages().allocBulk(1))).hasSize(1);
  }

  @Test
  void commitsGoToTheTwoPlacesInTurn() {
    ProtectedPage page = pager.allocProtected();
    long first = page.segment().address();
    commit(page, 1);
    long second = page.segment().address();
    assertThat(Math.abs(second - first)).isGreaterThanOrEqualTo(4096);
    for (int value = 2; value < 6; value++) {
      commit(page, value);
      assertThat(page.segment().address()).isEqualTo(value % 2 == 0 ? first : second);
      assertThat(get(page)).isEqualTo(value);
    }
  }

  @Test
  void protectedPagesThatWereNeverIssuedAreRefused() {
    ProtectedPage page = pager.allocProtected();
    for (long value : new long[] {0, -1, page.value() + 1, page.value() + (1L << 40)}) {
      assertThatExceptionOfType(InvalidPageException.class)
          .isThrownBy(() -> pager.protectedPage(value));
    }
  }

  @Test
  void theNextProtectedPageInAPlaceBeginsWithZeros() {
    ProtectedPage page = pager.allocProtected();
    commit(page, 7);
    commit(page, 8);
    pager.freeProtected(page);
    ProtectedPage next = pager.allocProtected();
    assertThat(next.number()).isEqualTo(page.number());
    assertThat(next.segment().toArray(JAVA_BYTE)).containsOnly(0);
  }

  @Test
  void aFreedProtectedPageStaysFreedAfterAReopen() throws IOException {
    ProtectedPage kept = pager.allocProtected();
    ProtectedPage freed = pager.allocProtected();
    pager.freeProtected(freed);
    reopen();
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> pager.protectedPage(freed.value()));
    assertThat(get(pager.protectedPage(kept.value()))).isZero();
  }

  @Test
  void kindsOfPagesKeepTheirOwnBytes() {
    SubPageAllocator subs = new SubPageAllocator(pager, 256);
    PageId first = pager.alloc();
    ProtectedPage guarded = pager.allocProtected();
    SubPageId slot = subs.alloc();
    PageId second = pager.alloc();
    pager.page(first).fill((byte) 1);
    pager.protectedPages().write(guarded, bytes -> bytes.fill((byte) 2));
    subs.page(slot).fill((byte) 3);
    pager.page(second).fill((byte) 4);
    assertThat(pager.page(first).toArray(JAVA_BYTE)).containsOnly(1);
    assertThat(guarded.segment().toArray(JAVA_BYTE)).containsOnly(2);
    assertThat(subs.page(slot).toArray(JAVA_BYTE)).containsOnly(3);
    assertThat(pager.page(second).toArray(JAVA_BYTE)).containsOnly(4);
  }

  // ---- many threads

  /** The readers follow the writer from its first page on, and it does not wait for them. */
  @Test
  void whatOneThreadWritesOthersReadAtTheSameTime() throws Exception {
    ProtectedPage guarded = pager.allocProtected();
    AtomicReferenceArray<PageId> written = new AtomicReferenceArray<>(PAGES);
    CountDownLatch reading = new CountDownLatch(3);
    Callable<Long> read =
        () -> {
          long sum = 0;
          for (int i = 0; i < PAGES; ) {
            PageId id = written.get(i);
            if (id == null) {
              // The first look comes before the first page.
              reading.countDown();
              assertThat(get(pager.protectedPage(guarded.value()))).isBetween(0, 100);
            } else {
              sum += pager.page(id).get(JAVA_LONG, 0);
              i++;
            }
          }
          return sum;
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<Future<Long>> reads =
          List.of(threads.submit(read), threads.submit(read), threads.submit(read));
      reading.await();
      for (int i = 0; i < PAGES; i++) {
        PageId made = pager.alloc(Durability.NONE);
        pager.page(made).set(JAVA_LONG, 0, i);
        if (i % 50 == 0) {
          commit(guarded, i / 50);
        }
        written.set(i, made);
      }
      for (Future<Long> one : reads) {
        assertThat(one.get()).isEqualTo(PAGES * (PAGES - 1L) / 2);
      }
    }
  }

  // ---- readers

  @Test
  void aReaderRefusesIdsThatWereNeverIssued() throws IOException {
    PageId id = pager.alloc();
    try (ReadOnlyPager reader = ReadOnlyPager.open(path, PAGE)) {
      for (long value : new long[] {0, -1, id.value() + 1, id.value() + (1L << 40)}) {
        assertThatExceptionOfType(InvalidPageException.class)
            .isThrownBy(() -> reader.page(new PageId(value)));
        assertThatExceptionOfType(InvalidPageException.class)
            .isThrownBy(() -> reader.protectedPage(value));
      }
    }
  }

  @Test
  void theIteratorsOfAReaderAreDisjoint() throws IOException {
    ProtectedPage guarded = pager.allocProtected();
    new SubPageAllocator(pager, 128).alloc();
    PageId id = pager.alloc();
    try (ReadOnlyPager reader = ReadOnlyPager.open(path, PAGE)) {
      assertThat(list(reader.allocated())).containsExactly(id);
      assertThat(list(reader.allocatedProtected())).containsExactly(guarded.value());
    }
  }
}
