package dev.pinnedstore.store;

import dev.pinnedstore.backend.BackendEvents;
import dev.pinnedstore.backend.BackendSettings;
import dev.pinnedstore.backend.BackendStats;
import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.SegmentedBackend;
import dev.pinnedstore.backend.StorageBackend;
import dev.pinnedstore.backend.VirtualBackend;
import dev.pinnedstore.backend.shared.Names;
import dev.pinnedstore.backend.shared.NamespaceRefusedException;
import dev.pinnedstore.backend.shared.SharedBackend;
import dev.pinnedstore.backend.shared.SharedSettings;
import dev.pinnedstore.lifecycle.CycleReport;
import dev.pinnedstore.lifecycle.LifecycleManager;
import dev.pinnedstore.lifecycle.LifecycleThread;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;
import dev.pinnedstore.os.NativeTier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What stands behind a {@link PinnedStore}: its backend, its clock, its lifecycle and those who
 * listen or wait, wired together.
 */
final class StoreEngine implements BackendEvents, LifecycleThread.Hooks {
  private static final Logger LOGGER = System.getLogger("dev.pinnedstore");
  private static final AtomicBoolean TIER_LOGGED = new AtomicBoolean();
  private static final AtomicLong STORES = new AtomicLong();
  private static final long HUGE_PAGE_BYTES = 2L << 20;
  private static final int CLOSE_ATTEMPTS = 100;
  private static final long CLOSE_PAUSE_NANOS = 1_000_000;

  /** The TTL of a namespace whose creator chose none: a consumer may die. */
  private static final Duration SHARED_TTL = Duration.ofSeconds(30);

  final String name = "pinned-store-" + STORES.incrementAndGet();
  final CoarseClock clock;
  final StorageBackend backend;
  final EventFeed events;
  final RoomQueue waiters;
  private final NativeTier tier;
  final StoreConfig config;
  private final LifecycleManager manager;
  private final AtomicLong storeFull = new AtomicLong();
  private final AtomicLong cycles = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private final AtomicBoolean growthWarned = new AtomicBoolean();

  /** Reservations that are neither published nor closed. */
  final Set<PendingReservation> reservations = ConcurrentHashMap.newKeySet();

  /** Threads that write in place or open a reservation right now. */
  private final AtomicInteger windows = new AtomicInteger();

  private volatile boolean maintained;
  private @Nullable LifecycleThread thread;
  private volatile boolean closed;

  /** Says how a shared backend is opened; the others have one way. */
  interface Opener {
    SharedBackend open(SharedSettings settings, CoarseClock clock, BackendEvents events)
        throws NamespaceRefusedException, MappingFailedException, IOException;
  }

  StoreEngine(StoreConfig wanted, NativeTier tier, Opener opener) {
    this.tier = tier;
    this.clock = new CoarseClock(wanted.clock()::nanos, System.currentTimeMillis());
    this.events = new EventFeed(clock, this::failed);
    if (wanted.backend() instanceof Backend.Shared shared) {
      SharedBackend opened = openShared(wanted, shared, opener);
      this.backend = opened;
      this.config = joinedOrClosed(wanted, shared, opened);
    } else {
      this.backend = open(wanted, tier);
      this.config = wanted;
    }
    this.waiters = new RoomQueue(backend);
    this.manager =
        new LifecycleManager(
            backend,
            clock,
            config.prefetchThreshold(),
            config.decayTimeout().toNanos(),
            config.ttl().map(Duration::toNanos).orElse(0L));
    logTier(tier);
  }

  private SharedBackend openShared(StoreConfig config, Backend.Shared shared, Opener opener) {
    Duration ttl = config.ttl().orElse(config.ttlIsSet() ? Duration.ZERO : SHARED_TTL);
    SharedSettings settings =
        new SharedSettings(
            new Names(shared.directory().toAbsolutePath(), shared.namespace()),
            shared.chunkSize(),
            shared.maxChunks(),
            config.maxBytes(),
            ttl.toMillis(),
            config.decayTimeout().toMillis(),
            SharedBackend.sharedMillis(clock));
    try {
      return opener.open(settings, clock, this);
    } catch (NamespaceRefusedException e) {
      throw Refusals.namespace(e);
    } catch (MappingFailedException e) {
      throw Refusals.refused(e, shared.chunkSize());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static StoreConfig joinedOrClosed(
      StoreConfig wanted, Backend.Shared shared, SharedBackend opened) {
    StoreConfig joined = null;
    try {
      joined = joined(wanted, shared, opened);
      return joined;
    } finally {
      if (joined == null) {
        var _ = opened.close();
      }
    }
  }

  /** The settings with what the namespace's creator chose. */
  private static StoreConfig joined(
      StoreConfig wanted, Backend.Shared shared, SharedBackend opened) {
    StoreConfig.Builder builder =
        wanted.toBuilder()
            .backend(shared.chunkSize(opened.chunkBytes()).maxChunks(opened.maxChunks()))
            .maxBytes(opened.maxBytes());
    long ttl = opened.ttlMillis();
    return (ttl == 0 ? builder.noTtl() : builder.ttl(Duration.ofMillis(ttl))).build();
  }

  private StorageBackend open(StoreConfig config, NativeTier tier) {
    BackendSettings settings =
        new BackendSettings(
            config.pageSize(),
            config.maxPages(),
            config.maxBytes(),
            config.ttl().map(Duration::toMillis).orElse(0L),
            ThreadLocalRandom.current().nextInt());
    return switch (config.backend()) {
      case Backend.Segmented segmented ->
          new SegmentedBackend(settings, MemorySource.forTier(tier), clock, this);
      case Backend.Virtual range -> openVirtual(settings, range.reserveBytes(), tier);
      case Backend.Shared shared -> throw new IllegalArgumentException(shared + ": opened apart");
    };
  }

  private StorageBackend openVirtual(BackendSettings settings, long reserveBytes, NativeTier tier) {
    if (tier == NativeTier.DENIED) {
      throw new UnsupportedOperationException(
          "backend=virtual needs native access: run java with "
              + NativeTier.flag()
              + ", or use Backend.segmented()");
    }
    try {
      MemorySource source = MemorySource.forTier(tier);
      return VirtualBackend.reserve(settings, reserveBytes, source, clock, this);
    } catch (MappingFailedException e) {
      throw Refusals.refused(e, reserveBytes);
    }
  }

  // ---- lifecycle

  synchronized Lifecycle startLifecycle(Duration interval) {
    if (closed) {
      throw new StoreClosedException(name);
    }
    LifecycleThread running = thread;
    if (running != null && running.isRunning()) {
      throw new IllegalStateException(name + ": a lifecycle runs already; close it first");
    }
    LifecycleThread started = manager.start(name + "-lifecycle", interval.toNanos(), this);
    thread = started;
    maintained = true;
    return new RunningLifecycle(started);
  }

  MaintenanceReport maintain() {
    maintained = true;
    CycleReport report = manager.cycle(true);
    afterCycle();
    return new MaintenanceReport(
        report.pagesMade(),
        report.pagesReused(),
        report.pagesGivenBack(),
        report.pagesExpired(),
        report.groupsClosed());
  }

  @Override
  public void afterCycle() {
    cycles.incrementAndGet();
    waiters.look();
    events.deliver();
  }

  @Override
  public void failed(Throwable cause) {
    if (closed) {
      // The memory goes while the last cycle runs.
      return;
    }
    tell(StoreEvent.Kind.LIFECYCLE_FAILED, -1, 0, 0);
    if (failures.incrementAndGet() == 1) {
      LOGGER.log(
          Level.WARNING,
          name + ": a lifecycle cycle or a listener failed; later failures are only counted",
          cause);
    }
  }

  // ---- events of the backend

  @Override
  public void pageMade(int pageId, long bytes, long nanos) {
    tell(StoreEvent.Kind.PAGE_MADE, pageId, bytes, nanos);
  }

  @Override
  public void stalled(int pageId, long bytes, long nanos) {
    tell(StoreEvent.Kind.STALL, pageId, bytes, nanos);
    if (!maintained && growthWarned.compareAndSet(false, true)) {
      LOGGER.log(
          Level.WARNING,
          name
              + ": pages grow and nothing gives them back; call startLifecycle(), or maintain()"
              + " from time to time");
    }
  }

  @Override
  public void pageEmptied(int pageId, long bytes) {
    tell(StoreEvent.Kind.PAGE_EMPTIED, pageId, bytes, 0);
  }

  @Override
  public void roomMayCome(long bytes) {
    waiters.wake(bytes);
  }

  @Override
  public void pageReused(int pageId, long bytes) {
    tell(StoreEvent.Kind.PAGE_REUSED, pageId, bytes, 0);
  }

  @Override
  public void pageGivenBack(int pageId, long bytes) {
    tell(StoreEvent.Kind.PAGE_GIVEN_BACK, pageId, bytes, 0);
  }

  @Override
  public void pageExpired(int pageId, long bytes) {
    tell(StoreEvent.Kind.PAGE_EXPIRED, pageId, bytes, 0);
  }

  @Override
  public void ownerRecovered() {
    tell(StoreEvent.Kind.OWNER_RECOVERED, -1, 0, 0);
  }

  private void tell(StoreEvent.Kind kind, int pageId, long bytes, long nanos) {
    FlightEvents.record(name, kind, pageId, bytes, nanos);
    events.offer(kind, pageId, bytes, nanos);
  }

  void storeFull(long sizeBytes) {
    storeFull.incrementAndGet();
    tell(StoreEvent.Kind.STORE_FULL, -1, sizeBytes, 0);
  }

  // ---- figures

  StoreStats stats() {
    BackendStats stats = backend.stats();
    return new StoreStats(
        capabilities(),
        stats.livePages(),
        stats.readyPages(),
        stats.pagesMade(),
        stats.pagesReused(),
        stats.pagesGivenBack(),
        stats.committedBytes(),
        stats.peakCommittedBytes(),
        stats.tableBytes(),
        stats.waitingBytes(),
        stats.liveBlobs(),
        stats.appendedBlobs(),
        stats.stalls(),
        stats.stallNanos(),
        storeFull.get(),
        cycles.get(),
        failures.get(),
        events.lost());
  }

  private Capabilities capabilities() {
    boolean granted = tier == NativeTier.GRANTED;
    boolean suits =
        switch (config.backend()) {
          case Backend.Virtual _ -> config.pageSize() % HUGE_PAGE_BYTES == 0;
          case Backend.Segmented _ -> config.pageSize() >= HUGE_PAGE_BYTES;
          case Backend.Shared _ -> false;
        };
    boolean huge = granted && suits;
    return new Capabilities(config.backend().name(), granted, huge, NativeTier.flag());
  }

  private static void logTier(NativeTier tier) {
    if (tier == NativeTier.DENIED && TIER_LOGGED.compareAndSet(false, true)) {
      LOGGER.log(
          Level.WARNING,
          "native access is not granted: pages are mapped files, without huge pages; for full speed"
              + " run java with "
              + NativeTier.flag());
    }
  }

  // ---- windows into pages

  /** Keeps the memory mapped until {@link #leaveWindow}. */
  void enterWindow() {
    windows.incrementAndGet();
    if (closed) {
      windows.decrementAndGet();
      throw new StoreClosedException(name);
    }
  }

  void leaveWindow() {
    windows.decrementAndGet();
  }

  // ---- the end

  boolean isClosed() {
    return closed;
  }

  void close() {
    LifecycleThread running;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      running = thread;
    }
    if (running != null) {
      running.close();
    }
    waiters.close(new StoreClosedException(name));
    for (int i = 0; i < CLOSE_ATTEMPTS; i++) {
      if (closeMemory()) {
        return;
      }
      LockSupport.parkNanos(CLOSE_PAUSE_NANOS);
    }
    // Some thread writes in place, or is in a system call with a view: memory goes when it is done.
    Thread.ofPlatform().daemon().name(name + "-closer").start(this::closeLate);
  }

  private void closeLate() {
    while (!closeMemory()) {
      LockSupport.parkNanos(CLOSE_PAUSE_NANOS);
    }
  }

  /**
   * Gives the memory back; false while some thread may still write to it through a window. No
   * window opens once {@link #closed} is set: who opens one counts itself first and looks at the
   * flag afterwards, as this does the other way round.
   */
  private boolean closeMemory() {
    if (windows.get() != 0) {
      return false;
    }
    boolean abandoned = true;
    for (PendingReservation reservation : reservations) {
      abandoned &= reservation.abandon();
    }
    return abandoned && backend.close();
  }

  private record RunningLifecycle(LifecycleThread thread) implements Lifecycle {
    @Override
    public Duration interval() {
      return thread.interval();
    }

    @Override
    public boolean isRunning() {
      return thread.isRunning();
    }

    @Override
    public void close() {
      thread.close();
    }
  }
}
