package dev.pinnedstore.backend;

/**
 * Counts the pages that hold memory, against the limits.
 *
 * <p>Asked once per page that is made or given back, next to a system call, hence a plain lock.
 */
final class PageBudget {
  private final int maxPages;
  private final long maxBytes;
  private int pages;
  private long bytes;
  private long peakBytes;
  private long tableBytes;

  PageBudget(int maxPages, long maxBytes) {
    this.maxPages = maxPages;
    this.maxBytes = maxBytes;
  }

  /** Takes room for a page; 0, or the code of the limit that refuses it. */
  synchronized long take(long pageBytes, long pageTableBytes) {
    long refusal = refuses(pageBytes, 1);
    if (refusal == 0) {
      pages++;
      bytes += pageBytes;
      tableBytes += pageTableBytes;
      peakBytes = Math.max(peakBytes, bytes);
    }
    return refusal;
  }

  synchronized void give(long pageBytes, long pageTableBytes) {
    pages--;
    bytes -= pageBytes;
    tableBytes -= pageTableBytes;
  }

  /** 0 when so many pages would fit now, or the code of the limit that refuses them. */
  synchronized long refuses(long neededBytes, int neededPages) {
    if (neededPages > maxPages - pages) {
      return Codes.FULL_PAGES;
    }
    return neededBytes > maxBytes - bytes ? Codes.FULL_BYTES : 0;
  }

  /** How many pages of that size would fit now. */
  synchronized long room(long pageBytes) {
    return Math.min(maxPages - pages, (maxBytes - bytes) / pageBytes);
  }

  /** Whether so many pages would fit once others were given back. */
  synchronized boolean fitsAfter(
      long neededBytes, int neededPages, int givenPages, long givenBytes) {
    return neededPages <= maxPages - pages + givenPages
        && neededBytes <= maxBytes - bytes + givenBytes;
  }

  synchronized int pages() {
    return pages;
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized long peakBytes() {
    return peakBytes;
  }

  synchronized long tableBytes() {
    return tableBytes;
  }
}
