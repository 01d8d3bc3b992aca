package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Protected pages: each has two places, a pair of pages; its word in the map says which of them is
 * active, and the checksum of those bytes. {@link ProtectedWriters} change them.
 *
 * <p>Whatever reads or writes all bytes of a page does so without the state lock.
 */
final class ProtectedPages implements DurablePageAllocator<ProtectedPage> {
  private final Session session;
  private final Pages pages;
  private final PagerFile file;
  private final PageTable table;
  private final PageSpace space;

  private final ProtectedWriters writers;

  /** The segment of a page that shows one of its places. */
  record View(long value, long place) {}

  ProtectedPages(Session session, Pages pages) {
    this.session = session;
    this.pages = pages;
    this.file = session.file();
    this.table = file.table();
    this.space = session.space();
    this.writers = new ProtectedWriters(session, this);
  }

  /** The checksum of a protected page, bound to its id. */
  static int checksum(MemorySegment bytes, long value) {
    return Checksum.of(bytes, value);
  }

  @Override
  public int pageSize() {
    return file.geometry().pageSize();
  }

  Durability durability() {
    return session.durability();
  }

  // ---- alloc and free

  @Override
  public ProtectedPage alloc() {
    return alloc(durability());
  }

  @Override
  public ProtectedPage alloc(Durability durability) {
    return allocBulk(1, durability).getFirst();
  }

  @Override
  public List<ProtectedPage> allocBulk(int count) {
    return allocBulk(count, durability());
  }

  @Override
  public List<ProtectedPage> allocBulk(int count, Durability durability) {
    Session.checkCount(count);
    long[][] pairs = new long[1][];
    session.change(
        Durability.NONE,
        () -> space.wantsCommit(2L * count),
        () -> pairs[0] = space.holdPairs(count));
    return List.of(fillAndTake(pairs[0], durability));
  }

  private ProtectedPage[] fillAndTake(long[] pairs, Durability durability) {
    boolean taken = false;
    try {
      ProtectedPage[] made = new ProtectedPage[pairs.length];
      int[] checksums = new int[pairs.length];
      for (int i = 0; i < pairs.length; i++) {
        long pair = pairs[i];
        MemorySegment bytes = file.extents().page(pair).fill((byte) 0);
        // A held page keeps its name.
        PageId id = session.read(() -> space.nameOf(pair));
        checksums[i] = checksum(bytes, id.value());
        made[i] = new ProtectedPage(this, id.value(), true);
      }
      boolean[] all = new boolean[1];
      try {
        session.change(
            durability,
            () -> {
              for (int i = 0; i < pairs.length; i++) {
                space.takePair(pairs[i], checksums[i]);
              }
              all[0] = true;
            });
      } finally {
        taken = all[0];
      }
      return made;
    } finally {
      if (!taken) {
        session.read(() -> space.releasePairs(pairs, pairs.length));
      }
    }
  }

  @Override
  public void free(ProtectedPage page) {
    free(page, durability());
  }

  @Override
  public void free(ProtectedPage page, Durability durability) {
    freeBulk(List.of(page), durability);
  }

  @Override
  public void freeBulk(Collection<? extends ProtectedPage> all) {
    freeBulk(all, durability());
  }

  @Override
  public void freeBulk(Collection<? extends ProtectedPage> all, Durability durability) {
    session.change(durability, () -> freeNow(all));
  }

  /** Frees pages as part of the change under way. */
  void freeNow(Collection<? extends ProtectedPage> all) {
    Set<Long> seen = new HashSet<>();
    for (ProtectedPage page : all) {
      word(page.value());
      if (!seen.add(page.value())) {
        throw new InvalidPageException(page + ": named twice");
      }
      if (writers.isWriting(page.number())) {
        throw new IllegalStateException(page + ": has a writer");
      }
    }
    for (ProtectedPage page : all) {
      endViews(page);
    }
    for (ProtectedPage page : all) {
      writers.forget(page.number());
      space.free(page.number());
      space.free(table.partner(page.number()));
    }
  }

  private void endViews(ProtectedPage page) {
    session.endUse(new View(page.value(), page.number()));
    session.endUse(new View(page.value(), table.partner(page.number())));
  }

  @Override
  public CompletableFuture<ProtectedPage> allocAsync() {
    return session.async(() -> alloc(Durability.NONE), page -> free(page, Durability.GROUP));
  }

  @Override
  public CompletableFuture<Void> freeAsync(ProtectedPage page) {
    return session.async(() -> free(page, Durability.NONE));
  }

  @Override
  public CompletableFuture<List<ProtectedPage>> allocBulkAsync(int count) {
    return session.async(
        () -> allocBulk(count, Durability.NONE), all -> freeBulk(all, Durability.GROUP));
  }

  @Override
  public CompletableFuture<Void> freeBulkAsync(Collection<? extends ProtectedPage> all) {
    return session.async(() -> freeBulk(all, Durability.NONE));
  }

  // ---- find and read

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
    return LeafIterator.of(
        session,
        PageTable.HAS_USED,
        (page, word, items) -> {
          if (PageWord.isProtected(word)) {
            items.add(handle(PageId.value(page, PageWord.reuse(word))));
          }
        });
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
    session.checkOpen();
    long page = PageId.number(value);
    if (page < table.pageCount()) {
      long word = table.get(page);
      if (table.isPaired(page, word) && PageWord.reuse(word) == PageId.reuse(value)) {
        return word;
      }
    }
    throw pages.refuse(new PageId(value), "a protected page");
  }

  /**
   * Refuses a page whose active bytes do not match their checksum. They are read without the lock
   * first, beside which two commits may come and leave the same word: then what does not match is
   * read once more with it.
   */
  void verify(long value) {
    long[] word = new long[1];
    MemorySegment bytes =
        session.read(
            () -> {
              word[0] = word(value);
              return file.extents().page(table.activePlace(PageId.number(value), word[0]));
            });
    if (!matches(bytes, value, word[0])) {
      session.read(() -> verifyNow(value));
    }
  }

  private static boolean matches(MemorySegment bytes, long value, long word) {
    try {
      return checksum(bytes, value) == PageWord.payload(word);
    } catch (IllegalStateException e) {
      // Freed and cut off, or closed, since it was found; the second look says which.
      return false;
    }
  }

  private boolean verifyNow(long value) {
    long word = word(value);
    MemorySegment bytes = file.extents().page(table.activePlace(PageId.number(value), word));
    if (checksum(bytes, value) != PageWord.payload(word)) {
      throw new PagerCorruptException(
          "protected page", new PageId(value) + ": its bytes do not match their checksum");
    }
    return true;
  }

  /** The active bytes; checked against their checksum unless they were before. */
  MemorySegment active(long value, boolean verified) {
    if (!verified) {
      verify(value);
    }
    return session.read(
        () -> {
          long number = PageId.number(value);
          long place = table.activePlace(number, word(value));
          return segment(new View(value, place), place).asReadOnly();
        });
  }

  /** The bytes of a place; in checked mode those of a use of it. Under the state lock. */
  MemorySegment segment(Object use, long place) {
    CheckedPages checked = session.checked();
    return checked == null
        ? file.extents().page(place)
        : checked.segment(use, place, 0, pageSize());
  }

  ProtectedWriters writers() {
    return writers;
  }

  /** Makes a call on the pager's thread. */
  CompletableFuture<Void> async(Runnable call) {
    return session.async(call);
  }
}
