package dev.pinnedstore.backend;

import dev.pinnedstore.os.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Pages for tests that need no backend. */
final class Pages {
  private Pages() {}

  /** Issues so many slots. */
  static List<Page> of(PageDirectory directory, int count) {
    List<Page> pages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pages.add(directory.takeFree());
    }
    return pages;
  }

  /** A page without memory. */
  static Page bare(int id) {
    return new Page(id, 0);
  }

  /** A page that claims a size and has memory for its table alone. */
  static Page claiming(int id, long dataBytes) {
    Page page = bare(id);
    page.frame = new Frame(new Claim(dataBytes), 1);
    return page;
  }

  /** Adds an entry of one granule to an active page, as a writer does. */
  static void reserveOne(Page page) {
    page.reserve += ReserveLayout.ENTRY + 1;
  }

  private record Claim(long dataBytes) implements Mapping {
    @Override
    public MemorySegment base() {
      return MemorySegment.NULL;
    }

    @Override
    public MemorySegment view(Arena arena) {
      return MemorySegment.NULL;
    }

    @Override
    public MemorySegment window(long offset, long bytes, Arena arena) {
      return MemorySegment.NULL;
    }

    @Override
    public void touch() {}

    @Override
    public long address() {
      return 0;
    }

    @Override
    public boolean close() {
      return true;
    }
  }
}
