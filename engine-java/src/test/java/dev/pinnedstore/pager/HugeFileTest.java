package dev.pinnedstore.pager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ten million pages in a file with holes. */
class HugeFileTest {
  private static final int PAGES = 10_000_000;

  @TempDir Path directory;

  @Test
  void tenMillionPagesAreKeptInASparseFile() throws Exception {
    Path path = directory.resolve("pages");
    PagerOptions options = PagerOptions.defaults().withSparse(true).withDurability(Durability.NONE);
    PageId last;
    List<PageId> freed = new ArrayList<>();
    try (Pager pager = Pager.create(path, 1024, options)) {
      for (int i = 0; i < 10; i++) {
        List<PageId> ids = pager.allocBulk(PAGES / 10);
        freed.add(ids.get(12_345));
      }
      last = pager.alloc();
      PagerFixture.set(pager, last, 5);
      pager.freeBulk(freed);
      assertThat(pager.pageCount() - pager.freePageCount()).isEqualTo(PAGES - 9);
    }
    assertThat(Files.size(path)).isGreaterThan(10_000_000_000L);
    try (Pager pager = Pager.open(path, 1024, options)) {
      assertThat(PagerFixture.get(pager, last)).isEqualTo(5);
      assertThatExceptionOfType(InvalidPageException.class)
          .isThrownBy(() -> pager.page(freed.get(7)));
      assertThat(pager.pageCount() - pager.freePageCount()).isEqualTo(PAGES - 9);
      assertThat(pager.alloc().number()).isEqualTo(12_345);
      assertThat(pager.alloc().number()).isEqualTo(PAGES / 10 + 12_345);
    }
  }
}
