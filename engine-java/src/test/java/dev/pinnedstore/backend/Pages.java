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
      pages.add(directory.takeFree(-1));
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
    page.frame = new MappedFrames.MappedFrame(new Claim(dataBytes), 1);
    return page;
  }

  /** Opens a page to writers, as its installer does. */
  static void activate(Page page, long millis) {
    activate(page, 0, millis);
  }

  /** The same in a stripe. */
  static void activate(Page page, int stripe, long millis) {
    page.stripe = stripe;
    page.beginOpening(0, millis);
    page.open(page.reserve);
  }

  /** Takes the highest page of a set below an id; null when there is none. */
  static Page popBelow(PageSet set, PageDirectory directory, int id) {
    int found = set.highestBelow(id);
    while (found >= 0 && !set.claim(found)) {
      found = set.highestBelow(found);
    }
    return found < 0 ? null : directory.at(found);
  }

  /** Seals a page that is in no stripe; true when the caller thereby owns it, emptied. */
  static boolean seal(Page page) {
    long word = page.reserve;
    while (!page.seal(word)) {
      word = page.reserve;
      if (ReserveLayout.isSealed(word)) {
        return false;
      }
    }
    return page.countSealed(word);
  }

  /** Adds an entry of one granule to an active page, as a writer does. */
  static void reserveOne(Page page) {
    page.reserve += ReserveLayout.ENTRY + 1;
  }

  private record Claim(long dataBytes) implements Mapping {
    @Override
    public MemorySegment base() {
      return MemorySegment.ofArray(new byte[(int) dataBytes + EntryLayout.ENTRY_BYTES]);
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
