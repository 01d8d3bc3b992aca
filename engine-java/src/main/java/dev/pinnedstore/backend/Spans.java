package dev.pinnedstore.backend;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Blobs that begin in one page and end in a later one.
 *
 * <p>Such a blob is counted as an entry in each page that it touches, so it keeps all of them; its
 * word is in the table of the first. At most one begins in a page: the last. It has a view of its
 * own, from the start of the first page to the blob's end, with the same marker protocol as {@link
 * PageView}'s, between the first viewer and the one thread that acknowledges the blob:
 *
 * <ol>
 *   <li>The writer owns the end of the first page. It puts a marker there, which says how far the
 *       blob reaches, before it publishes the word.
 *   <li>A viewer replaces the marker by a shared view and reads the word <em>after</em> that. One
 *       that slept, and whose blob is gone, meets another reach and leaves the marker alone, or the
 *       same reach: then the view that it makes is that of the blob that is there now.
 *   <li>The acknowledging thread changes the word first and replaces the marker by {@link
 *       PageView#NONE} after that. If it succeeds, nobody has a view and the pages are released at
 *       once. If not, a view exists, and the pages are released when its Arena has been closed.
 * </ol>
 *
 * <p>So no page of the blob is used again while a view of it lives.
 */
final class Spans {
  private final PageDirectory directory;
  private final ViewGroups groups;
  private final PagePool pool;
  private final CoarseClock clock;

  /** Counts in pages that are not those of live blobs, or not their first. */
  private final AtomicLong heldNow = new AtomicLong();

  private final AtomicLong heldEver = new AtomicLong();

  Spans(PageDirectory directory, ViewGroups groups, PagePool pool, CoarseClock clock) {
    this.directory = directory;
    this.groups = groups;
    this.pool = pool;
    this.clock = clock;
  }

  /** Begins a blob that is counted in so many more pages than its first. */
  void begin(Page first, PageView marker, int more) {
    first.span = marker;
    heldNow.addAndGet(more);
    heldEver.addAndGet(more);
  }

  long heldNow() {
    return heldNow.get();
  }

  long heldEver() {
    return heldEver.get();
  }

  /** Makes the view of the blob that begins in a page and ends so many bytes behind its start. */
  void open(Page first, long endBytes) {
    PageView marker = first.span;
    Frame frame = first.frame;
    if (marker.spanBytes != endBytes || frame == null) {
      return;
    }
    ViewGroup group = groups.joinSpan(clock.nanos(), endBytes);
    if (group == null) {
      return;
    }
    PageView shared = null;
    try {
      MemorySegment segment = frame.view(endBytes, group.arena);
      shared = new PageView(segment, group);
    } finally {
      if (shared == null || !first.replaceSpan(marker, shared)) {
        groups.leave(group);
        pool.changed();
      }
    }
  }

  /** Releases the pages of a blob that the caller has acknowledged or cancelled. */
  void release(Page first, long endBytes, long pageBytes) {
    int pages = pages(endBytes, pageBytes);
    int id = first.id;
    // From now on the entry is no blob in any of its pages.
    heldNow.incrementAndGet();
    PageView marker = first.span;
    if (!marker.isShared() && first.replaceSpan(marker, PageView.NONE)) {
      releaseAll(id, pages, clock.nanos());
      return;
    }
    ViewGroup group = first.span.group;
    if (group != null) {
      long now = clock.nanos();
      // Others may still be acknowledged in its first and last page, and count as the last then.
      boolean isLast = first.isLastEntry() && directory.at(id + pages - 1).isLastEntry();
      groups.retire(group, endBytes, () -> releaseAll(id, pages, isLast ? now : clock.nanos()));
      pool.mayCome(endBytes);
    }
  }

  /** The number of pages of a blob that ends so many bytes behind the start of its first page. */
  static int pages(long endBytes, long pageBytes) {
    return (int) ((endBytes + pageBytes - 1) / pageBytes);
  }

  private void releaseAll(int first, int pages, long nanos) {
    heldNow.addAndGet(-pages);
    for (int i = 0; i < pages; i++) {
      Page page = directory.at(first + i);
      if (page.release()) {
        pool.emptied(page, nanos);
      }
    }
    // The last page may take blobs still, and is acknowledged now.
    pool.changed();
  }
}
