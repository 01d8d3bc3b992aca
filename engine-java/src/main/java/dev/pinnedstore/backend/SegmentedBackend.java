package dev.pinnedstore.backend;

import dev.pinnedstore.os.MemorySource;

/**
 * Fixed pages, each its own piece of memory.
 *
 * <p>Blobs never cross a page: one that does not fit in what is left of a page goes to the next,
 * one that is larger than a page gets a page of its own size.
 */
public final class SegmentedBackend extends PagedBackend {
  /**
   * Creates a backend that holds one ready page, or none when the operating system refuses it.
   *
   * @param settings sizes and limits
   * @param source where memory comes from
   * @param clock the store's clock
   * @param events told of what happens to pages
   */
  public SegmentedBackend(
      BackendSettings settings, MemorySource source, CoarseClock clock, BackendEvents events) {
    super(
        settings,
        new MappedFrames(source),
        Integer.MAX_VALUE,
        Math.min(MAX_BLOB_BYTES, PagePool.alignDown(settings.maxBytes())),
        clock,
        events);
  }

  @Override
  long bytesFor(long size) {
    return size <= pageBytes ? pageBytes : PagePool.align(size);
  }

  @Override
  int pagesFor(long bytes) {
    return 1;
  }

  @Override
  int nextPage() {
    return -1;
  }

  @Override
  long reserveBeyond(int stripe, Page page, long word, long size, long millis) {
    return size > pageBytes
        ? reserveLarge(size, millis)
        : installNext(stripe, page, word, -1, millis);
  }

  private long reserveLarge(long size, long millis) {
    long acquired = pool.acquireLarge(size);
    try {
      if (acquired >= 0) {
        directory.at((int) acquired).activateForOne(millis);
        pagesBegun.incrementAndGet();
      }
    } finally {
      pool.settle();
    }
    return acquired >= 0 ? Codes.place((int) acquired, 0) : acquired;
  }
}
