package dev.pinnedstore.backend;

import dev.pinnedstore.os.MappingFailedException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What the backends that live in one process have in common: how space is reserved in pages, and
 * what the lifecycle does with them.
 *
 * <p>An append is one compare-and-set here, and then the copy and one release store in {@link
 * PageBlobs}. The protocol is written at {@link Page}. A backend decides where a blob goes that
 * does not fit in what is left of a page, and where the memory of pages comes from.
 */
abstract class PagedBackend extends PageBlobs {
  /** No space in this page. */
  static final long NO_ROOM = -10;

  /** Look again. */
  static final long AGAIN = -11;

  /**
   * How often a writer at the limit waits while another thread holds a page in hand: for a second
   * or more, since that thread may not be running.
   */
  private static final int WAITS = 20_000;

  /** How often it looks again before it waits. */
  private static final int LOOKS = 64;

  private static final long WAIT_NANOS = 20_000;
  private static final int SPINS = 1_000;

  final long granulesPerPage;
  final Stripes stripes;
  final AtomicLong pagesBegun = new AtomicLong();
  private final long maxBlobBytes;
  private final boolean expires;
  private final IdleWatch idleWatch;
  private final PageExpiry expiry;

  PagedBackend(
      BackendSettings settings,
      FrameSource frames,
      int mostPages,
      long maxBlobBytes,
      CoarseClock clock,
      BackendEvents events) {
    super(settings, frames, mostPages, clock, events);
    this.granulesPerPage = pageBytes >> EntryLayout.GRANULE_SHIFT;
    this.expires = settings.ttlMillis() != 0;
    this.expiry = new PageExpiry(this, events);
    long limit = Math.min(settings.maxPages(), settings.maxBytes() / pageBytes);
    int most = 4 * Runtime.getRuntime().availableProcessors();
    this.stripes = new Stripes(Math.clamp(limit / 4, 1, most));
    this.idleWatch = new IdleWatch(stripes.size());
    this.maxBlobBytes = maxBlobBytes;
    var _ = pool.makeReady(-1);
  }

  /** Bytes that have to be committed for a blob, a page at least. */
  abstract long bytesFor(long size);

  /** The number of pages in which that is committed. */
  abstract int pagesFor(long bytes);

  /** The page that the lifecycle had best make ready next, or -1. */
  abstract int nextPage();

  /**
   * Finds space for a blob where the page in a stripe has none.
   *
   * @param stripe the stripe
   * @param page the page in it, or {@link Stripes#NONE}
   * @param word the page's word, not sealed and without room
   * @return a place, a refusal, or {@link #AGAIN} when there may now be room in the stripe
   */
  abstract long reserveBeyond(int stripe, Page page, long word, long size, long millis);

  @Override
  public final long maxBlobBytes() {
    return maxBlobBytes;
  }

  // ---- the data path

  @Override
  public long reserve(long size, long millis) {
    Page page = stripes.own();
    long start = hasExpired(page, millis) ? NO_ROOM : reserveIn(page, EntryLayout.granules(size));
    return start >= 0 ? Codes.place(page.id, start) : reserveSlowly(size, millis);
  }

  @Override
  public boolean hasRoom(long size) {
    if (size <= pageBytes) {
      long granules = EntryLayout.granules(size);
      for (int stripe = 0; stripe < stripes.size(); stripe++) {
        if (hasRoom(stripes.get(stripe).reserve, granules)) {
          return true;
        }
      }
    }
    long bytes = bytesFor(size);
    return pool.hasRoom(bytes, pagesFor(bytes));
  }

  @Override
  public void sealFor(long size) {
    for (int stripe = 0; stripe < stripes.size(); stripe++) {
      Page page = stripes.opened(stripe);
      long word = page.reserve;
      if (!hasRoom(word, EntryLayout.granules(size))) {
        var _ = takeOut(page, word);
      }
    }
  }

  @Override
  public @Nullable MappingFailedException refusal() {
    return pool.refusal();
  }

  // ---- the lifecycle's side

  @Override
  public long pageBytes() {
    return pageBytes;
  }

  @Override
  public double fill() {
    long most = 0;
    for (int stripe = 0; stripe < stripes.size(); stripe++) {
      most = Math.max(most, ReserveLayout.usedGranules(stripes.get(stripe).reserve));
    }
    return (double) most / granulesPerPage;
  }

  @Override
  public long pagesBegun() {
    return pagesBegun.get();
  }

  @Override
  public long pagesReused() {
    return pool.pagesReused();
  }

  @Override
  public int readyPages() {
    return pool.readyPages();
  }

  @Override
  public boolean makeReady() {
    return pool.makeReady(nextPage());
  }

  @Override
  public long recycle(boolean atOnce) {
    return pool.recycle(atOnce);
  }

  @Override
  public void sealIdle(long stillSinceNanos) {
    pool.hold();
    try {
      idleWatch.sealIdle(stripes, clock.nanos(), stillSinceNanos, pool::emptied);
    } finally {
      pool.settle();
    }
  }

  @Override
  public int giveBack(long idleSinceNanos, int atMost) {
    return pool.giveBack(idleSinceNanos, atMost);
  }

  @Override
  public int expire() {
    return expires ? expiry.expire(this::takeOut) : 0;
  }

  @Override
  public void setPolled(boolean polled) {
    groups.setGrouping(polled);
  }

  @Override
  public BackendStats stats() {
    long live = 0;
    long entries = 0;
    for (int id = 0; id < directory.size(); id++) {
      Page page = directory.at(id);
      live += page.liveEntries();
      entries += ReserveLayout.entries(page.reserve);
    }
    return pool.stats(live - spans.heldNow(), entries - spans.heldEver());
  }

  @Override
  public boolean close() {
    return pool.close();
  }

  // ---- reserving

  /** Reserves in one page; its first byte there, or {@link #NO_ROOM}. */
  private long reserveIn(Page page, long granules) {
    while (true) {
      long word = page.reserve;
      if (!hasRoom(word, granules)) {
        return NO_ROOM;
      }
      if (PageWords.RESERVE.compareAndSet(page, word, word + ReserveLayout.ENTRY + granules)) {
        return ReserveLayout.usedGranules(word) << EntryLayout.GRANULE_SHIFT;
      }
      stripes.collided(page);
    }
  }

  private boolean hasRoom(long word, long granules) {
    return !ReserveLayout.isSealed(word)
        && ReserveLayout.usedGranules(word) + granules <= granulesPerPage;
  }

  /** Waits while a sealed page is in its stripe; whoever sealed it replaces it next. */
  private void awaitSuccessor(int stripe, Page sealed) {
    long word = sealed.reserve;
    for (int spin = 0; stripes.get(stripe) == sealed && sealed.reserve == word; spin++) {
      if (ReserveLayout.isOpening(word) || pool.isClosed()) {
        return;
      }
      if (spin < SPINS) {
        Thread.onSpinWait();
      } else {
        // That thread is not running.
        LockSupport.parkNanos(WAIT_NANOS);
      }
    }
  }

  /** Reserves when the thread's own page has no room; a place or a refusal. */
  private long reserveSlowly(long size, long millis) {
    long granules = EntryLayout.granules(size);
    int waits = 0;
    while (!pool.isClosed()) {
      long changes = pool.changes();
      int stripe = stripes.ownIndex();
      Page page = stripes.opened(stripe);
      long word = page.reserve;
      if (ReserveLayout.isSealed(word) && page != Stripes.NONE) {
        awaitSuccessor(stripe, page);
        continue;
      }
      if (hasExpired(page, millis)) {
        var _ = takeOut(page, word);
        continue;
      }
      long start = reserveIn(page, granules);
      if (start >= 0) {
        return Codes.place(page.id, start);
      }
      if (page.reserve != word) {
        continue;
      }
      long result = reserveBeyond(stripe, page, word, size, millis);
      if (result == AGAIN) {
        continue;
      }
      long place = result >= 0 || size > pageBytes ? result : reserveAnywhere(granules);
      if (place >= 0) {
        return place;
      }
      if (result == Codes.CLOSED || relieve(result, bytesFor(size))) {
        continue;
      }
      // Full only when no page was in anybody's hand and none moved since the attempt began.
      if (waits == WAITS || (!pool.isPending() && pool.changes() == changes)) {
        return result;
      }
      if (++waits > LOOKS) {
        LockSupport.parkNanos(WAIT_NANOS);
      }
    }
    return Codes.CLOSED;
  }

  /** At the limit: empties what nobody needs; whether another attempt may succeed. */
  private boolean relieve(long refused, long bytes) {
    pool.hold();
    try {
      idleWatch.sealAcknowledged(stripes, clock.nanos(), bytes > pageBytes, pool::emptied);
      return pool.relieve(refused, bytes, pagesFor(bytes));
    } finally {
      pool.settle();
    }
  }

  /**
   * Puts an empty page in the place of one that has no room, unless another thread is faster.
   *
   * @param stripe where to put it if there is none
   * @param full a page that takes blobs, or {@link Stripes#NONE}
   * @param word its word
   * @param wanted the page that suits best, or -1
   * @return {@link #AGAIN}, or a refusal
   */
  final long installNext(int stripe, Page full, long word, int wanted, long millis) {
    long acquired = pool.acquire(wanted);
    try {
      if (acquired >= 0) {
        Page fresh = directory.at((int) acquired);
        fresh.beginOpening(0, millis);
        if (install(stripe, full, word, fresh)) {
          pagesBegun.incrementAndGet();
        } else {
          pool.giveUp(fresh);
        }
      }
    } finally {
      pool.settle();
    }
    return acquired >= 0 ? AGAIN : acquired;
  }

  /**
   * Seals a page, puts another in its place, and opens that. The other is the caller's and {@link
   * Page#beginOpening ready to be opened}; so a page is only given up once there is another.
   *
   * @return false when another thread was faster; the other page is the caller's still
   */
  final boolean install(int stripe, Page old, long word, Page fresh) {
    boolean isEmpty = old == Stripes.NONE;
    if (isEmpty ? !stripes.fill(stripe, fresh) : !stripes.seal(old, word, fresh)) {
      return false;
    }
    opened(fresh);
    if (!isEmpty && old.countSealed(word)) {
      pool.emptied(old, clock.nanos());
    }
    return true;
  }

  /** Opens a page that the caller has put into its stripe. */
  final void opened(Page fresh) {
    var _ = stripes.opened(fresh.stripe);
    pool.changed();
  }

  /** Seals a page if its word is still this, and takes it out of its stripe. */
  private boolean takeOut(Page page, long word) {
    pool.hold();
    try {
      boolean sealed = stripes.seal(page, word, Stripes.NONE);
      if (sealed && page.countSealed(word)) {
        pool.emptied(page, clock.nanos());
      }
      return sealed;
    } finally {
      pool.settle();
    }
  }

  private long reserveAnywhere(long granules) {
    for (int stripe = 0; stripe < stripes.size(); stripe++) {
      Page page = stripes.opened(stripe);
      long start = reserveIn(page, granules);
      if (start >= 0) {
        return Codes.place(page.id, start);
      }
    }
    return NO_ROOM;
  }
}
