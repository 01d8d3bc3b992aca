package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Protected pages: each has two places, a pair of pages; its word in the map says which of them is
 * active, and the checksum of those bytes.
 *
 * <p>A writer copies the active bytes to the other place and changes them there. Its commit has
 * that place synced, and then the word changed, in one batch with whatever else is pending. A crash
 * before the batch is durable leaves the word, and so the old bytes. Before the next writer takes
 * the place that was active, that commit must be durable.
 *
 * <p>Whatever reads or writes all bytes of a page does so without the state lock.
 */
final class ProtectedPages implements DurablePageAllocator<ProtectedPage> {
  private static final int MIN_SWEEP = 1024;

  private final Session session;
  private final Pages pages;
  private final PagerFile file;
  private final PageTable table;
  private final PageSpace space;

  /** Pages that have a writer. Under the state lock. */
  private final Set<Long> writing = new HashSet<>();

  /** Changes that committed pages, as long as they may not be durable. Under the state lock. */
  private final Map<Long, Long> commits = new HashMap<>();

  /** Size of {@link #commits} at which what is durable goes. */
  private int sweepAt = MIN_SWEEP;

  /** The segment of a page that shows one of its places. */
  private record View(long value, long place) {}

  /** The segment of a writer. */
  private record Copy(long value) {}

  ProtectedPages(Session session, Pages pages) {
    this.session = session;
    this.pages = pages;
    this.file = session.file();
    this.table = file.table();
    this.space = session.space();
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
      if (writing.contains(page.number())) {
        throw new IllegalStateException(page + ": has a writer");
      }
    }
    for (ProtectedPage page : all) {
      endViews(page);
    }
    for (ProtectedPage page : all) {
      commits.remove(page.number());
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

  /** The word of a page, once its active bytes have been found to match their checksum. */
  long verifiedWord(long value) {
    long word = session.read(() -> word(value));
    while (true) {
      long number = PageId.number(value);
      MemorySegment bytes = file.extents().page(table.activePlace(number, word));
      int checksum = checksum(bytes, value);
      long then = session.read(() -> word(value));
      if (then == word) {
        if (checksum != PageWord.payload(word)) {
          throw new PagerCorruptException(
              "protected page", new PageId(value) + ": its bytes do not match their checksum");
        }
        return word;
      }
      // Another commit has come meanwhile, and the bytes may have changed.
      word = then;
    }
  }

  /** The active bytes; checked against their checksum unless they were before. */
  MemorySegment active(long value, boolean verified) {
    if (!verified) {
      verifiedWord(value);
    }
    return session.read(
        () -> {
          long number = PageId.number(value);
          long place = table.activePlace(number, word(value));
          return segment(new View(value, place), place).asReadOnly();
        });
  }

  private MemorySegment segment(Object use, long place) {
    CheckedPages checked = session.checked();
    return checked == null
        ? file.extents().page(place)
        : checked.segment(use, place, 0, pageSize());
  }

  // ---- write

  /** Whether a page has a writer. Under the state lock. */
  boolean isWriting(long number) {
    return writing.contains(number);
  }

  /** Starts a writer: the bytes to change, which are those of now. */
  MemorySegment startWriter(ProtectedPage page) {
    page.verify();
    long[] places = new long[2];
    Long commit =
        session.read(
            () -> {
              file.checkUsable();
              long number = page.number();
              places[0] = table.activePlace(number, word(page.value()));
              places[1] = table.partner(places[0]);
              if (writing.contains(number)) {
                throw new IllegalStateException(page + ": has a writer already");
              }
              // Shows the commit before the last, which is overwritten now.
              session.endUse(new View(page.value(), places[1]));
              writing.add(number);
              return commits.get(number);
            });
    boolean started = false;
    try {
      if (commit != null) {
        file.await(commit);
      }
      file.extents().page(places[1]).copyFrom(file.extents().page(places[0]));
      MemorySegment copy = session.read(() -> segment(new Copy(page.value()), places[1]));
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
    session.change(
        durability,
        () -> {
          long number = page.number();
          long word = word(page.value());
          session.endUse(new Copy(page.value()));
          file.syncFirst(table.partner(table.activePlace(number, word)));
          table.set(number, PageWord.swapped(word, checksum));
          writing.remove(number);
          commits.put(number, file.currentChange());
          sweepCommits();
        });
  }

  /** Forgets commits that are durable; looks at each of them twice on average. */
  private void sweepCommits() {
    if (commits.size() > sweepAt) {
      commits.values().removeIf(change -> change <= file.durable());
      sweepAt = Math.max(MIN_SWEEP, 2 * commits.size());
    }
  }

  /** Commits on the pager's thread. */
  CompletableFuture<Void> async(Runnable commit) {
    return session.async(commit);
  }

  /** Ends a writer that did not commit. */
  void endWriter(ProtectedPage page) {
    file.lock();
    try {
      writing.remove(page.number());
      session.endUse(new Copy(page.value()));
    } finally {
      file.unlock();
    }
  }
}
