package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same promises for pages, protected pages and sub-pages, through the generic interfaces. */
class BulkTest extends PagerFixture {
  /** What is handed out. */
  enum Kind {
    PAGES,
    PROTECTED,
    SUB_PAGES
  }

  private SubPageAllocator subPages;

  @BeforeEach
  void makeSubPages() {
    subPages = new SubPageAllocator(pager, 64);
  }

  @SuppressWarnings("unchecked")
  private BulkPageAllocator<PageHandle> allocator(Kind kind) {
    return (BulkPageAllocator<PageHandle>)
        switch (kind) {
          case PAGES -> pager;
          case PROTECTED -> pager.protectedPages();
          case SUB_PAGES -> subPages;
        };
  }

  @ParameterizedTest
  @EnumSource
  void bulkHandsOutThatManyAndAllDifferent(Kind kind) {
    BulkPageAllocator<PageHandle> all = allocator(kind);
    List<PageHandle> pages = all.allocBulk(300);
    assertThat(new HashSet<>(pages)).hasSize(300);
    assertThat(new HashSet<>(list(all.allocated()))).isEqualTo(new HashSet<>(pages));
    assertThat(all.allocBulk(0)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aNegativeCountIsRefused(Kind kind) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> allocator(kind).allocBulk(-1))
        .withMessage("count=-1: must not be negative");
  }

  @ParameterizedTest
  @EnumSource
  void bulkFreesInAnyOrder(Kind kind) {
    BulkPageAllocator<PageHandle> all = allocator(kind);
    List<PageHandle> pages = new ArrayList<>(all.allocBulk(200));
    Collections.shuffle(pages, new Random(1));
    all.freeBulk(pages.subList(0, 150));
    assertThat(new HashSet<>(list(all.allocated())))
        .isEqualTo(new HashSet<>(pages.subList(150, 200)));
    all.freeBulk(List.of());
    all.freeBulk(pages.subList(150, 200));
    assertThat(list(all.allocated())).isEmpty();
    assertThat(pager.freePageCount()).isEqualTo(pager.pageCount());
  }

  @ParameterizedTest
  @EnumSource
  void oneBadHandleKeepsAllOthers(Kind kind) {
    BulkPageAllocator<PageHandle> all = allocator(kind);
    List<PageHandle> pages = all.allocBulk(10);
    PageHandle freed = all.alloc();
    all.free(freed);
    long free = pager.freePageCount();
    List<PageHandle> withFreed = new ArrayList<>(pages);
    withFreed.add(5, freed);
    List<PageHandle> withDouble = new ArrayList<>(pages);
    withDouble.add(pages.getFirst());
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> all.freeBulk(withFreed));
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> all.freeBulk(withDouble))
        .withMessageContaining("named twice");
    assertThat(list(all.allocated())).hasSize(10);
    assertThat(pager.freePageCount()).isEqualTo(free);
  }

  @ParameterizedTest
  @EnumSource
  void allIsThereAfterAReopen(Kind kind) throws IOException {
    List<PageHandle> pages = allocator(kind).allocBulk(100);
    List<Long> values = pages.stream().map(PageHandle::value).sorted().toList();
    allocator(kind).free(pages.getFirst());
    reopen();
    makeSubPages();
    assertThat(list(allocator(kind).allocated()).stream().map(PageHandle::value).sorted())
        .isEqualTo(values.stream().filter(v -> v != pages.getFirst().value()).toList());
  }

  @ParameterizedTest
  @EnumSource
  void genericCodeReadsAndWrites(Kind kind) {
    BulkPageAllocator<PageHandle> all = allocator(kind);
    PageHandle page = all.alloc();
    all.write(page, bytes -> PagerState.stamp(bytes, 42));
    assertThat(PagerState.stampOf(all.read(page))).isEqualTo(42);
    assertThat(all.read(page).byteSize()).isEqualTo(all.pageSize());
    assertThat(all.read(page).isReadOnly()).isTrue();
    all.free(page);
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> all.read(page));
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> all.write(page, bytes -> {}));
    assertThatExceptionOfType(InvalidPageException.class).isThrownBy(() -> all.free(page));
  }

  @ParameterizedTest
  @EnumSource
  void freedOnesAreHandedOutAgainUnderNewNames(Kind kind) {
    BulkPageAllocator<PageHandle> all = allocator(kind);
    List<PageHandle> first = all.allocBulk(50);
    long count = pager.pageCount();
    all.freeBulk(first);
    List<PageHandle> second = all.allocBulk(50);
    assertThat(pager.pageCount()).isEqualTo(count);
    assertThat(second).doesNotContainAnyElementsOf(first);
    assertThatExceptionOfType(InvalidPageException.class)
        .isThrownBy(() -> all.read(first.getFirst()));
  }

  @ParameterizedTest
  @EnumSource
  void kindsAreDisjoint(Kind kind) {
    Map<Kind, Set<PageHandle>> handedOut = new EnumMap<>(Kind.class);
    for (Kind other : Kind.values()) {
      handedOut.put(other, new HashSet<>(allocator(other).allocBulk(20)));
    }
    assertThat(new HashSet<>(list(allocator(kind).allocated()))).isEqualTo(handedOut.get(kind));
    Set<Long> pages = pagesOf(list(allocator(kind).allocated()));
    for (Kind other : Kind.values()) {
      if (other != kind) {
        assertThat(pages).doesNotContainAnyElementsOf(pagesOf(handedOut.get(other)));
      }
    }
    assertThat(pager.verify().problems()).isEmpty();
  }

  /** The numbers of the pages behind some handles: of a protected page both. */
  private Set<Long> pagesOf(Collection<PageHandle> handles) {
    PageTable table = pager.session().file().table();
    Set<Long> pages = new HashSet<>();
    for (PageHandle handle : handles) {
      switch (handle) {
        case PageId page -> pages.add(page.number());
        case SubPageId slot -> pages.add(slot.page());
        case ProtectedPage page -> {
          pages.add(page.number());
          pages.add(table.partner(page.number()));
        }
        default -> throw new AssertionError(handle);
      }
    }
    return pages;
  }
}
