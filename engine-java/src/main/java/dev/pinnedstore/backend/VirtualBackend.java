package dev.pinnedstore.backend;

import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;

/**
 * Pages side by side in one reserved range of addresses that never moves.
 *
 * <p>A blob that does not fit in what is left of a page goes on in its neighbour, if that one is
 * not in use ({@link Spans}); so on the growing edge nothing is skipped. Where the neighbour is
 * alive, the rest of the page is padding and the blob starts in another page. A blob that is larger
 * than a page takes as many neighbours as it needs and leaves the rest of the last one to others.
 */
public final class VirtualBackend extends PagedBackend {
  private final int mostPages;

  private VirtualBackend(
      BackendSettings settings, ReservedFrames frames, CoarseClock clock, BackendEvents events) {
    super(
        settings,
        frames,
        frames.pages(),
        Math.min(MAX_BLOB_BYTES, largest(settings, frames.pages())),
        clock,
        events);
    this.mostPages = frames.pages();
  }

  /**
   * Creates a backend that holds one ready page, or none when the operating system refuses it.
   *
   * @param settings sizes and limits
   * @param reserveBytes the range to reserve, in bytes, a multiple of 2 MiB; what is left of it
   *     behind the last whole page is not used
   * @param source where memory comes from; native access must be granted
   * @param clock the store's clock
   * @param events told of what happens to pages
   * @return the backend
   * @throws MappingFailedException when there is no such range of addresses
   * @throws IllegalArgumentException when pages are no multiples of the system's
   */
  public static VirtualBackend reserve(
      BackendSettings settings,
      long reserveBytes,
      MemorySource source,
      CoarseClock clock,
      BackendEvents events)
      throws MappingFailedException {
    ReservedFrames frames = ReservedFrames.reserve(source, reserveBytes, settings.pageBytes());
    return new VirtualBackend(settings, frames, clock, events);
  }

  private static long largest(BackendSettings settings, int pages) {
    long limit = Math.min(settings.maxBytes() / settings.pageBytes(), settings.maxPages());
    return Math.min(limit, pages) * settings.pageBytes();
  }

  @Override
  long bytesFor(long size) {
    return (size + pageBytes - 1) / pageBytes * pageBytes;
  }

  @Override
  int pagesFor(long bytes) {
    return (int) (bytes / pageBytes);
  }

  /** The next of the pages behind the one that is being filled. */
  @Override
  int nextPage() {
    Page page = stripes.get(0);
    int next = neighbour(page);
    while (next >= 0 && pool.isReady(next)) {
      next = directory.suits(next + 1) ? next + 1 : -1;
    }
    return next;
  }

  private int neighbour(Page page) {
    return page != Stripes.NONE && directory.suits(page.id + 1) ? page.id + 1 : -1;
  }

  @Override
  long reserveBeyond(int stripe, Page page, long word, long size, long millis) {
    long place = page == Stripes.NONE ? NO_ROOM : reserveAcross(page, word, size, millis);
    if (place != NO_ROOM) {
      return place;
    }
    return size > pageBytes
        ? reserveRun(stripe, page, word, size, millis)
        : installNext(stripe, page, word, neighbour(page), millis);
  }

  /**
   * Reserves the rest of a page and what is missing in its neighbours. The neighbours are taken
   * first, all of them or none; then one compare-and-set seals the page with the entry that goes
   * across; then the last neighbour becomes the stripe's page, the entry's end already in it.
   *
   * @return a place, {@link #AGAIN}, or {@link #NO_ROOM} when it would have to go elsewhere
   */
  private long reserveAcross(Page page, long word, long size, long millis) {
    long granules = EntryLayout.granules(size);
    long rest = granulesPerPage - ReserveLayout.usedGranules(word);
    int more = neighbours(granules - rest);
    // A page that nobody needs is better sealed: it serves again from its start.
    if (rest == 0 || page.id > mostPages - 1 - more || page.isAcknowledged(word)) {
      return NO_ROOM;
    }
    // At the limit a blob that keeps two pages would keep others out.
    if (more == 1 && !(pool.hasRoomFor(2) && directory.suits(page.id + 1))) {
      return NO_ROOM;
    }
    // With pages at hand, padding is cheaper than a page that must be made.
    boolean mayCommit = more > 1 || !pool.hasReady();
    long place = NO_ROOM;
    pool.hold();
    try {
      if (pool.acquireRun(page.id + 1, more, mayCommit) == 0) {
        place = AGAIN;
        // What may fail comes first: a sealed page must not stay in its stripe.
        long start = ReserveLayout.usedGranules(word) << EntryLayout.GRANULE_SHIFT;
        PageView marker = new PageView(start + size);
        Page last = fill(page.id + 1, more, granules - rest, millis);
        boolean takesMore = ReserveLayout.isOpening(last.reserve);
        if (page.sealAcross(word, granulesPerPage)) {
          place = Codes.place(page.id, start);
          stripes.replaceSealed(page, takesMore ? last : Stripes.NONE);
          spans.begin(page, marker, more);
          pagesBegun.addAndGet(more);
          if (takesMore) {
            opened(last);
          }
          // The entry that goes across is live, so this cannot empty the page.
          var _ = page.countSealed(word + ReserveLayout.ENTRY);
        } else {
          pool.giveUp(page.id + 1, more);
        }
      }
    } finally {
      pool.settle();
    }
    return place;
  }

  /**
   * Reserves a run of pages from the start of the first; a place, or a refusal. What is left of the
   * last page takes blobs, unless the page that does so now has more room.
   */
  private long reserveRun(int stripe, Page page, long word, long size, long millis) {
    long granules = EntryLayout.granules(size);
    int count = neighbours(granules);
    pool.hold();
    try {
      long first = pool.acquireRun(count);
      if (first >= 0) {
        Page last = fill((int) first, count, granules, millis);
        spans.begin(directory.at((int) first), new PageView(size), count - 1);
        pagesBegun.addAndGet(count);
        boolean takesMore =
            ReserveLayout.isOpening(last.reserve)
                && (page == Stripes.NONE
                    || ReserveLayout.usedGranules(word) > ReserveLayout.usedGranules(last.reserve));
        if (!takesMore || !install(stripe, page, word, last)) {
          last.activateForOne(millis);
        }
      }
      return first >= 0 ? Codes.place((int) first, 0) : first;
    } finally {
      pool.settle();
    }
  }

  /**
   * Prepares pages that the caller owns for one entry that fills all but the last, which is about
   * to be opened then, or the last as well.
   */
  private Page fill(int first, int count, long granules, long millis) {
    for (int i = 0; i < count - 1; i++) {
      directory.at(first + i).activateForOne(millis);
    }
    Page last = directory.at(first + count - 1);
    long used = granules - (count - 1) * granulesPerPage;
    if (used == granulesPerPage) {
      last.activateForOne(millis);
    } else {
      last.beginOpening(ReserveLayout.ENTRY + used, millis);
    }
    return last;
  }

  private int neighbours(long granules) {
    return (int) ((granules + granulesPerPage - 1) / granulesPerPage);
  }
}
