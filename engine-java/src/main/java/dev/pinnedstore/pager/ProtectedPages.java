package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Protected pages: each has two places, a pair of pages; its word in the map says which of them is
 * active, and the checksum of those bytes.
 *
 * <p>A writer copies the active bytes to the other place and changes them there. Its commit has
 * that place synced, and then the word changed, in one batch with whatever else is pending. A crash
 * before the batch is durable leaves the word, and so the old bytes. Before the next writer takes
 * the place that was active, that commit must be durable.
 */
final class ProtectedPages implements BulkPageAllocator<ProtectedPage> {
  private final Pager pager;
  private final PagerFile file;
  private final PageTable table;
  private final PageSpace space;

  /** Pages that have a writer. Under the state lock. */
  private final Set<Long> writing = new HashSet<>();

  /** Changes that committed pages, as long as they may not be durable. Under the state lock. */
  private final Map<Long, Long> commits = new HashMap<>();

  ProtectedPages(Pager pager, PagerFile file, PageSpace space) {
    this.pager = pager;
    this.file = file;
    this.table = file.table();
    this.space = space;
  }

  /** The checksum of a protected page, bound to its id. */
  static int checksum(MemorySegment bytes, long value) {
    return Checksum.of(bytes, value);
  }

  @Override
  public int pageSize() {
    return pager.pageSize();
  }

  @Override
  public ProtectedPage alloc() {
    return alloc(durability());
  }

  Durability durability() {
    return pager.options().durability();
  }

  ProtectedPage alloc(Durability durability) {
    return allocBulk(1, durability).getFirst();
  }

  @Override
  public List<ProtectedPage> allocBulk(int count) {
    return allocBulk(count, durability());
  }

  List<ProtectedPage> allocBulk(int count, Durability durability) {
    Pager.checkCount(count);
    pager.makeRoom(2L * count);
    List<ProtectedPage> taken = new ArrayList<>(count);
    pager.change(
        durability,
        () -> {
          try {
            for (int i = 0; i < count; i++) {
              taken.add(new ProtectedPage(this, space.takePair().value(), true));
            }
          } catch (PagerException e) {
            for (ProtectedPage page : taken) {
              space.giveBack(page.number());
              space.giveBack(table.partner(page.number()));
            }
            throw e;
          }
        });
    return List.copyOf(taken);
  }

  @Override
  public void free(ProtectedPage page) {
    freeBulk(List.of(page));
  }

  @Override
  public void freeBulk(Collection<? extends ProtectedPage> pages) {
    freeBulk(pages, durability());
  }

  void freeBulk(Collection<? extends ProtectedPage> pages, Durability durability) {
    pager.change(
        durability,
        () -> {
          Set<Long> seen = new HashSet<>();
          for (ProtectedPage page : pages) {
            word(page.value());
            if (!seen.add(page.value())) {
              throw new InvalidPageException(page + ": named twice");
            }
            if (writing.contains(page.number())) {
              throw new IllegalStateException(page + ": has a writer");
            }
          }
          for (ProtectedPage page : pages) {
            space.free(page.number());
            space.free(table.partner(page.number()));
          }
        });
  }

  @Override
  public MemorySegment read(ProtectedPage page) {
    return page.segment();
  }

  @Override
  public void write(ProtectedPage page, Consumer<? super MemorySegment> writer) {
    try (ProtectedPage.Writer copy = page.writer()) {
      writer.accept(copy.segment());
      copy.commit();
    }
  }

  @Override
  public Iterable<ProtectedPage> allocated() {
    return pager.iterable(
        PageTable.HAS_USED,
        (page, word) ->
            PageWord.isProtected(word)
                ? new ProtectedPage(this, PageId.value(page, PageWord.reuse(word)), false)
                : null);
  }

  /** Whether a page has a writer. Under the state lock. */
  boolean isWriting(long number) {
    return writing.contains(number);
  }

  ProtectedPage handle(long value) {
    return new ProtectedPage(this, value, false);
  }

  ProtectedPage find(long value) {
    ProtectedPage page = handle(value);
    page.segment();
    return page;
  }

  /** The word of a protected page in use. Under the state lock. */
  long word(long value) {
    pager.checkOpen();
    long page = PageId.number(value);
    if (page < table.pageCount()) {
      long word = table.get(page);
      boolean paired =
          table.isLower(page)
              && table.partner(page) < table.pageCount()
              && PageWord.kind(table.get(table.partner(page))) == PageWord.SHADOW;
      if (PageWord.isProtected(word) && PageWord.reuse(word) == PageId.reuse(value) && paired) {
        return word;
      }
    }
    throw pager.refuse(new PageId(value), "a protected page");
  }

  /** The page whose bytes are active, or the other one. */
  private long place(long page, long word, boolean active) {
    return (PageWord.kind(word) == PageWord.PROTECTED) == active ? page : table.partner(page);
  }

  /** The active bytes; checked against their checksum unless they were before. */
  MemorySegment active(long value, boolean verified) {
    file.lock();
    try {
      long word = word(value);
      MemorySegment bytes =
          file.extents().page(place(PageId.number(value), word, true)).asReadOnly();
      if (!verified && checksum(bytes, value) != PageWord.payload(word)) {
        throw new PagerCorruptException(
            "protected page", new PageId(value) + ": its bytes do not match their checksum");
      }
      return bytes;
    } finally {
      file.unlock();
    }
  }

  /** Starts a writer: the bytes to change, which are those of now. */
  MemorySegment startWriter(ProtectedPage page) {
    MemorySegment active = page.segment();
    Long commit;
    MemorySegment copy;
    file.lock();
    try {
      file.checkUsable();
      long word = word(page.value());
      if (!writing.add(page.number())) {
        throw new IllegalStateException(page + ": has a writer already");
      }
      commit = commits.remove(page.number());
      active = file.extents().page(place(page.number(), word, true));
      copy = file.extents().page(place(page.number(), word, false));
    } finally {
      file.unlock();
    }
    boolean started = false;
    try {
      if (commit != null) {
        file.await(commit);
      }
      MemorySegment.copy(active, 0, copy, 0, copy.byteSize());
      started = true;
      return copy;
    } finally {
      if (!started) {
        endWriter(page);
      }
    }
  }

  void commit(ProtectedPage page, MemorySegment copy, Durability durability) {
    int checksum = checksum(copy, page.value());
    pager.change(
        durability,
        () -> {
          long number = page.number();
          long word = word(page.value());
          file.syncFirst(place(number, word, false));
          table.set(number, PageWord.swapped(word, checksum));
          writing.remove(number);
          commits.put(number, file.currentChange());
          if (commits.size() > 1024) {
            commits.values().removeIf(change -> change <= file.durable());
          }
        });
  }

  void endWriter(ProtectedPage page) {
    file.lock();
    try {
      writing.remove(page.number());
    } finally {
      file.unlock();
    }
  }
}
