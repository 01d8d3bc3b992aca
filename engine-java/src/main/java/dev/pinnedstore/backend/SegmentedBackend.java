package dev.pinnedstore.backend;

import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Fixed pages, each its own piece of memory.
 *
 * <p>Blobs start on 64-byte granules and never cross a page: one that does not fit in what is left
 * of a page goes to the next, one that is larger than a page gets a page of its own size. An append
 * is one compare-and-set, the copy, and one release store; a view is two loads, one comparison of
 * the generation and one of the entry's word. The protocol is written at {@link Page}.
 */
public final class SegmentedBackend implements StorageBackend {
  /**
   * How often a writer at the limit looks again while another thread holds a page in hand: a second
   * or more, since that thread may not be running.
   */
  private static final int LOOKS = 20_000;

  private static final long LOOK_NANOS = 20_000;

  private static final long NO_ROOM = -10;

  private final long pageBytes;
  private final long granulesPerPage;
  private final long ttlMillis;
  private final CoarseClock clock;
  private final PageDirectory directory;
  private final ViewGroups groups;
  private final PagePool pool;
  private final Stripes stripes;
  private final IdleWatch idleWatch;
  private final AtomicLong pagesBegun = new AtomicLong();
  private final BackendEvents events;

  /**
   * Creates a backend that holds one ready page.
   *
   * @param settings sizes and limits
   * @param source where memory comes from
   * @param clock the store's clock
   * @param events told of what happens to pages
   */
  public SegmentedBackend(
      BackendSettings settings, MemorySource source, CoarseClock clock, BackendEvents events) {
    this.pageBytes = settings.pageBytes();
    this.granulesPerPage = pageBytes >> EntryLayout.GRANULE_SHIFT;
    this.ttlMillis = settings.ttlMillis();
    this.clock = clock;
    this.events = events;
    this.directory = new PageDirectory(settings.firstGeneration());
    long limit = Math.min(settings.maxPages(), settings.maxBytes() / pageBytes);
    this.groups =
        new ViewGroups(
            (int) Math.clamp(limit / 16, 1, Math.max(1, ViewGroups.WAITING_BYTES / pageBytes)));
    PageBudget budget = new PageBudget(settings.maxPages(), settings.maxBytes());
    this.pool = new PagePool(settings, source, clock, events, directory, budget, groups);
    int most = 4 * Runtime.getRuntime().availableProcessors();
    this.stripes = new Stripes(Math.clamp(limit / 4, 1, most));
    this.idleWatch = new IdleWatch(stripes.size());
    pool.makeReady();
  }

  // ---- the data path

  @Override
  public long reserve(long size, long millis) {
    Page page = stripes.own();
    long start = reserveOwn(page, size, millis);
    return start >= 0 ? Codes.place(page.id, start) : reserveSlowly(size, millis);
  }

  @Override
  public MemorySegment window(long place, long size, Arena arena) {
    Page page = directory.at(Codes.pageId(place));
    MemorySegment window =
        PagePool.frame(page)
            .mapping
            .window(Integer.toUnsignedLong(Codes.offset(place)), size, arena);
    return page.dirty ? window.fill((byte) 0) : window;
  }

  @Override
  public void publish(long place, MemorySegment source, long offset, long size, long millis) {
    Page page = directory.at(Codes.pageId(place));
    Frame frame = PagePool.frame(page);
    long start = Integer.toUnsignedLong(Codes.offset(place));
    try {
      MemorySegment.copy(source, offset, frame.base, start, size);
    } catch (RuntimeException | Error e) {
      release(page);
      throw e;
    }
    publish(page, frame, start, size, millis);
  }

  @Override
  public void publish(long place, byte[] source, int offset, int size, long millis) {
    Page page = directory.at(Codes.pageId(place));
    Frame frame = PagePool.frame(page);
    long start = Integer.toUnsignedLong(Codes.offset(place));
    try {
      MemorySegment.copy(source, offset, frame.base, ValueLayout.JAVA_BYTE, start, size);
    } catch (RuntimeException | Error e) {
      release(page);
      throw e;
    }
    publish(page, frame, start, size, millis);
  }

  @Override
  public void publish(long place, long size, long millis) {
    Page page = directory.at(Codes.pageId(place));
    long start = Integer.toUnsignedLong(Codes.offset(place));
    publish(page, PagePool.frame(page), start, size, millis);
  }

  @Override
  public void cancel(long place) {
    release(directory.at(Codes.pageId(place)));
  }

  @Override
  public int generation(int pageId) {
    return directory.at(pageId).generation;
  }

  @Override
  public @Nullable MemorySegment view(
      int pageId, int offset, int size, int generation, long millis) {
    Page page = directory.find(pageId);
    if (page == null) {
      return null;
    }
    // The view first, the generation after: see Page, step 5.
    MemorySegment segment = page.view.segment;
    return segment != null && isLive(page, page.frame, offset, size, generation, millis)
        ? segment
        : null;
  }

  @Override
  public void openView(int pageId) {
    Page page = directory.at(pageId);
    PageView marker = page.view;
    Frame frame = page.frame;
    if (marker.isShared() || marker.isNone() || frame == null) {
      return;
    }
    ViewGroup group = groups.join(clock.nanos());
    if (group == null) {
      return;
    }
    PageView shared = null;
    try {
      shared = new PageView(frame.mapping.view(group.arena), group);
    } finally {
      if (shared == null || !page.share(marker, shared)) {
        groups.leave(group);
        pool.changed();
      }
    }
  }

  @Override
  public byte @Nullable [] resolve(int pageId, int offset, int size, int generation, long millis) {
    Page page = directory.find(pageId);
    Frame frame = page == null ? null : page.frame;
    if (page == null || frame == null || !isLive(page, frame, offset, size, generation, millis)) {
      return null;
    }
    byte[] copy = new byte[size];
    MemorySegment.copy(
        frame.base, ValueLayout.JAVA_BYTE, Integer.toUnsignedLong(offset), copy, 0, size);
    VarHandle.loadLoadFence();
    return page.generation == generation ? copy : null;
  }

  @Override
  public int check(int pageId, int offset, int size, int generation, long millis) {
    Page page = directory.find(pageId);
    if (page == null) {
      return Codes.NEVER_ISSUED;
    }
    Frame frame = page.frame;
    if (page.generation == generation) {
      if (frame == null || !isStart(frame, offset)) {
        return Codes.NEVER_ISSUED;
      }
      long word = EntryLayout.acquire(frame, EntryLayout.granule(offset));
      long live = EntryLayout.live(generation, millis, size);
      if (page.generation == generation && millis <= page.newestMillis) {
        if (word == live) {
          return ttlMillis != 0 && hasExpired(page, clock.exactMillis()) ? Codes.STALE : Codes.LIVE;
        }
        if (word == EntryLayout.acknowledged(live)) {
          return Codes.ACKNOWLEDGED;
        }
      }
    }
    return page.isPast(generation) ? Codes.STALE : Codes.NEVER_ISSUED;
  }

  @Override
  public int acknowledge(int pageId, int offset, int size, int generation, long millis) {
    Page page = directory.find(pageId);
    Frame frame = page == null ? null : page.frame;
    if (page == null || frame == null || !isLive(page, frame, offset, size, generation, millis)) {
      return check(pageId, offset, size, generation, millis);
    }
    long live = EntryLayout.live(generation, millis, size);
    long granule = EntryLayout.granule(offset);
    long acknowledged = EntryLayout.acknowledged(live);
    if (!EntryLayout.compareAndSet(frame, granule, live, acknowledged)) {
      return check(pageId, offset, size, generation, millis);
    }
    release(page);
    return Codes.LIVE;
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
    return pool.hasRoom(size <= pageBytes ? pageBytes : PagePool.align(size));
  }

  @Override
  public void sealFor(long size) {
    for (int stripe = 0; stripe < stripes.size(); stripe++) {
      Page page = stripes.get(stripe);
      if (!hasRoom(page.reserve, EntryLayout.granules(size))) {
        takeOut(stripe, page);
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
    return pool.makeReady();
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
    if (ttlMillis == 0) {
      return 0;
    }
    long now = clock.exactMillis();
    int expired = 0;
    for (int id = 0; id < directory.size(); id++) {
      Page page = directory.at(id);
      if (page.liveEntries() > 0 && hasExpired(page, now)) {
        expired += expireOrSkip(page, now) ? 1 : 0;
      }
    }
    return expired;
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
    return pool.stats(live, entries);
  }

  @Override
  public boolean close() {
    return pool.close();
  }

  // ---- reserving

  /** Reserves in the calling thread's page; its first byte there, or {@link #NO_ROOM}. */
  private long reserveOwn(Page page, long size, long millis) {
    return ttlMillis != 0 && hasExpired(page, millis)
        ? NO_ROOM
        : reserveIn(page, EntryLayout.granules(size));
  }

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

  /**
   * Reserves when the thread's own page has no room: installs an empty page and seals the full one,
   * in this order, so that a page is only given up once there is another. The new page is unsealed
   * before it is installed; a thread that loses the race to install seals its page again.
   */
  private long reserveSlowly(long size, long millis) {
    if (size > pageBytes) {
      return reserveLarge(size, millis);
    }
    long granules = EntryLayout.granules(size);
    for (int look = 0; ; look++) {
      if (pool.isClosed()) {
        return Codes.CLOSED;
      }
      long changes = pool.changes();
      int stripe = stripes.ownIndex();
      Page page = stripes.get(stripe);
      if (ttlMillis != 0 && hasExpired(page, millis)) {
        takeOut(stripe, page);
        page = Stripes.NONE;
      }
      long start = reserveIn(page, granules);
      if (start >= 0) {
        return Codes.place(page.id, start);
      }
      long acquired = pool.acquire();
      if (acquired >= 0) {
        install(stripe, page, directory.at((int) acquired), millis);
        pool.settle();
        continue;
      }
      pool.settle();
      long place = reserveAnywhere(granules);
      if (place >= 0) {
        return place;
      }
      if (!mayTryAgain(acquired, pageBytes, changes, look)) {
        return acquired;
      }
    }
  }

  private long reserveLarge(long size, long millis) {
    for (int look = 0; ; look++) {
      if (pool.isClosed()) {
        return Codes.CLOSED;
      }
      long changes = pool.changes();
      long acquired = pool.acquireLarge(size);
      if (acquired >= 0) {
        directory.at((int) acquired).activateForOne(millis);
        pagesBegun.incrementAndGet();
        pool.settle();
        return Codes.place((int) acquired, 0);
      }
      pool.settle();
      if (!mayTryAgain(acquired, PagePool.align(size), changes, look)) {
        return acquired;
      }
    }
  }

  /**
   * At the limit: empties what nobody needs, or waits for a page that is in another's hand. The
   * store is full only when no page was in anybody's hand and none moved since the attempt began.
   */
  private boolean mayTryAgain(long refused, long bytes, long changes, int look) {
    if (refused == Codes.CLOSED) {
      return false;
    }
    pool.hold();
    try {
      idleWatch.sealAcknowledged(stripes, clock.nanos(), bytes > pageBytes, pool::emptied);
    } finally {
      pool.settle();
    }
    if (pool.relieve(refused, bytes)) {
      return true;
    }
    if (pool.isPending()) {
      LockSupport.parkNanos(LOOK_NANOS);
    } else if (pool.changes() == changes) {
      return false;
    }
    return look < LOOKS;
  }

  private void install(int stripe, Page old, Page fresh, long millis) {
    if (!stripes.get(stripe).equals(old)) {
      // Another thread was faster: not activated, the page serves again without a loss.
      pool.giveUp(fresh);
      return;
    }
    fresh.activate(millis);
    if (stripes.replace(stripe, old, fresh)) {
      pagesBegun.incrementAndGet();
      pool.changed();
      seal(old);
    } else {
      seal(fresh);
    }
  }

  private void takeOut(int stripe, Page page) {
    pool.hold();
    try {
      if (stripes.replace(stripe, page, Stripes.NONE)) {
        seal(page);
      }
    } finally {
      pool.settle();
    }
  }

  private long reserveAnywhere(long granules) {
    for (int stripe = 0; stripe < stripes.size(); stripe++) {
      Page page = stripes.get(stripe);
      long start = reserveIn(page, granules);
      if (start >= 0) {
        return Codes.place(page.id, start);
      }
    }
    return NO_ROOM;
  }

  private void seal(Page page) {
    if (page.seal()) {
      pool.emptied(page, clock.nanos());
    }
  }

  // ---- publishing and releasing

  private void publish(Page page, Frame frame, long start, long size, long millis) {
    if (millis > page.newestMillis) {
      page.raiseNewest(millis);
    }
    EntryLayout.release(
        frame,
        start >> EntryLayout.GRANULE_SHIFT,
        EntryLayout.live(page.generation, millis, (int) size));
  }

  private void release(Page page) {
    if (page.release()) {
      pool.emptied(page, clock.nanos());
    }
  }

  // ---- handles

  /** Whether a blob may start at an offset, which is unsigned. */
  private static boolean isStart(Frame frame, int offset) {
    return (offset & (EntryLayout.GRANULE_BYTES - 1)) == 0
        && EntryLayout.granule(offset) < frame.entries;
  }

  private boolean hasExpired(Page page, long now) {
    return now - page.newestMillis > ttlMillis && ReserveLayout.entries(page.reserve) > 0;
  }

  /** The frame is the one that the caller goes on with, loaded before this. */
  private boolean isLive(
      Page page, @Nullable Frame frame, int offset, int size, int generation, long millis) {
    long granule = EntryLayout.granule(offset);
    return page.generation == generation
        && frame != null
        && isStart(frame, offset)
        && EntryLayout.acquire(frame, granule) == EntryLayout.live(generation, millis, size)
        && millis <= page.newestMillis
        && (ttlMillis == 0 || !hasExpired(page, clock.exactMillis()));
  }

  private boolean expireOrSkip(Page page, long now) {
    try {
      return expire(page, now);
    } catch (IllegalStateException e) {
      if (pool.isClosed()) {
        throw e;
      }
      // Others acknowledged the rest, and the page's memory went during the sweep.
      return false;
    }
  }

  /**
   * Acknowledges what is live in a page that has expired. Each word is read before the time of the
   * newest entry is read again: a word that is seen live is not younger than that time, so a blob
   * that is published meanwhile ends the sweep instead of being taken.
   */
  private boolean expire(Page page, long now) {
    int generation = page.generation;
    Frame frame = page.frame;
    for (int stripe = 0; stripe < stripes.size(); stripe++) {
      if (stripes.get(stripe) == page) {
        takeOut(stripe, page);
      }
    }
    boolean any = false;
    for (long granule = 0; frame != null && granule < frame.entries; granule++) {
      long word = EntryLayout.acquire(frame, granule);
      if (page.generation != generation || !hasExpired(page, now)) {
        break;
      }
      if (EntryLayout.isLive(word)
          && EntryLayout.isOf(word, generation)
          && EntryLayout.compareAndSet(frame, granule, word, EntryLayout.acknowledged(word))) {
        any = true;
        release(page);
      }
    }
    if (any && frame != null) {
      events.pageExpired(page.id, frame.dataBytes);
    }
    return any;
  }
}
