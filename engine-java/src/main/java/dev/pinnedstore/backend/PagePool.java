package dev.pinnedstore.backend;

import dev.pinnedstore.os.Mapping;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Where pages come from and go to: made, ready, emptied, recycled, given back.
 *
 * <p>A page here belongs to whoever popped it; {@link Page} tells the whole life. No method takes a
 * lock over a system call. While a thread holds a page that is in no list, or makes one, it is
 * counted in {@link #pending}: a writer that finds nothing at the limit waits for those before it
 * says that the store is full.
 */
final class PagePool {
  private static final long PAGE_ALIGNMENT = 4096;

  /**
   * When so much waits for its views to die, the lifecycle's thread does not get to run: a writer
   * that finds no page then closes Arenas itself, which costs it less than a new page.
   */
  private static final long MOST_WAITING_BYTES = 64L << 20;

  private final MemorySource source;
  private final BackendEvents events;
  private final CoarseClock clock;
  private final PageDirectory directory;
  private final PageBudget budget;
  private final ViewGroups groups;
  private final PageStack ready;
  private final PageStack emptied;
  private final long pageBytes;

  /** Pages without generations whose memory could not be given back yet. */
  private final Queue<Page> spent = new ConcurrentLinkedQueue<>();

  private final SpareLargePages large = new SpareLargePages();
  private final AtomicInteger pending = new AtomicInteger();
  private final AtomicLong changes = new AtomicLong();
  private final AtomicLong made = new AtomicLong();
  private final AtomicLong reused = new AtomicLong();
  private final AtomicLong givenBack = new AtomicLong();
  private final AtomicLong stalls = new AtomicLong();
  private final AtomicLong stallNanos = new AtomicLong();
  private final AtomicLong pastEntries = new AtomicLong();
  private volatile @Nullable MappingFailedException refusal;
  private volatile boolean closed;

  PagePool(
      BackendSettings settings,
      MemorySource source,
      CoarseClock clock,
      BackendEvents events,
      PageDirectory directory,
      PageBudget budget,
      ViewGroups groups) {
    this.source = source;
    this.clock = clock;
    this.events = events;
    this.directory = directory;
    this.budget = budget;
    this.groups = groups;
    this.pageBytes = settings.pageBytes();
    this.ready = new PageStack(directory);
    this.emptied = new PageStack(directory);
  }

  // ---- for writers

  /**
   * Takes an empty page for a writer: a ready one, an emptied one, or a new one. The writer calls
   * {@link #settle} once the page is where others find it, or when the answer is a refusal.
   */
  long acquire() {
    pending.incrementAndGet();
    Page page = ready.pop();
    if (page == null) {
      page = recycleOne();
    }
    if (page == null && groups.waitingBytes() > MOST_WAITING_BYTES) {
      groups.closeComplete(clock.nanos(), false, this::reuse);
      page = ready.pop();
    }
    return page != null
        ? page.id
        : makeForWriter(pageBytes, pageBytes >> EntryLayout.GRANULE_SHIFT);
  }

  /** The same for a single blob that is larger than a page. */
  long acquireLarge(long size) {
    pending.incrementAndGet();
    recycleEmptied();
    long bytes = align(size);
    Page page = large.take(bytes);
    return page != null ? page.id : makeForWriter(bytes, 1);
  }

  /** Takes back a page that was acquired and not activated. */
  void giveUp(Page page) {
    keep(page);
  }

  /** Counts the caller as one who has a page in hand, until {@link #settle}. */
  void hold() {
    pending.incrementAndGet();
  }

  /** Ends what {@link #acquire}, {@link #acquireLarge} or {@link #hold} began. */
  void settle() {
    pending.decrementAndGet();
  }

  /** Notes, before {@link #settle}, that a page may be where others find it. */
  void changed() {
    changes.incrementAndGet();
  }

  /** Counts the pages that came to where a writer finds them. */
  long changes() {
    return changes.get();
  }

  /** Whether a page may turn up that was in no list a moment ago. */
  boolean isPending() {
    return pending.get() != 0;
  }

  /**
   * Looks for room at the limit: recycles, lets views die, gives back memory of the wrong size.
   *
   * @param refused the refusal that an acquisition got
   * @param bytes what the page has to hold
   * @return whether another attempt may succeed
   */
  boolean relieve(long refused, long bytes) {
    pending.incrementAndGet();
    try {
      recycle(true);
      boolean isLarge = bytes > pageBytes;
      if (isLarge ? large.has(bytes) : ready.size() > 0) {
        return true;
      }
      boolean system = refused == Codes.FULL_SYSTEM;
      if (!system && budget.refuses(bytes) == 0) {
        return true;
      }
      if (!system && !budget.fitsAfter(bytes, sparePages(isLarge), spareBytes(isLarge))) {
        return false;
      }
      boolean changed = false;
      Page page = takeSpare(isLarge);
      while (page != null && drop(page)) {
        changed = true;
        if (!system && budget.refuses(bytes) == 0) {
          return true;
        }
        page = takeSpare(isLarge);
      }
      return changed;
    } finally {
      pending.decrementAndGet();
    }
  }

  /** Whether a page of that size could be had now; a hint. */
  boolean hasRoom(long bytes) {
    if (emptied.size() > 0 || isPending()) {
      return true;
    }
    boolean isLarge = bytes > pageBytes;
    return (isLarge ? large.has(bytes) : ready.size() > 0)
        || budget.fitsAfter(bytes, sparePages(isLarge), spareBytes(isLarge));
  }

  /** Takes over an emptied page from the thread that emptied it. */
  void emptied(Page page, long nanos) {
    Frame frame = frame(page);
    page.idleSinceNanos = nanos;
    int id = page.id;
    emptied.push(page);
    changes.incrementAndGet();
    events.pageEmptied(id, frame.dataBytes);
  }

  // ---- for the lifecycle

  int readyPages() {
    return ready.size() + emptied.size();
  }

  long pagesReused() {
    return reused.get();
  }

  boolean makeReady() {
    pending.incrementAndGet();
    try {
      long start = clock.nanos();
      long id = make(pageBytes, pageBytes >> EntryLayout.GRANULE_SHIFT);
      if (id < 0) {
        return false;
      }
      ready.push(directory.at((int) id));
      events.pageMade((int) id, pageBytes, clock.nanos() - start);
      return true;
    } finally {
      pending.decrementAndGet();
    }
  }

  /** Pages made ready again in the low half, Arenas closed in the high half. */
  long recycle(boolean atOnce) {
    pending.incrementAndGet();
    try {
      long before = reused.get();
      dropSpentLate();
      recycleEmptied();
      long closedGroups = groups.closeComplete(clock.nanos(), atOnce, this::reuse);
      return (closedGroups << 32) | Math.min(reused.get() - before, Integer.MAX_VALUE);
    } finally {
      pending.decrementAndGet();
    }
  }

  int giveBack(long idleSinceNanos, int atMost) {
    pending.incrementAndGet();
    try {
      List<Page> kept = new ArrayList<>();
      int count = 0;
      for (Page page : large.takeIdle(idleSinceNanos, atMost)) {
        count += drop(page) ? 1 : 0;
      }
      for (int i = ready.size(); i > 0 && count < atMost && budget.pages() > 1; i--) {
        Page page = ready.pop();
        if (page == null) {
          break;
        }
        if (page.idleSinceNanos - idleSinceNanos > 0) {
          kept.add(page);
        } else if (drop(page)) {
          count++;
        }
      }
      for (int i = kept.size() - 1; i >= 0; i--) {
        ready.push(kept.get(i));
      }
      return count;
    } finally {
      pending.decrementAndGet();
    }
  }

  // ---- for everybody

  /** The figures, of which the caller knows those that need a walk over all pages. */
  BackendStats stats(long liveBlobs, long currentEntries) {
    return new BackendStats(
        budget.pages(),
        ready.size() + large.size(),
        made.get(),
        reused.get(),
        givenBack.get(),
        budget.bytes(),
        budget.peakBytes(),
        budget.tableBytes(),
        groups.waitingBytes(),
        liveBlobs,
        pastEntries.get() + currentEntries,
        stalls.get(),
        stallNanos.get());
  }

  @Nullable MappingFailedException refusal() {
    return refusal;
  }

  boolean isClosed() {
    return closed;
  }

  /** Closes views first, then mappings; false while some thread holds a view in a system call. */
  boolean close() {
    closed = true;
    directory.close();
    if (!groups.closeAll()) {
      return false;
    }
    boolean all = true;
    for (int id = 0; id < directory.size(); id++) {
      Frame frame = directory.at(id).frame;
      all &= frame == null || frame.mapping.close();
    }
    return all;
  }

  static Frame frame(Page page) {
    Frame frame = page.frame;
    if (frame == null) {
      throw new IllegalStateException("page id=" + page.id + ": holds no memory");
    }
    return frame;
  }

  // ---- making and giving back

  private long makeForWriter(long bytes, long entries) {
    long start = clock.nanos();
    long id = make(bytes, entries);
    if (id >= 0) {
      long nanos = clock.nanos() - start;
      stalls.incrementAndGet();
      stallNanos.addAndGet(nanos);
      events.stalled((int) id, bytes, nanos);
    }
    return id;
  }

  /** Maps and touches a page, which the caller then owns. */
  private long make(long bytes, long entries) {
    long tableBytes = entries * EntryLayout.ENTRY_BYTES;
    long refused = budget.take(bytes, tableBytes);
    if (refused != 0) {
      return refused;
    }
    Mapping mapping = null;
    try {
      mapping = source.map(bytes, tableBytes, bytes >= 2 << 20);
      mapping.touch();
    } catch (MappingFailedException e) {
      if (mapping != null) {
        mapping.close();
      }
      budget.give(bytes, tableBytes);
      refusal = e;
      return Codes.FULL_SYSTEM;
    }
    Page page = directory.takeFree();
    page.dirty = false;
    page.idleSinceNanos = clock.nanos();
    page.frame = new Frame(mapping, entries);
    made.incrementAndGet();
    if (closed) {
      // close() may have walked past this page before it had a frame.
      mapping.close();
      return Codes.CLOSED;
    }
    return page.id;
  }

  /** Gives the memory of a page back that must never be issued again, sooner or later. */
  private void dropSpent(Page page) {
    if (frame(page).mapping.close()) {
      discard(page);
    } else {
      spent.add(page);
    }
  }

  private void dropSpentLate() {
    for (int left = spent.size(); left > 0; left--) {
      Page page = spent.poll();
      if (page != null) {
        dropSpent(page);
      }
    }
  }

  /** Gives a page's memory back; false when it could not be unmapped now and is kept. */
  private boolean drop(Page page) {
    Frame frame = frame(page);
    if (!frame.mapping.close()) {
      keep(page);
      return false;
    }
    discard(page);
    return true;
  }

  /** Frees the slot of a page whose mapping is closed. */
  private void discard(Page page) {
    Frame frame = frame(page);
    page.frame = null;
    budget.give(frame.dataBytes, frame.tableBytes());
    int id = page.id;
    directory.release(page);
    givenBack.incrementAndGet();
    events.pageGivenBack(id, frame.dataBytes);
  }

  // ---- recycling

  private void recycleEmptied() {
    Page page = recycleOne();
    while (page != null) {
      keep(page);
      page = recycleOne();
    }
  }

  /** Ends the generation of emptied pages until one of the common size is ready to be used. */
  private @Nullable Page recycleOne() {
    Page page = emptied.pop();
    while (page != null) {
      pastEntries.addAndGet(ReserveLayout.entries(page.reserve));
      if (!page.endGeneration()) {
        ViewGroup group = page.view.group;
        if (group != null) {
          groups.retire(page, group);
          // Whoever looks for room now finds the page there.
          changes.incrementAndGet();
        }
      } else if (isCommon(page)) {
        noteReuse(page);
        return page;
      } else {
        reuse(page);
      }
      page = emptied.pop();
    }
    return null;
  }

  private void reuse(Page page) {
    if (page.isSpent()) {
      dropSpent(page);
    } else {
      noteReuse(page);
      keep(page);
    }
  }

  private void noteReuse(Page page) {
    reused.incrementAndGet();
    events.pageReused(page.id, frame(page).dataBytes);
  }

  private boolean isCommon(Page page) {
    return frame(page).dataBytes == pageBytes && frame(page).entries > 1 && !page.isSpent();
  }

  private void keep(Page page) {
    if (frame(page).entries > 1) {
      ready.push(page);
    } else {
      large.add(page, frame(page).dataBytes);
    }
    changes.incrementAndGet();
  }

  // ---- what could be given up

  static long align(long size) {
    return (size + PAGE_ALIGNMENT - 1) & -PAGE_ALIGNMENT;
  }

  private @Nullable Page takeSpare(boolean evenCommon) {
    Page page = large.takeLargest();
    return page == null && evenCommon ? ready.pop() : page;
  }

  private int sparePages(boolean evenCommon) {
    return large.size() + (evenCommon ? ready.size() : 0);
  }

  private long spareBytes(boolean evenCommon) {
    return large.bytes() + (evenCommon ? ready.size() * pageBytes : 0);
  }
}
