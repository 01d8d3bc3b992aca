package dev.pinnedstore.store;

import dev.pinnedstore.backend.Codes;
import dev.pinnedstore.backend.StorageBackend;
import dev.pinnedstore.backend.shared.Names;
import dev.pinnedstore.backend.shared.NamespaceRefusedException;
import dev.pinnedstore.backend.shared.Removed;
import dev.pinnedstore.backend.shared.SharedBackend;
import dev.pinnedstore.os.AliasFailedException;
import dev.pinnedstore.os.MappingLostException;
import dev.pinnedstore.os.NativeTier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A store of blobs in memory outside the heap that never moves them.
 *
 * <p>An append copies a blob into a page and answers with a {@link BlobHandle}; any thread views
 * the blob in place, or copies it out, until somebody acknowledges it. Pages whose blobs are all
 * acknowledged are written again, and given back to the operating system once they have been idle
 * for long: by a lifecycle ({@link #startLifecycle()}) or by hand ({@link #maintain()}). Without
 * either the store works and its memory stays.
 *
 * {@snippet class="dev.pinnedstore.store.StoreSnippets" region="quickstart"}
 *
 * <p><b>Threads.</b> All methods may be called by any number of threads at once. Append, view,
 * resolve and acknowledge take no lock but once per page; what waits for room ({@link #roomFor})
 * may run in the acknowledgement that makes it.
 *
 * <p><b>Ownership.</b> Whoever opens the store closes it. A view belongs to the store: it is valid
 * until its blob is acknowledged, and then throws {@link IllegalStateException} once its page is
 * used again, given back, or the store is closed. It never shows other bytes.
 *
 * <p><b>Errors.</b> An empty blob is an {@link IllegalArgumentException}. On a closed store every
 * method but {@link #close()}, {@link #config()} and {@link #stats()} throws {@link
 * StoreClosedException}. A blob larger than the store may hold, or than 2<sup>32</sup> - 1 bytes,
 * is a {@link BlobTooLargeException}. Full is {@link StoreFullException}, at once.
 *
 * <p><b>Cost.</b> A blob takes its size rounded up to 64 bytes, and 8 bytes of table per 64 bytes
 * of page. An append costs one compare-and-set and the copy. Handles are the only allocation; the
 * forms that write handles to memory allocate nothing.
 */
public final class PinnedStore implements AutoCloseable {
  private static final Duration DEFAULT_INTERVAL = Duration.ofMillis(100);
  private static final Duration SHORTEST_INTERVAL = Duration.ofMillis(1);
  private static final Duration LONGEST_INTERVAL = Duration.ofHours(1);
  private static final long LARGEST_ARRAY = Integer.MAX_VALUE - 8;
  private static final Duration COARSE_TTL = Duration.ofSeconds(1);
  private static final String LOST = "a file of the store";

  private final StoreConfig config;
  private final StoreEngine engine;
  private final StorageBackend backend;
  private final long maxBlobBytes;
  private final boolean expires;

  private PinnedStore(StoreConfig config, NativeTier tier, StoreEngine.Opener opener) {
    this.engine = new StoreEngine(config, tier, opener);
    this.config = engine.config;
    this.backend = engine.backend;
    this.maxBlobBytes = backend.maxBlobBytes();
    this.expires = needsExactTime(this.config);
  }

  /**
   * A time that is as old as the last tick is good enough for a TTL of seconds, where every process
   * ticks and a clock read would be most of an append. A lifecycle that ticks less than ten times a
   * second leaves it to each call to read the clock.
   */
  private static boolean needsExactTime(StoreConfig config) {
    boolean shared = config.backend() instanceof Backend.Shared;
    return config.ttl().filter(ttl -> !shared || ttl.compareTo(COARSE_TTL) < 0).isPresent();
  }

  /**
   * Opens a store with one ready page. With a shared backend it creates the namespace, and removes
   * what an earlier run of it left.
   *
   * @param config its settings
   * @return the store, to be closed by the caller
   * @throws StoreFullException when the operating system has no memory for the first page, no such
   *     range of addresses, or the file system no room for the first chunk
   * @throws NamespaceException when processes use the namespace, or its files belong to another
   *     user
   * @throws UncheckedIOException when the file system refuses the files of a namespace
   * @throws UnsupportedOperationException when the backend needs native access and has none; the
   *     message names the option that grants it
   */
  public static PinnedStore open(StoreConfig config) {
    return open(config, NativeTier.current());
  }

  static PinnedStore open(StoreConfig config, NativeTier tier) {
    PinnedStore store = new PinnedStore(config, tier, SharedBackend::create);
    if (!(config.backend() instanceof Backend.Shared) && store.backend.readyPages() == 0) {
      StoreFullException refused =
          Refusals.full(Codes.FULL_SYSTEM, config, store.backend.refusal(), config.pageSize());
      store.close();
      throw refused;
    }
    return store;
  }

  /**
   * Joins a namespace that another process has created, a JVM or the Rust original.
   *
   * @param namespace its name
   * @param config the settings of this process: the prefetch threshold, the decay timeout and the
   *     clock. Chunk size, limits and TTL are those of the namespace; where the original created
   *     it, TTL and limits are those of the first JVM that joins. The directory is that of its
   *     backend if that is a shared one, and {@code /dev/shm} otherwise
   * @return the store, to be closed by the caller; {@link #config()} says what the namespace has
   * @throws NamespaceException when there is none, its files are not what they should be or belong
   *     to another user, or 64 stores use it already
   * @throws StoreFullException when the process may not map its files
   * @throws UncheckedIOException when the file system refuses them
   */
  public static PinnedStore attach(String namespace, StoreConfig config) {
    Backend.Shared shared =
        config.backend() instanceof Backend.Shared set
            ? new Backend.Shared(namespace, set.chunkSize(), set.maxChunks(), set.directory())
            : Backend.shared(namespace);
    return new PinnedStore(config.on(shared), NativeTier.current(), SharedBackend::attach);
  }

  /**
   * Creates the namespace of a shared backend, or joins it if processes use it: whichever process
   * comes first creates it.
   *
   * @param config its settings; what a namespace has already is taken from there
   * @return the store, to be closed by the caller
   * @throws IllegalArgumentException when the backend is not a shared one
   * @throws NamespaceException when its files are not what they should be or belong to another
   *     user, or 64 stores use it already
   * @throws StoreFullException when the file system has no room for the first chunk
   * @throws UncheckedIOException when the file system refuses the files
   */
  public static PinnedStore openOrAttach(StoreConfig config) {
    if (!(config.backend() instanceof Backend.Shared)) {
      throw new IllegalArgumentException(
          "backend=" + config.backend() + ": must be Backend.shared(namespace)");
    }
    return new PinnedStore(config, NativeTier.current(), SharedBackend::createOrAttach);
  }

  /**
   * Removes the files of a namespace in {@code /dev/shm} that no process uses any more.
   *
   * @param namespace its name
   * @return what was removed; nothing when there is none, and when some process uses it
   * @throws IllegalArgumentException when the name is not legal
   * @throws NamespaceException when its files belong to another user
   * @throws UncheckedIOException when the file system refuses
   */
  public static CleanupReport cleanupNamespace(String namespace) {
    return cleanupNamespace(namespace, Backend.Shared.DEFAULT_DIRECTORY);
  }

  /**
   * Removes the files of a namespace that no process uses any more.
   *
   * @param namespace its name
   * @param directory where its files are
   * @return what was removed; nothing when there is none, and when some process uses it
   * @throws IllegalArgumentException when the name is not legal
   * @throws NamespaceException when its files belong to another user
   * @throws UncheckedIOException when the file system refuses
   */
  public static CleanupReport cleanupNamespace(String namespace, Path directory) {
    ConfigRules.namespace(namespace);
    try {
      Removed removed = SharedBackend.cleanUp(new Names(directory.toAbsolutePath(), namespace));
      return removed == null
          ? new CleanupReport(true, 0, 0)
          : new CleanupReport(false, removed.files(), removed.bytes());
    } catch (NamespaceRefusedException e) {
      throw Refusals.namespace(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- append

  /**
   * Appends all bytes of an array.
   *
   * @param blob the bytes, at least one
   * @return the blob's handle
   * @throws StoreFullException when a limit is reached and no page can be reused
   * @throws BlobTooLargeException when the blob is larger than the store may hold
   */
  public BlobHandle append(byte[] blob) {
    return append(blob, 0, blob.length);
  }

  /**
   * Appends a range of an array.
   *
   * @param source the array
   * @param offset the index of the first byte
   * @param length the number of bytes, at least one
   * @return the blob's handle
   * @throws IndexOutOfBoundsException when the range is not in the array
   * @throws StoreFullException when a limit is reached and no page can be reused
   * @throws BlobTooLargeException when the blob is larger than the store may hold
   */
  public BlobHandle append(byte[] source, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, source.length);
    long millis = millis();
    long place = granted(reservePlace(length, millis), length);
    // Read while the space is held: a blob that has expired may be gone once it is published.
    int generation = generation(place, length);
    try {
      backend.publish(place, source, offset, length, millis);
    } catch (IllegalStateException e) {
      throw closedOr(e);
    }
    return handle(place, length, generation, millis);
  }

  /**
   * Appends the remaining bytes of a buffer, whose position does not move.
   *
   * @param source the buffer, direct or not
   * @return the blob's handle
   * @throws StoreFullException when a limit is reached and no page can be reused
   * @throws BlobTooLargeException when the blob is larger than the store may hold
   */
  public BlobHandle append(ByteBuffer source) {
    return append(MemorySegment.ofBuffer(source));
  }

  /**
   * Appends all bytes of a segment.
   *
   * @param source the segment, of any kind
   * @return the blob's handle
   * @throws StoreFullException when a limit is reached and no page can be reused
   * @throws BlobTooLargeException when the blob is larger than the store may hold
   * @throws IllegalStateException when the source's Arena is closed
   * @throws WrongThreadException when the source belongs to another thread
   */
  public BlobHandle append(MemorySegment source) {
    long size = source.byteSize();
    long millis = millis();
    long place = granted(reservePlace(size, millis), size);
    return publish(place, source, size, millis);
  }

  /**
   * Appends a blob that is written in place.
   *
   * <p>The writer gets a segment of zeros, confined to the calling thread, that dies when the
   * writer returns; the blob exists from then on. If the writer throws, nothing is published, the
   * space is lost until its page is used again, and the exception goes through.
   *
   * @param size the blob's size in bytes, at least one
   * @param writer fills the segment
   * @return the blob's handle
   * @throws StoreFullException when a limit is reached and no page can be reused
   * @throws BlobTooLargeException when the blob is larger than the store may hold
   */
  public BlobHandle append(long size, Consumer<MemorySegment> writer) {
    Objects.requireNonNull(writer, "writer");
    long place = granted(reservePlace(size, millis()), size);
    boolean written = false;
    try {
      engine.enterWindow();
      try (Arena arena = Arena.ofConfined()) {
        writer.accept(window(place, size, arena));
      } finally {
        engine.leaveWindow();
      }
      written = true;
    } finally {
      if (!written) {
        giveUp(place, size);
      }
    }
    return publish(place, size);
  }

  /**
   * Appends all bytes of a segment and writes the 24 bytes of the handle to memory. Allocates
   * nothing.
   *
   * @param source the segment, of any kind
   * @param handleOut where the handle goes, {@link BlobHandle#BYTES} bytes, any alignment
   * @param handleOffset the byte offset of the handle in it
   * @throws IndexOutOfBoundsException when the handle does not fit there; nothing is appended
   * @throws IllegalArgumentException when handleOut is read-only; nothing is appended
   * @throws StoreFullException when a limit is reached and no page can be reused
   * @throws BlobTooLargeException when the blob is larger than the store may hold
   */
  public void append(MemorySegment source, MemorySegment handleOut, long handleOffset) {
    HandleLayout.checkWritable("handleOffset", handleOffset, handleOut);
    long size = source.byteSize();
    long millis = millis();
    long place = granted(reservePlace(size, millis), size);
    int pageId = Codes.pageId(place);
    int generation = generation(place, size);
    publishBytes(place, source, size, millis);
    try {
      HandleLayout.write(
          handleOut, handleOffset, pageId, Codes.offset(place), (int) size, generation, millis);
    } catch (RuntimeException | Error e) {
      // The memory went while the blob was appended: nobody will ever know this handle.
      backend.acknowledge(pageId, Codes.offset(place), (int) size, generation, millis);
      throw e;
    }
  }

  /**
   * Appends all bytes of a segment if there is room.
   *
   * @param source the segment, of any kind
   * @return the blob's handle, or null when the store is full
   * @throws BlobTooLargeException when the blob is larger than the store may hold
   */
  public @Nullable BlobHandle tryAppend(MemorySegment source) {
    long size = source.byteSize();
    long millis = millis();
    long place = reservePlace(size, millis);
    return isGranted(place, size) ? publish(place, source, size, millis) : null;
  }

  /**
   * Reserves space for a blob that is written in place and published later.
   *
   * @param size the blob's size in bytes, at least one
   * @return the reservation, to be published or closed by the caller
   * @throws StoreFullException when a limit is reached and no page can be reused
   * @throws BlobTooLargeException when the blob is larger than the store may hold
   */
  public Reservation reserve(long size) {
    return reservation(granted(reservePlace(size, millis()), size), size);
  }

  /**
   * Reserves space if there is room; see {@link #reserve}.
   *
   * @param size the blob's size in bytes, at least one
   * @return the reservation, or null when the store is full
   * @throws BlobTooLargeException when the blob is larger than the store may hold
   */
  public @Nullable Reservation tryReserve(long size) {
    long place = reservePlace(size, millis());
    return isGranted(place, size) ? reservation(place, size) : null;
  }

  // ---- read

  /**
   * Views a blob in place. Copies nothing.
   *
   * @param handle the blob's handle
   * @return a read-only segment of the blob's bytes; see above for how long it lives
   * @throws StaleHandleException when the blob was acknowledged or has expired
   * @throws StoreFullException when native access is not granted and the operating system refuses
   *     the mapping that the first view of a page needs
   * @throws InvalidHandleException when no such handle was ever issued
   */
  public MemorySegment view(BlobHandle handle) {
    MemorySegment page = page(handle);
    if (page == null) {
      page = pageOrThrow(handle);
    }
    return slice(page, handle.offset(), handle.size());
  }

  /**
   * Views a blob in place whose handle lies in memory. Copies nothing.
   *
   * @param handle where the 24 bytes of the handle are
   * @param handleOffset the byte offset of the handle in it
   * @return a read-only segment of the blob's bytes; see above for how long it lives
   * @throws StaleHandleException when the blob was acknowledged or has expired
   * @throws StoreFullException when native access is not granted and the operating system refuses
   *     the mapping that the first view of a page needs
   * @throws InvalidHandleException when no such handle was ever issued
   * @throws IndexOutOfBoundsException when there is no room for a handle at that offset
   */
  public MemorySegment view(MemorySegment handle, long handleOffset) {
    HandleLayout.checkRange("handleOffset", handleOffset, handle);
    long pageAndOffset = HandleLayout.pageAndOffset(handle, handleOffset);
    long sizeAndGeneration = HandleLayout.sizeAndGeneration(handle, handleOffset);
    long millis = HandleLayout.timestampMillis(handle, handleOffset);
    MemorySegment page = page(pageAndOffset, sizeAndGeneration, millis);
    if (page == null) {
      page = pageOrThrow(BlobHandle.readFrom(handle, handleOffset));
    }
    return slice(page, HandleLayout.high(pageAndOffset), HandleLayout.low(sizeAndGeneration));
  }

  /**
   * Copies a blob out.
   *
   * @param handle the blob's handle
   * @return the bytes, the caller's own; null when the blob was acknowledged or has expired
   * @throws InvalidHandleException when no such handle was ever issued
   * @throws BlobTooLargeException when the blob is larger than an array
   */
  public byte @Nullable [] resolve(BlobHandle handle) {
    while (true) {
      checkOpen();
      if (handle.sizeBytes() <= LARGEST_ARRAY) {
        byte[] copy = copy(handle);
        if (copy != null) {
          return copy;
        }
      }
      switch (check(handle)) {
        case Codes.LIVE -> {
          if (handle.sizeBytes() > LARGEST_ARRAY) {
            throw BlobTooLargeException.forArray(handle.sizeBytes(), LARGEST_ARRAY);
          }
        }
        case Codes.NEVER_ISSUED -> throw invalid(handle);
        default -> {
          return null;
        }
      }
    }
  }

  /**
   * Says that a blob was consumed. Its bytes may be overwritten from now on.
   *
   * @param handle the blob's handle
   * @return true for the first call, false for every later one and when the blob has expired
   * @throws InvalidHandleException when no such handle was ever issued
   */
  public boolean acknowledge(BlobHandle handle) {
    return acknowledge(
        handle.pageId(),
        handle.offset(),
        handle.size(),
        handle.generation(),
        handle.timestampMillis());
  }

  /**
   * Says that a blob was consumed whose handle lies in memory. Allocates nothing.
   *
   * @param handle where the 24 bytes of the handle are
   * @param handleOffset the byte offset of the handle in it
   * @return true for the first call, false for every later one and when the blob has expired
   * @throws InvalidHandleException when no such handle was ever issued
   * @throws IndexOutOfBoundsException when there is no room for a handle at that offset
   */
  public boolean acknowledge(MemorySegment handle, long handleOffset) {
    HandleLayout.checkRange("handleOffset", handleOffset, handle);
    return acknowledge(
        HandleLayout.pageAndOffset(handle, handleOffset),
        HandleLayout.sizeAndGeneration(handle, handleOffset),
        HandleLayout.timestampMillis(handle, handleOffset));
  }

  // ---- lifecycle

  /**
   * Runs one lifecycle cycle on the calling thread: expires, recycles, makes pages ready, gives
   * idle ones back, wakes those who wait for room, and calls the listeners.
   *
   * @return what was done
   */
  public MaintenanceReport maintain() {
    checkOpen();
    try {
      return engine.maintain();
    } catch (IllegalStateException e) {
      throw closedOr(e);
    } catch (InternalError e) {
      throw closedOr(MappingLostException.of(LOST, e));
    }
  }

  /**
   * Starts a daemon thread that runs cycles every 100 ms, and faster while pages fill.
   *
   * @return the running lifecycle; closing it, or the store, ends the thread
   * @throws IllegalStateException when one runs already
   */
  public Lifecycle startLifecycle() {
    return startLifecycle(DEFAULT_INTERVAL);
  }

  /**
   * Starts a daemon thread that runs cycles at an interval, and faster while pages fill.
   *
   * @param interval the longest pause between cycles, 1 ms to 1 h
   * @return the running lifecycle; closing it, or the store, ends the thread
   * @throws IllegalStateException when one runs already
   */
  public Lifecycle startLifecycle(Duration interval) {
    if (interval.compareTo(SHORTEST_INTERVAL) < 0 || interval.compareTo(LONGEST_INTERVAL) > 0) {
      throw new IllegalArgumentException(
          "interval=" + interval + ": must be between PT0.001S and PT1H");
    }
    checkOpen();
    return engine.startLifecycle(interval);
  }

  /**
   * Completes when an append of that size may fit again.
   *
   * <p>A hint: another writer may be faster; then ask again. Cancelling it, or completing it
   * otherwise, ends the wait. Its dependent actions run on the thread that makes room, unless they
   * are asynchronous ones; closing the store completes it with {@link StoreClosedException}.
   *
   * @param size the blob's size in bytes, at least one
   * @return a future, complete already when there is room now
   * @throws BlobTooLargeException when the blob is larger than the store may hold
   */
  public CompletableFuture<Void> roomFor(long size) {
    begin(size);
    CompletableFuture<Void> future = engine.waiters.enter(size);
    if (engine.isClosed()) {
      future.completeExceptionally(new StoreClosedException(engine.name));
    }
    return future;
  }

  /**
   * Calls a listener for each event, on the lifecycle's thread or in {@link #maintain()}, never on
   * a writer's. Events that nobody fetches in time are dropped and counted in the stats.
   *
   * @param listener called with each event; what it throws is logged and counted
   * @return closing it ends the calls
   */
  public Registration listen(Consumer<? super StoreEvent> listener) {
    Objects.requireNonNull(listener, "listener");
    checkOpen();
    return engine.events.listen(listener);
  }

  /**
   * Takes the figures of the store. Walks all pages.
   *
   * @return figures that need not be of one instant
   */
  public StoreStats stats() {
    try {
      return engine.stats();
    } catch (InternalError e) {
      throw closedOr(MappingLostException.of(LOST, e));
    }
  }

  /**
   * Returns the settings that the store was opened with.
   *
   * @return the settings
   */
  public StoreConfig config() {
    return config;
  }

  /**
   * Closes the store: ends its lifecycle and every wait, lets every view die and gives all memory
   * back. May be called again. Memory that another thread passes to a system call at this moment
   * goes once that call returns.
   */
  @Override
  public void close() {
    try {
      engine.close();
    } catch (MappingLostException e) {
      throw Refusals.lost(e);
    } catch (InternalError e) {
      throw Refusals.lost(MappingLostException.of(LOST, e));
    }
  }

  @Override
  public String toString() {
    return engine.name + "[" + config + "]";
  }

  // ---- what a reservation ends with

  BlobHandle publish(PendingReservation reservation, long place, long size) {
    engine.reservations.remove(reservation);
    return publish(place, size);
  }

  void cancel(PendingReservation reservation, long place, long size) {
    engine.reservations.remove(reservation);
    backend.cancel(place, size);
  }

  void checkOpen() {
    if (engine.isClosed()) {
      throw new StoreClosedException(engine.name);
    }
  }

  // ---- inside

  private long reservePlace(long size, long millis) {
    begin(size);
    try {
      return backend.reserve(size, millis);
    } catch (IllegalStateException e) {
      throw closedOr(e);
    }
  }

  private BlobHandle publish(long place, MemorySegment source, long size, long millis) {
    int generation = generation(place, size);
    publishBytes(place, source, size, millis);
    return handle(place, size, generation, millis);
  }

  private void publishBytes(long place, MemorySegment source, long size, long millis) {
    try {
      backend.publish(place, source, 0, size, millis);
    } catch (IllegalStateException e) {
      throw closedOr(e);
    }
  }

  private Reservation reservation(long place, long size) {
    Arena arena = Arena.ofShared();
    PendingReservation reservation = null;
    try {
      engine.enterWindow();
      try {
        MemorySegment window = window(place, size, arena);
        reservation = new PendingReservation(this, place, size, arena, window);
        engine.reservations.add(reservation);
      } finally {
        engine.leaveWindow();
      }
      return reservation;
    } finally {
      if (reservation == null) {
        arena.close();
        giveUp(place, size);
      }
    }
  }

  private BlobHandle publish(long place, long size) {
    long millis = millis();
    int generation = generation(place, size);
    try {
      backend.publish(place, size, millis);
      return handle(place, size, generation, millis);
    } catch (IllegalStateException e) {
      throw closedOr(e);
    }
  }

  /** The generation of a page in which the caller holds space, which is given up if it is lost. */
  private int generation(long place, long size) {
    boolean known = false;
    try {
      int generation = backend.generation(Codes.pageId(place));
      known = true;
      return generation;
    } catch (IllegalStateException e) {
      throw closedOr(e);
    } finally {
      if (!known) {
        giveUp(place, size);
      }
    }
  }

  /** Gives space up beside the exception that the caller gets. */
  private void giveUp(long place, long size) {
    try {
      backend.cancel(place, size);
    } catch (IllegalStateException e) {
      // The memory has gone with the store, or with its file: so has the space.
    }
  }

  private MemorySegment window(long place, long size, Arena arena) {
    try {
      return backend.window(place, size, arena);
    } catch (AliasFailedException e) {
      throw Refusals.refused(e.refusal(), size);
    } catch (IllegalStateException e) {
      throw closedOr(e);
    }
  }

  private static BlobHandle handle(long place, long size, int generation, long millis) {
    return new BlobHandle(Codes.pageId(place), Codes.offset(place), (int) size, generation, millis);
  }

  // A view that does not escape costs no allocation if all of view becomes part of its caller, and
  // the JVM's compiler takes in nothing that it has compiled to more than 2,500 bytes by then. So
  // view hands the handle on whole, and leaves the bounds of the entry table to the access.

  private static MemorySegment slice(MemorySegment page, int offset, int size) {
    return page.asSlice(Integer.toUnsignedLong(offset), Integer.toUnsignedLong(size));
  }

  private @Nullable MemorySegment page(BlobHandle handle) {
    try {
      return backend.view(
          handle.pageId(),
          handle.offset(),
          handle.size(),
          handle.generation(),
          handle.timestampMillis());
    } catch (IllegalStateException | IndexOutOfBoundsException e) {
      return noPage(e);
    }
  }

  private @Nullable MemorySegment page(long pageAndOffset, long sizeAndGeneration, long millis) {
    try {
      return backend.view(
          HandleLayout.low(pageAndOffset),
          HandleLayout.high(pageAndOffset),
          HandleLayout.low(sizeAndGeneration),
          HandleLayout.high(sizeAndGeneration),
          millis);
    } catch (IllegalStateException | IndexOutOfBoundsException e) {
      return noPage(e);
    }
  }

  /**
   * The page's memory went while it was looked at, or the offset is in no page of that size: the
   * caller asks what that means.
   */
  private @Nullable MemorySegment noPage(RuntimeException e) {
    if (e instanceof MappingLostException lost) {
      throw closedOr(lost);
    }
    return null;
  }

  /** Opens the first view of a page, or says what is wrong with the handle. */
  private MemorySegment pageOrThrow(BlobHandle handle) {
    MemorySegment page = null;
    while (page == null) {
      checkOpen();
      int state = check(handle);
      if (state != Codes.LIVE) {
        throw state == Codes.NEVER_ISSUED ? invalid(handle) : new StaleHandleException(handle);
      }
      try {
        backend.openView(handle.pageId(), handle.offset(), handle.size());
      } catch (AliasFailedException e) {
        throw Refusals.refused(e.refusal(), handle.sizeBytes());
      } catch (MappingLostException e) {
        throw closedOr(e);
      } catch (IllegalStateException e) {
        // As above: the page is no longer what it was, and the next round says so.
        checkOpen();
      }
      page = page(handle);
    }
    return page;
  }

  private byte @Nullable [] copy(BlobHandle handle) {
    try {
      return backend.resolve(
          handle.pageId(),
          handle.offset(),
          handle.size(),
          handle.generation(),
          handle.timestampMillis());
    } catch (MappingLostException e) {
      throw closedOr(e);
    } catch (IllegalStateException e) {
      // The page's memory went while it was read: the caller asks what that means.
      checkOpen();
      return null;
    }
  }

  private boolean acknowledge(long pageAndOffset, long sizeAndGeneration, long millis) {
    return acknowledge(
        HandleLayout.low(pageAndOffset),
        HandleLayout.high(pageAndOffset),
        HandleLayout.low(sizeAndGeneration),
        HandleLayout.high(sizeAndGeneration),
        millis);
  }

  private boolean acknowledge(int pageId, int offset, int size, int generation, long millis) {
    checkOpen();
    return acknowledged(pageId, offset, size, generation, millis) == Codes.LIVE;
  }

  private int acknowledged(int pageId, int offset, int size, int generation, long millis) {
    int state = tryAcknowledge(pageId, offset, size, generation, millis);
    if (state == Codes.NEVER_ISSUED) {
      throw invalid(pageId, offset, size, generation, millis);
    }
    return state;
  }

  private int tryAcknowledge(int pageId, int offset, int size, int generation, long millis) {
    try {
      return backend.acknowledge(pageId, offset, size, generation, millis);
    } catch (RuntimeException e) {
      return notAcknowledged(e, pageId, offset, size, generation, millis);
    }
  }

  /** The blob's state when its page's memory went meanwhile; or what to tell the caller. */
  private int notAcknowledged(
      RuntimeException e, int pageId, int offset, int size, int generation, long millis) {
    if (e instanceof AliasFailedException refused) {
      throw Refusals.refused(refused.refusal(), Integer.toUnsignedLong(size));
    }
    if (!(e instanceof IllegalStateException gone)) {
      throw e;
    }
    if (gone instanceof MappingLostException) {
      throw closedOr(gone);
    }
    int state = check(pageId, offset, size, generation, millis);
    if (state == Codes.LIVE) {
      throw closedOr(gone);
    }
    return state;
  }

  private RuntimeException invalid(int pageId, int offset, int size, int generation, long millis) {
    return invalid(new BlobHandle(pageId, offset, size, generation, millis));
  }

  /** A backend that closes knows no handle any more, which is not the handle's fault. */
  private RuntimeException invalid(BlobHandle handle) {
    checkOpen();
    return new InvalidHandleException(handle);
  }

  private int check(BlobHandle handle) {
    return check(
        handle.pageId(),
        handle.offset(),
        handle.size(),
        handle.generation(),
        handle.timestampMillis());
  }

  private int check(int pageId, int offset, int size, int generation, long millis) {
    try {
      return backend.check(pageId, offset, size, generation, millis);
    } catch (AliasFailedException e) {
      throw Refusals.refused(e.refusal(), Integer.toUnsignedLong(size));
    } catch (MappingLostException e) {
      throw closedOr(e);
    } catch (IllegalStateException e) {
      // Memory that goes belonged to a page that was empty, unless the store closes.
      checkOpen();
      return Codes.STALE;
    }
  }

  private long millis() {
    return expires ? engine.clock.exactMillis() : engine.clock.millis();
  }

  private void begin(long size) {
    checkOpen();
    if (size <= 0) {
      throw new IllegalArgumentException(
          "size=" + size + ": must be between 1 and " + maxBlobBytes + " bytes");
    }
    if (size > maxBlobBytes) {
      throw new BlobTooLargeException(size, maxBlobBytes);
    }
  }

  private RuntimeException closedOr(IllegalStateException cause) {
    return engine.isClosed() ? new StoreClosedException(engine.name) : Refusals.lost(cause);
  }

  private boolean isGranted(long place, long size) {
    if (place >= 0) {
      return true;
    }
    if (place == Codes.CLOSED) {
      throw new StoreClosedException(engine.name);
    }
    engine.storeFull(size);
    return false;
  }

  private long granted(long place, long size) {
    if (!isGranted(place, size)) {
      throw Refusals.full(place, config, backend.refusal(), size);
    }
    return place;
  }
}
