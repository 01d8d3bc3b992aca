package dev.pinnedstore.backend;

import dev.pinnedstore.os.MappingFailedException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
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

  private final BackendEvents events;
  private final CoarseClock clock;
  private final PageDirectory directory;
  private final PageBudget budget;
  private final ViewGroups groups;
  private final PageMaker maker;
  private final PageRuns runs;
  private final PageSet ready;
  private final PageStack emptied;
  private final long pageBytes;

  /** Pages without generations whose memory could not be given back yet. */
  private final Queue<Page> spent = new ConcurrentLinkedQueue<>();

  private final SpareLargePages large = new SpareLargePages();
  private final AtomicInteger pending = new AtomicInteger();
  private final AtomicLong changes = new AtomicLong();

  /** Bytes that were emptied since those who wait for room were told. */
  private final AtomicLong unannounced = new AtomicLong();

  private final AtomicLong reused = new AtomicLong();
  private final AtomicLong pastEntries = new AtomicLong();

  PagePool(
      BackendSettings settings,
      FrameSource frames,
      CoarseClock clock,
      BackendEvents events,
      PageDirectory directory,
      PageBudget budget,
      ViewGroups groups) {
    this.clock = clock;
    this.events = events;
    this.directory = directory;
    this.budget = budget;
    this.groups = groups;
    this.pageBytes = settings.pageBytes();
    this.ready = new PageSet(directory);
    this.emptied = new PageStack(directory);
    this.maker = new PageMaker(frames, events, clock, directory, budget, pageBytes);
    this.runs = new PageRuns(ready, directory, budget, maker, this::giveUp, pageBytes);
  }

  // ---- for writers

  /**
   * Takes an empty page for a writer: a ready one, an emptied one, or a new one. The writer calls
   * {@link #settle} once the page is where others find it, or when the answer is a refusal.
   */
  long acquire(int wanted) {
    pending.incrementAndGet();
    boolean done = false;
    try {
      long acquired = take(wanted);
      done = true;
      return acquired;
    } finally {
      if (!done) {
        settle();
      }
    }
  }

  private long take(int wanted) {
    Page page = wanted >= 0 && ready.claim(wanted) ? directory.at(wanted) : ready.pop();
    if (page == null) {
      page = recycleOne();
    }
    if (page == null) {
      // Another thread may have recycled all there was between the two looks.
      page = ready.pop();
    }
    if (page == null && groups.waitingBytes() > MOST_WAITING_BYTES) {
      groups.closeComplete(clock.nanos(), false);
      page = ready.pop();
    }
    return page != null ? page.id : maker.makeForWriter(wanted);
  }

  /** The same for a single blob that is larger than a page. */
  long acquireLarge(long size) {
    pending.incrementAndGet();
    boolean done = false;
    try {
      recycleEmptied();
      long bytes = align(size);
      Page page = large.take(bytes);
      long acquired = page != null ? page.id : maker.makeForWriter(-1, bytes, 1);
      done = true;
      return acquired;
    } finally {
      if (!done) {
        settle();
      }
    }
  }

  /** Takes neighbouring pages for a writer, who {@link #hold holds}; see {@link PageRuns}. */
  long acquireRun(int first, int count, boolean mayCommit) {
    return runs.acquire(first, count, mayCommit);
  }

  /** The same wherever there are so many; the first of them, or a refusal. */
  long acquireRun(int count) {
    recycleEmptied();
    return runs.acquire(count);
  }

  /** Takes back neighbouring pages. */
  void giveUp(int first, int count) {
    for (int i = 0; i < count; i++) {
      giveUp(directory.at(first + i));
    }
  }

  /** Whether a writer could take a page without making it. */
  boolean hasReady() {
    return ready.size() > 0 || emptied.size() > 0;
  }

  /** Whether a page is ready; a hint. */
  boolean isReady(int id) {
    return ready.contains(id);
  }

  /** Whether so many pages could be had now without one that is in use. */
  boolean hasRoomFor(int count) {
    return ready.size() >= count || ready.size() + budget.room(pageBytes) >= count;
  }

  /** Takes back a page that was acquired and that nobody has seen. */
  void giveUp(Page page) {
    page.reset();
    keep(page);
  }

  /** Counts the caller as one who has a page in hand, until {@link #settle}. */
  void hold() {
    pending.incrementAndGet();
  }

  /** Ends what {@link #acquire}, {@link #acquireLarge} or {@link #hold} began. */
  void settle() {
    if (pending.decrementAndGet() == 0) {
      announce();
    }
  }

  /** Tells those who wait for room of what has been emptied; the caller holds no page. */
  void announce() {
    if (unannounced.get() != 0) {
      long bytes = unannounced.getAndSet(0);
      if (bytes > 0) {
        events.roomMayCome(bytes);
      }
    }
  }

  /** Notes that pages may come once views have died; to be {@linkplain #announce announced}. */
  void mayCome(long bytes) {
    changes.incrementAndGet();
    unannounced.addAndGet(bytes);
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
   * @param bytes what has to be committed
   * @param count in how many pages
   * @return whether another attempt may succeed
   */
  boolean relieve(long refused, long bytes, int count) {
    pending.incrementAndGet();
    try {
      boolean changed = (int) recycle(true) > 0;
      boolean isLarge = bytes > pageBytes;
      if (isLarge ? large.has(bytes) : ready.hasAny()) {
        return true;
      }
      boolean byBudget = refused == Codes.FULL_PAGES || refused == Codes.FULL_BYTES;
      if (refused == Codes.FULL_ADDRESSES) {
        return changed;
      }
      if (byBudget && budget.refuses(bytes, count) == 0) {
        return true;
      }
      if (byBudget && !fitsAfterGivingBack(bytes, count, isLarge)) {
        return false;
      }
      if (count > 1) {
        // What the system refuses side by side does not come from pages elsewhere.
        return (byBudget && dropOutsideRun(count)) || changed;
      }
      Page page = takeSpare(isLarge);
      while (page != null && drop(page)) {
        changed = true;
        if (byBudget && budget.refuses(bytes, count) == 0) {
          return true;
        }
        page = takeSpare(isLarge);
      }
      return changed;
    } finally {
      settle();
    }
  }

  /** Gives back ready pages that a run of so many does not need, until it fits. */
  private boolean dropOutsideRun(int count) {
    int first = runs.find(count);
    if (first < 0) {
      return false;
    }
    var _ =
        dropReady(
            Integer.MAX_VALUE,
            page ->
                (page.id < first || page.id - first >= count)
                    && runs.refuses(first, count, true) != 0);
    return runs.refuses(first, count, true) == 0;
  }

  /** Gives back ready pages that are to go, highest first; returns how many went. */
  private int dropReady(int atMost, Predicate<Page> goes) {
    int count = 0;
    int id = ready.highestBelow(Integer.MAX_VALUE);
    for (; id >= 0 && count < atMost; id = ready.highestBelow(id)) {
      Page page = directory.at(id);
      // Looked at where it is, so that writers find it meanwhile, and again once it is ours.
      if (!goes.test(page) || !ready.claim(id)) {
        continue;
      }
      if (!goes.test(page)) {
        keep(page);
      } else if (drop(page)) {
        count++;
      }
    }
    return count;
  }

  /** Whether pages of that size could be had now; a hint. */
  boolean hasRoom(long bytes, int count) {
    boolean isLarge = bytes > pageBytes;
    return emptied.size() > 0
        || isPending()
        || groups.canClose()
        || (isLarge ? large.has(bytes) : ready.size() > 0)
        || (fitsAfterGivingBack(bytes, count, isLarge)
            && (count == 1 ? directory.hasFree() : runs.find(count) >= 0));
  }

  /** Takes over an emptied page from the thread that emptied it. */
  void emptied(Page page, long nanos) {
    Frame frame = frame(page);
    page.idleSinceNanos = nanos;
    int id = page.id;
    emptied.push(page);
    mayCome(frame.dataBytes);
    events.pageEmptied(id, frame.dataBytes);
  }

  // ---- for the lifecycle

  int readyPages() {
    return ready.size() + emptied.size();
  }

  long pagesReused() {
    return reused.get();
  }

  boolean makeReady(int wanted) {
    pending.incrementAndGet();
    try {
      long start = clock.nanos();
      long id = maker.make(wanted);
      if (id < 0) {
        return false;
      }
      ready.push(directory.at((int) id));
      changes.incrementAndGet();
      events.pageMade((int) id, pageBytes, clock.nanos() - start);
      return true;
    } finally {
      settle();
    }
  }

  /** Pages made ready again in the low half, Arenas closed in the high half. */
  long recycle(boolean atOnce) {
    pending.incrementAndGet();
    try {
      long before = reused.get();
      dropSpentLate();
      recycleEmptied();
      long closedGroups = groups.closeComplete(clock.nanos(), atOnce);
      if (emptied.size() > 0) {
        // Of blobs that crossed pages and whose views have just died.
        recycleEmptied();
        closedGroups += groups.closeComplete(clock.nanos(), atOnce);
      }
      return (closedGroups << 32) | Math.min(reused.get() - before, Integer.MAX_VALUE);
    } finally {
      settle();
    }
  }

  int giveBack(long idleSinceNanos, int atMost) {
    pending.incrementAndGet();
    try {
      int count = 0;
      for (Page page : large.takeIdle(idleSinceNanos, atMost)) {
        count += drop(page) ? 1 : 0;
        changes.incrementAndGet();
      }
      return count
          + dropReady(
              atMost - count,
              page -> page.idleSinceNanos - idleSinceNanos <= 0 && budget.pages() > 1);
    } finally {
      settle();
    }
  }

  // ---- for everybody

  /** The figures, of which the caller knows those that need a walk over all pages. */
  BackendStats stats(long liveBlobs, long currentEntries) {
    return new BackendStats(
        budget.pages(),
        ready.size() + large.size(),
        maker.made(),
        reused.get(),
        maker.givenBack(),
        budget.bytes(),
        budget.peakBytes(),
        budget.tableBytes(),
        groups.waitingBytes(),
        liveBlobs,
        pastEntries.get() + currentEntries,
        maker.stalls(),
        maker.stallNanos());
  }

  @Nullable MappingFailedException refusal() {
    return maker.refusal();
  }

  boolean isClosed() {
    return maker.isClosed();
  }

  /** Closes views first, then mappings; false while some thread holds a view in a system call. */
  boolean close() {
    maker.stop();
    directory.close();
    return groups.closeAll() && maker.close();
  }

  static Frame frame(Page page) {
    Frame frame = page.frame;
    if (frame == null) {
      throw new IllegalStateException("page id=" + page.id + ": holds no memory");
    }
    return frame;
  }

  /** Gives the memory of a page back that must never be issued again, sooner or later. */
  private void dropSpent(Page page) {
    if (!maker.giveBack(page)) {
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
    if (!maker.giveBack(page)) {
      // No change: it was there before, and a writer that looks for changes would look for ever.
      putBack(page);
      return false;
    }
    // A slot and room in the budget.
    changes.incrementAndGet();
    return true;
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
          Page retired = page;
          groups.retire(group, frame(page).dataBytes, () -> viewsDied(retired));
          // Whoever looks for room now finds the page there.
          changes.incrementAndGet();
        }
      } else if (isCommon(page)) {
        noteReuse(page.id, pageBytes);
        return page;
      } else {
        reuse(page);
      }
      page = emptied.pop();
    }
    return null;
  }

  private void viewsDied(Page page) {
    page.view = PageView.NONE;
    reuse(page);
  }

  private void reuse(Page page) {
    if (page.isSpent()) {
      dropSpent(page);
    } else {
      long bytes = frame(page).dataBytes;
      int id = page.id;
      keep(page);
      noteReuse(id, bytes);
    }
  }

  private void noteReuse(int pageId, long bytes) {
    reused.incrementAndGet();
    events.pageReused(pageId, bytes);
  }

  private boolean isCommon(Page page) {
    return frame(page).dataBytes == pageBytes && frame(page).entries > 1 && !page.isSpent();
  }

  private void keep(Page page) {
    putBack(page);
    changes.incrementAndGet();
  }

  private void putBack(Page page) {
    if (frame(page).entries > 1) {
      ready.push(page);
    } else {
      large.add(page, frame(page).dataBytes);
    }
  }

  // ---- what could be given up

  static long alignDown(long size) {
    return size & -PAGE_ALIGNMENT;
  }

  static long align(long size) {
    return (size + PAGE_ALIGNMENT - 1) & -PAGE_ALIGNMENT;
  }

  private @Nullable Page takeSpare(boolean evenCommon) {
    Page page = large.takeLargest();
    return page == null && evenCommon ? ready.pop() : page;
  }

  private boolean fitsAfterGivingBack(long bytes, int count, boolean evenCommon) {
    int common = evenCommon ? ready.size() : 0;
    return budget.fitsAfter(
        bytes, count, large.size() + common, large.bytes() + common * pageBytes);
  }
}
