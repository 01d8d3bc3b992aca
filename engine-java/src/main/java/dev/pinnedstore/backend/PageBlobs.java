package dev.pinnedstore.backend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Blobs in pages: written where space was reserved, viewed, copied out, acknowledged. Blobs start
 * on 64-byte granules; a view is two loads, one comparison of the generation and one of the entry's
 * word. The protocol is written at {@link Page}.
 *
 * <p>A superclass, not a part, of the backend: one more object to go through costs a view a tenth.
 */
abstract class PageBlobs implements StorageBackend {
  final long pageBytes;
  final CoarseClock clock;
  final PageDirectory directory;
  final PagePool pool;
  final Spans spans;
  final ViewGroups groups;
  private final long ttlMillis;

  PageBlobs(
      BackendSettings settings,
      FrameSource frames,
      int mostPages,
      CoarseClock clock,
      BackendEvents events) {
    this.pageBytes = settings.pageBytes();
    this.ttlMillis = settings.ttlMillis();
    this.clock = clock;
    this.directory = new PageDirectory(settings.firstGeneration(), mostPages);
    this.groups = new ViewGroups(viewGroupBytes(settings));
    PageBudget budget = new PageBudget(settings.maxPages(), settings.maxBytes());
    this.pool = new PagePool(settings, frames, clock, events, directory, budget, groups);
    this.spans = new Spans(directory, groups, pool, clock);
  }

  private static long viewGroupBytes(BackendSettings settings) {
    long pageBytes = settings.pageBytes();
    long limit = Math.min(settings.maxPages(), settings.maxBytes() / pageBytes);
    return Math.clamp(
        limit / 16 * pageBytes, pageBytes, Math.max(pageBytes, ViewGroups.WAITING_BYTES));
  }

  // ---- writing

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
  void release(Page page, Frame frame, long end) {
    if (end > frame.dataBytes) {
      spans.release(page, end, pageBytes);
      pool.announce();
    } else if (page.release()) {
      pool.emptied(page, clock.nanos());
      pool.announce();
    }
  }

  // ---- reading and acknowledging

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
    if (page == null
        || frame == null
        || !isInTable(frame, offset)
        || !isLive(page, frame, offset, size, generation, millis)) {
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
      if (frame == null || !isAligned(offset) || !isInTable(frame, offset)) {
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
    while (!tryAcknowledge(pageId, offset, size, generation, millis)) {
      int state = check(pageId, offset, size, generation, millis);
      if (state != Codes.LIVE) {
        return state;
      }
      // Live by now: a younger blob came to its page, which seemed to have expired.
    }
    return Codes.LIVE;
  }

  /** Acknowledges a blob; false, with nothing done, when it is not live. */
  private boolean tryAcknowledge(int pageId, int offset, int size, int generation, long millis) {
    Page page = directory.find(pageId);
    Frame frame = page == null ? null : page.frame;
    if (page == null
        || frame == null
        || !isInTable(frame, offset)
        || !mayBeLive(page, offset, generation, millis)) {
      return false;
    }
    long live = EntryLayout.live(generation, millis, size);
    long acknowledged = EntryLayout.acknowledged(live);
    if (!EntryLayout.compareAndSet(frame, EntryLayout.granule(offset), live, acknowledged)) {
      return false;
    }
    release(page, frame, end(offset, size));
    return true;
  }

  /** Whether all that a page holds is older than the TTL. */
  boolean hasExpired(Page page, long now) {
    return ttlMillis != 0
        && now - page.newestMillis > ttlMillis
        && ReserveLayout.entries(page.reserve) > 0;
  }

  /** Whether a blob may start at an offset in a page of any size. */
  private static boolean isAligned(int offset) {
    return (offset & (EntryLayout.GRANULE_BYTES - 1)) == 0;
  }

  /** Whether there is a word for an offset, which is unsigned. */
  private static boolean isInTable(Frame frame, int offset) {
    return EntryLayout.granule(offset) < frame.entries;
  }

  /**
   * Whether a blob can be read. The frame is the one that the caller goes on with, loaded before
   * this.
   *
   * @throws IndexOutOfBoundsException perhaps, when the offset is not {@linkplain #isInTable in the
   *     table}
   */
  private boolean isLive(
      Page page, Frame frame, int offset, int size, int generation, long millis) {
    return mayBeLive(page, offset, generation, millis)
        && EntryLayout.acquire(frame, EntryLayout.granule(offset))
            == EntryLayout.live(generation, millis, size);
  }

  /** Whether a blob is live if its entry's word says so. */
  private boolean mayBeLive(Page page, int offset, int generation, long millis) {
    return page.generation == generation
        && isAligned(offset)
        && millis <= page.newestMillis
        && (ttlMillis == 0 || !hasExpired(page, clock.exactMillis()));
  }

  private static long end(int offset, int size) {
    return Integer.toUnsignedLong(offset) + Integer.toUnsignedLong(size);
  }
}
