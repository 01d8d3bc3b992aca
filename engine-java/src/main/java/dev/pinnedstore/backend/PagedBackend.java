package dev.pinnedstore.backend;

import dev.pinnedstore.os.MappingFailedException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What the backends that live in one process have in common: pages, their entries and handles.
 *
 * <p>Blobs start on 64-byte granules. An append is one compare-and-set, the copy, and one release
 * store; a view is two loads, one comparison of the generation and one of the entry's word. The
 * protocol is written at {@link Page}. A backend decides where a blob goes that does not fit in
 * what is left of a page, and where the memory of pages comes from.
 */
abstract class PagedBackend implements StorageBackend {
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

  final long pageBytes;
  final long granulesPerPage;
  final CoarseClock clock;
  final PageDirectory directory;
  final PagePool pool;
  final Spans spans;
  final Stripes stripes;
  final AtomicLong pagesBegun = new AtomicLong();
  private final long maxBlobBytes;
  private final long ttlMillis;
  private final ViewGroups groups;
  private final IdleWatch idleWatch;
  private final BackendEvents events;

  PagedBackend(
      BackendSettings settings,
      FrameSource frames,
      int mostPages,
      long maxBlobBytes,
      CoarseClock clock,
      BackendEvents events) {
    this.pageBytes = settings.pageBytes();
    this.granulesPerPage = pageBytes >> EntryLayout.GRANULE_SHIFT;
    this.ttlMillis = settings.ttlMillis();
    this.clock = clock;
    this.events = events;
    this.directory = new PageDirectory(settings.firstGeneration(), mostPages);
    long limit = Math.min(settings.maxPages(), settings.maxBytes() / pageBytes);
    this.groups =
        new ViewGroups(
            Math.clamp(
                limit / 16 * pageBytes, pageBytes, Math.max(pageBytes, ViewGroups.WAITING_BYTES)));
    PageBudget budget = new PageBudget(settings.maxPages(), settings.maxBytes());
    this.pool = new PagePool(settings, frames, clock, events, directory, budget, groups);
    this.spans = new Spans(directory, groups, pool, clock);
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
  public MemorySegment window(long place, long size, Arena arena) {
    Page page = directory.at(Codes.pageId(place));
    Frame frame = PagePool.frame(page);
    long start = Integer.toUnsignedLong(Codes.offset(place));
    MemorySegment window = frame.window(start, size, arena);
    boolean isClean = !page.dirty && start + size <= frame.dataBytes;
    return isClean ? window : window.fill((byte) 0);
  }

  @Override
  public void publish(long place, MemorySegment source, long offset, long size, long millis) {
    Page page = directory.at(Codes.pageId(place));
    Frame frame = PagePool.frame(page);
    long start = Integer.toUnsignedLong(Codes.offset(place));
    try {
      MemorySegment.copy(source, offset, frame.base, start, size);
    } catch (RuntimeException | Error e) {
      release(page, frame, start + size);
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
      release(page, frame, start + size);
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
  public void cancel(long place, long size) {
    Page page = directory.at(Codes.pageId(place));
    long start = Integer.toUnsignedLong(Codes.offset(place));
    release(page, PagePool.frame(page), start + size);
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
    if (segment != null && end(offset, size) > segment.byteSize()) {
      segment = page.span.segment;
    }
    Frame frame = page.frame;
    return segment != null && frame != null && isLive(page, frame, offset, size, generation, millis)
        ? segment
        : null;
  }

  @Override
  public void openView(int pageId, int offset, int size) {
    Page page = directory.at(pageId);
    Frame frame = page.frame;
    if (frame == null) {
      return;
    }
    long end = end(offset, size);
    if (end > frame.dataBytes) {
      spans.open(page, end);
    }
    PageView marker = page.view;
    if (marker.isShared() || marker.isNone()) {
      return;
    }
    ViewGroup group = groups.join(clock.nanos(), frame.dataBytes);
    if (group == null) {
      return;
    }
    PageView shared = null;
    try {
      shared = new PageView(frame.view(frame.dataBytes, group.arena), group);
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
    // The page's generation holds for its own bytes. Other pages of the blob may have been used
    // again by now, but not before its word said that it is acknowledged.
    boolean isOwn =
        page.generation == generation
            && (end(offset, size) <= frame.dataBytes
                || EntryLayout.acquire(frame, EntryLayout.granule(offset))
                    == EntryLayout.live(generation, millis, size));
    return isOwn ? copy : null;
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
    if (page == null || frame == null || !mayBeLive(page, frame, offset, generation, millis)) {
      return check(pageId, offset, size, generation, millis);
    }
    long live = EntryLayout.live(generation, millis, size);
    long acknowledged = EntryLayout.acknowledged(live);
    if (!EntryLayout.compareAndSet(frame, EntryLayout.granule(offset), live, acknowledged)) {
      return check(pageId, offset, size, generation, millis);
    }
    release(page, frame, end(offset, size));
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

  /** Takes the entry that ends so many bytes behind the page's start off the count. */
  private void release(Page page, Frame frame, long end) {
    if (end > frame.dataBytes) {
      spans.release(page, end, pageBytes);
      pool.announce();
    } else if (page.release()) {
      pool.emptied(page, clock.nanos());
      pool.announce();
    }
  }

  private static long end(int offset, int size) {
    return Integer.toUnsignedLong(offset) + Integer.toUnsignedLong(size);
  }

  // ---- handles

  /** Whether a blob may start at an offset, which is unsigned. */
  private static boolean isStart(Frame frame, int offset) {
    return (offset & (EntryLayout.GRANULE_BYTES - 1)) == 0
        && EntryLayout.granule(offset) < frame.entries;
  }

  private boolean hasExpired(Page page, long now) {
    return ttlMillis != 0
        && now - page.newestMillis > ttlMillis
        && ReserveLayout.entries(page.reserve) > 0;
  }

  /** The frame is the one that the caller goes on with, loaded before this. */
  private boolean isLive(
      Page page, Frame frame, int offset, int size, int generation, long millis) {
    return mayBeLive(page, frame, offset, generation, millis)
        && EntryLayout.acquire(frame, EntryLayout.granule(offset))
            == EntryLayout.live(generation, millis, size);
  }

  /** Whether a blob is live if its entry's word says so. */
  private boolean mayBeLive(Page page, Frame frame, int offset, int generation, long millis) {
    return page.generation == generation
        && isStart(frame, offset)
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
    long reserved = page.reserve;
    if (!ReserveLayout.isSealed(reserved)) {
      var _ = takeOut(page, reserved);
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
        long start = granule << EntryLayout.GRANULE_SHIFT;
        release(page, frame, start + EntryLayout.sizeBytes(word));
      }
    }
    if (any && frame != null) {
      events.pageExpired(page.id, frame.dataBytes);
    }
    return any;
  }
}
