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
    long refusal = refuses(pageBytes);
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

  /** 0 when a page of that size would fit now, or the code of the limit that refuses it. */
  synchronized long refuses(long pageBytes) {
    if (pages >= maxPages) {
      return Codes.FULL_PAGES;
    }
    return pageBytes > maxBytes - bytes ? Codes.FULL_BYTES : 0;
  }

  /** Whether a page of that size would fit once so much were given back. */
  synchronized boolean fitsAfter(long pageBytes, int givenPages, long givenBytes) {
    return pages - givenPages < maxPages && pageBytes <= maxBytes - bytes + givenBytes;
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
