package dev.pinnedstore.pool;

import dev.pinnedstore.pool.PoolFile.Source;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Pages of files, held in frames of memory for as long as they are pinned or worth it.
 *
 * {@snippet class="dev.pinnedstore.pool.PoolSnippets" region="pool"}
 *
 * <p><b>Pages</b> are named by ids ({@link PageIds}). One that was never written is zeros. What
 * users see of a page is its size less a trailer of 16 bytes with checksum, LSN and number.
 *
 * <p><b>Threads.</b> Safe for threads, virtual ones too. Shared pins and optimistic reads of a page
 * go side by side; an exclusive pin waits for shared ones to end and lets none begin. Readers go
 * first: one that waits to write waits as long as readers overlap, up to {@link
 * BufferPoolConfig#latchTimeout()}. Waits are not ended by an interrupt, which stays pending.
 *
 * <p><b>Closing.</b> Whoever built it closes it, after the last guard.
 *
 * <p><b>Failures.</b> Besides {@link BufferPoolException} and what each method names: {@link
 * BufferPoolClosedException} of every method that asks for a page once it is closed, {@link
 * IllegalArgumentException} for an id that can be no page's.
 *
 * <p><b>Cost.</b> A hit takes no lock, makes no system call and allocates nothing that the compiler
 * could not keep off the heap. A pin and its end are one atomic operation each. An optimistic read
 * writes nothing but a count of this thread; the first use of a page since the policy was last told
 * is noted, which writes.
 */
public final class BufferPool implements AutoCloseable {
  /** Optimistic reads that fail in a row before the page is pinned. */
  private static final int ATTEMPTS = 4;

  /** Stands for a word whose page cannot be looked at: a readable one is never 0. */
  private static final long UNREADABLE = 0;

  final FrameTable frames;
  private final MemorySegment memory;
  private final int shift;
  private final long dataBytes;
  private final PageTable table;
  private final long[] lookups;
  private final @Nullable GuardLog guards;

  private final PoolParts parts;
  private final PageLatches latches;
  private final PageLoader loader;
  private final PoolWork work;

  private BufferPool(PoolParts parts) {
    this.parts = parts;
    this.frames = parts.frames;
    this.table = parts.table;
    this.memory = frames.readOnly;
    this.shift = frames.shift;
    this.dataBytes = frames.dataBytes;
    this.lookups = parts.counters.lookups.cells;
    this.guards = parts.guards;
    this.work = new PoolWork(parts);
    this.latches = work.latches;
    this.loader = work.loader;
  }

  /**
   * Begins a pool with {@link BufferPoolConfig#defaults()}.
   *
   * @return a builder
   */
  public static BufferPoolBuilder builder() {
    return new BufferPoolBuilder(BufferPoolConfig.defaults());
  }

  /**
   * Begins a pool with settings.
   *
   * @param config what it begins with
   * @return a builder
   */
  public static BufferPoolBuilder builder(BufferPoolConfig config) {
    return new BufferPoolBuilder(Objects.requireNonNull(config, "config"));
  }

  // ---- the hit path

  /**
   * Pins a page, shared.
   *
   * @param pageId the page
   * @return a guard, which the caller closes
   * @throws PoolExhaustedException if no frame becomes free in time
   * @throws LatchTimeoutException if others hold the page exclusively for too long
   * @throws CorruptPageException if its bytes on storage are damaged
   * @throws PageIoException if storage fails
   */
  public PageGuard pin(long pageId) {
    LookupCounters.count(lookups, PoolCounters.SHARED);
    long[] words = table.findOpen(pageId);
    int frame = FreeFrames.NONE;
    if (words != null) {
      int slot = PageTable.slot(pageId);
      long word = PageWordLayout.get(words, slot);
      if (PageWordLayout.canPin(word)
          && (word & PageWordLayout.USED) != 0
          && PageWordLayout.cas(words, slot, word, word + 1)) {
        frame = PageWordLayout.frame(word);
      }
    }
    if (words == null || frame == FreeFrames.NONE) {
      frame = loader.pin(pageId, false, PoolCounters.SHARED);
      words = table.get(pageId);
    }
    // One guard for both ways, or the compiler would not keep it off the heap.
    return guard(words, pageId, frame, false);
  }

  /**
   * Reads a page without pinning it: the reader is called again while the page changed meanwhile,
   * and at last with the page pinned.
   *
   * @param pageId the page
   * @param reader reads data, and does nothing else: it may see bytes that do not belong together,
   *     even of another page, before it is called again. What it throws counts only if the bytes
   *     did belong together. Bytes that it follows into a loop must not make it run for ever. It
   *     must not keep the segment
   * @param <T> what it returns
   * @return what it returned for one state of the page
   * @throws BufferPoolException as {@link #pin} throws
   */
  public <T extends @Nullable Object> T readOptimistic(
      long pageId, Function<? super MemorySegment, ? extends T> reader) {
    LookupCounters.count(lookups, PoolCounters.OPTIMISTIC);
    long[] words = table.findOpen(pageId);
    for (int attempt = 0; words != null && attempt < ATTEMPTS; attempt++) {
      long word = beginRead(words, pageId);
      if (word == UNREADABLE) {
        break;
      }
      try {
        T result = reader.apply(data(word));
        if (isUnchanged(words, pageId, word)) {
          return result;
        }
      } catch (Throwable e) {
        if (isUnchanged(words, pageId, word)) {
          throw e;
        }
      }
      parts.counters.retries.increment();
    }
    return readPinned(pageId, reader);
  }

  private <T extends @Nullable Object> T readPinned(
      long pageId, Function<? super MemorySegment, ? extends T> reader) {
    try (PageGuard page = pinForOptimistic(pageId)) {
      return reader.apply(page.segment());
    }
  }

  /**
   * The same for a number, which need not be boxed.
   *
   * @param pageId the page
   * @param reader as of {@link #readOptimistic}
   * @return what it returned for one state of the page
   * @throws BufferPoolException as {@link #pin} throws
   */
  public long readOptimisticLong(long pageId, ToLongFunction<? super MemorySegment> reader) {
    LookupCounters.count(lookups, PoolCounters.OPTIMISTIC);
    long[] words = table.findOpen(pageId);
    long word = words == null ? UNREADABLE : beginRead(words, pageId);
    if (words != null && word != UNREADABLE) {
      try {
        long result = reader.applyAsLong(data(word));
        if (isUnchanged(words, pageId, word)) {
          return result;
        }
      } catch (Throwable e) {
        if (isUnchanged(words, pageId, word)) {
          throw e;
        }
      }
      parts.counters.retries.increment();
    }
    return readPinnedLong(pageId, reader);
  }

  private long readPinnedLong(long pageId, ToLongFunction<? super MemorySegment> reader) {
    try (PageGuard page = pinForOptimistic(pageId)) {
      return reader.applyAsLong(page.segment());
    }
  }

  /** Returns the word of a page that may be looked at; notes the use. */
  private long beginRead(long[] words, long id) {
    int slot = PageTable.slot(id);
    long word = PageWordLayout.get(words, slot);
    if (!PageWordLayout.isReadable(word)) {
      return UNREADABLE;
    }
    if ((word & PageWordLayout.USED) == 0) {
      loader.used(id, words, slot, word);
    }
    return word;
  }

  /** Whether what was read since belongs together. */
  private static boolean isUnchanged(long[] words, long id, long word) {
    PageWordLayout.fenceBeforeValidation();
    return PageWordLayout.isSame(word, PageWordLayout.get(words, PageTable.slot(id)));
  }

  private MemorySegment data(long word) {
    return memory.asSlice((long) PageWordLayout.frame(word) << shift, dataBytes);
  }

  /** Gives a pin back. */
  void unpin(long[] words, long id, boolean exclusive, GuardLog.@Nullable Place place) {
    if (place != null && guards != null) {
      guards.closed(place);
    }
    if (exclusive) {
      latches.release(id, words, PageTable.slot(id));
    } else {
      latches.unpin(id, words, PageTable.slot(id));
    }
  }

  private PageGuard guard(long[] words, long id, int frame, boolean exclusive) {
    GuardLog.Place place = guards == null ? null : guards.opened(id, exclusive);
    return new PageGuard(this, words, id, frame, exclusive, place);
  }

  // ---- beside the hit path

  private PageGuard pinForOptimistic(long id) {
    int frame = loader.pin(id, false, PoolCounters.OPTIMISTIC);
    return guard(table.get(id), id, frame, false);
  }

  /**
   * Pins a page exclusively, to change it.
   *
   * @param pageId the page
   * @return a guard, which the caller closes
   * @throws LatchTimeoutException if others hold the page for too long
   * @throws BufferPoolException as {@link #pin} throws, and so for the rest
   */
  public PageGuard pinExclusive(long pageId) {
    LookupCounters.count(lookups, PoolCounters.EXCLUSIVE);
    int frame = loader.pin(pageId, true, PoolCounters.EXCLUSIVE);
    return guard(table.get(pageId), pageId, frame, true);
  }

  /**
   * Pins a page, shared, if it is in a frame and nobody holds it exclusively; never waits.
   *
   * @param pageId the page
   * @return a guard, which the caller closes; null if that cannot be done at once
   */
  public @Nullable PageGuard tryPin(long pageId) {
    long[] words = parts.find(pageId);
    if (words == null) {
      return null;
    }
    int slot = PageTable.slot(pageId);
    long word = latches.tryPin(words, slot);
    if (!PageWordLayout.canPin(word)) {
      return null;
    }
    LookupCounters.count(lookups, PoolCounters.SHARED);
    if ((word & PageWordLayout.USED) == 0) {
      loader.used(pageId, words, slot, word);
    }
    return guard(words, pageId, PageWordLayout.frame(word), false);
  }

  /**
   * Makes a page of zeros behind all others of the first file, pinned exclusively. It exists on
   * storage once it was marked dirty and written.
   *
   * @return a guard, which the caller closes
   * @throws PoolExhaustedException if no frame becomes free in time
   */
  public PageGuard newPage() {
    return newPage(0);
  }

  /**
   * The same in one of several files.
   *
   * @param file its number, 0 for the first one
   * @return a guard, which the caller closes
   * @throws IllegalArgumentException if there is no such file
   * @throws PoolExhaustedException if no frame becomes free in time
   */
  public PageGuard newPage(int file) {
    if (file < 0 || file >= parts.files.size()) {
      throw new IllegalArgumentException(
          "file=" + file + ": must be between 0 and " + (parts.files.size() - 1));
    }
    long id = loader.create(parts.files.get(file));
    parts.counters.newPages.increment();
    long[] words = table.get(id);
    return guard(
        words, id, PageWordLayout.frame(PageWordLayout.get(words, PageTable.slot(id))), true);
  }

  void markDirty(long id, int frame, long lsn) {
    work.markDirty(id, frame, lsn);
  }

  /**
   * Begins to read pages that will be wanted. A hint: it takes frames of clean pages only, waits
   * for none, and reads nothing that is resident; a page that cannot be read is left out, and so
   * are those behind the end of the file, and all beyond a quarter of the frames.
   *
   * @param pageIds the pages, in any order
   * @return how many pages were read, later; need not be awaited
   */
  public CompletableFuture<Integer> prefetch(long... pageIds) {
    return work.prefetcher.prefetch(pageIds);
  }

  /**
   * The same for pages side by side.
   *
   * @param firstPageId the first one
   * @param count how many
   * @return how many pages were read, later
   * @throws IllegalArgumentException if the count is negative
   */
  public CompletableFuture<Integer> prefetchRange(long firstPageId, int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count=" + count + ": must be 0 or more");
    }
    return work.prefetcher.prefetch(firstPageId, count);
  }

  // ---- writing back

  /**
   * Writes a page if it is dirty, and makes it durable. Waits for whoever holds it exclusively: not
   * to be called by the one who does.
   *
   * @param pageId the page
   * @throws LogNotDurableException if the log cannot be made durable up to its LSN
   * @throws LatchTimeoutException if somebody holds it exclusively for too long
   * @throws PageIoException if storage fails; a page that could not be written stays dirty
   */
  public void flush(long pageId) {
    var _ = parts.find(pageId);
    work.writer.flush(pageId);
  }

  /**
   * Writes all pages that are dirty now, and makes them durable; as {@link #flush} for each, in the
   * order of their ids. What cannot be written stops nothing else; the first failure is thrown at
   * the end.
   *
   * @throws BufferPoolException as {@link #flush} throws
   */
  public void flushAll() {
    if (parts.closed) {
      throw new BufferPoolClosedException();
    }
    work.writer.flushAll();
  }

  /**
   * Writes all pages that are dirty now, makes them durable, and says where recovery has to begin:
   * all changes with smaller LSNs are in the files. Changes go on meanwhile. Holds if LSNs are
   * given by the log in order, while their page is pinned exclusively.
   *
   * @return the LSN from which on the log must be kept
   * @throws BufferPoolException as {@link #flush} throws
   */
  public long checkpoint() {
    return work.checkpoint();
  }

  // ---- what it is

  /**
   * Returns how many pages a file has, with those that {@link #newPage} gave and those behind its
   * end that were changed.
   *
   * @param file its number, 0 for the first one
   * @return pages
   * @throws IndexOutOfBoundsException if there is no such file
   */
  public long pageCount(int file) {
    return parts.files.get(file).pages();
  }

  /**
   * Returns the settings.
   *
   * @return those that it was built with
   */
  public BufferPoolConfig config() {
    return parts.config;
  }

  /**
   * Returns what it did and holds. Looks at every frame.
   *
   * @return counts of now
   */
  public BufferPoolStats stats() {
    return PoolReport.of(parts, work.supply.pinned());
  }

  /**
   * Says where guards that are open now were taken, with {@link BufferPoolConfig#leakDetection()}.
   *
   * @return stack traces; empty if none is open, or it is not recorded
   */
  public String openGuards() {
    return parts.openGuards();
  }

  static BufferPool open(
      BufferPoolConfig config, List<Source> sources, @Nullable WriteAheadLog wal) {
    return PoolOpener.open(config, sources, wal);
  }

  static BufferPool start(PoolParts parts) {
    BufferPool pool = new BufferPool(parts);
    pool.work.start();
    return pool;
  }

  /**
   * Writes all dirty pages, makes them durable, and closes the files. Waits for no guard: a page
   * that is pinned exclusively now is not written, and its change is lost unless the log has it.
   * Ends waits of others with {@link BufferPoolClosedException}. Again it does nothing, but wait
   * for the first.
   *
   * @throws BufferPoolException if something could not be written or closed; the pool is closed all
   *     the same
   * @throws IllegalStateException if pages were pinned exclusively; the message names them
   */
  @Override
  public void close() {
    work.close();
  }
}
