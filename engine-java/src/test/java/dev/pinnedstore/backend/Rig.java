package dev.pinnedstore.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.os.MappingFailedException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A backend on fake memory and fake time, segmented unless it says otherwise. Closing it checks
 * that all memory went back, and that no view outlived its memory unless threads raced: a viewer
 * that loses makes a view that nobody gets, and only reading one shows then whether its memory was
 * gone.
 */
final class Rig implements AutoCloseable {
  static final int PAGE = 4096;
  static final int GRANULES = PAGE / EntryLayout.GRANULE_BYTES;
  static final long EPOCH_MILLIS = 1_700_000_000_000L;

  final FakeNanos nanos = new FakeNanos(Long.MIN_VALUE + 5);
  final FakeSource source = new FakeSource();
  final CountingEvents events = new CountingEvents();
  final CoarseClock clock = new CoarseClock(nanos, EPOCH_MILLIS);
  final PagedBackend backend;
  private boolean raced;
  private long seed;

  Rig(int maxPages) {
    this(new BackendSettings(PAGE, maxPages, (long) maxPages * PAGE, 0, 7));
  }

  Rig(BackendSettings settings) {
    backend = new SegmentedBackend(settings, source, clock, events);
  }

  private Rig(BackendSettings settings, int addressPages) {
    try {
      long reserveBytes = settings.pageBytes() * addressPages;
      backend = VirtualBackend.reserve(settings, reserveBytes, source, clock, events);
    } catch (MappingFailedException e) {
      throw new AssertionError(e);
    }
  }

  /** A virtual backend with addresses for more than it may hold. */
  static Rig virtual(int maxPages) {
    return virtual(new BackendSettings(PAGE, maxPages, (long) maxPages * PAGE, 0, 7), 512);
  }

  /** A virtual backend with addresses for so many pages. */
  static Rig virtual(BackendSettings settings, int addressPages) {
    return new Rig(settings, addressPages);
  }

  /** A virtual backend whose blobs expire. */
  static Rig virtualExpiring(int maxPages, Duration ttl) {
    return virtual(
        new BackendSettings(PAGE, maxPages, (long) maxPages * PAGE, ttl.toMillis(), 7), 512);
  }

  /** A virtual backend for threads. */
  static Rig virtualForThreads(int maxPages) {
    Rig rig = virtual(maxPages);
    rig.raced = true;
    return rig;
  }

  /** A rig whose blobs expire. */
  static Rig expiring(int maxPages, Duration ttl) {
    return new Rig(new BackendSettings(PAGE, maxPages, (long) maxPages * PAGE, ttl.toMillis(), 7));
  }

  /** A rig for threads. */
  static Rig forThreads(int maxPages) {
    Rig rig = new Rig(maxPages);
    rig.raced = true;
    return rig;
  }

  /** Appends random bytes, which must succeed. */
  Blob append(int size) {
    byte[] bytes = Blob.bytes(seed++, size);
    long millis = clock.millis();
    long place = backend.reserve(size, millis);
    if (place >= 0) {
      backend.publish(place, bytes, 0, size, millis);
    }
    assertThat(place).as("place of %s bytes", size).isNotNegative();
    return blob(place, millis, bytes);
  }

  /** The code of an append that may be refused; what it appended is acknowledged. */
  long tryAppend(int size) {
    byte[] bytes = Blob.bytes(seed++, size);
    long millis = clock.millis();
    long place = backend.reserve(size, millis);
    if (place >= 0) {
      backend.publish(place, bytes, 0, size, millis);
    }
    if (place < 0) {
      return place;
    }
    assertThat(acknowledge(blob(place, millis, bytes))).isEqualTo(Codes.LIVE);
    return 0;
  }

  private Blob blob(long place, long millis, byte[] bytes) {
    int pageId = Codes.pageId(place);
    int generation = backend.generation(pageId);
    return new Blob(pageId, Codes.offset(place), bytes.length, generation, millis, bytes);
  }

  /** Reserves space that is published or cancelled later. */
  long reserve(int size) {
    long place = backend.reserve(size, clock.millis());
    assertThat(place).as("place of %s bytes", size).isNotNegative();
    return place;
  }

  /** The blob's view, opened when it is the first of its page. */
  @Nullable MemorySegment view(Blob blob) {
    MemorySegment page = pageView(blob);
    if (page == null && check(blob) == Codes.LIVE) {
      backend.openView(blob.pageId(), blob.offset(), blob.size());
      page = pageView(blob);
    }
    return page == null ? null : page.asSlice(blob.offset(), blob.size());
  }

  private @Nullable MemorySegment pageView(Blob blob) {
    return backend.view(
        blob.pageId(), blob.offset(), blob.size(), blob.generation(), blob.millis());
  }

  byte @Nullable [] resolve(Blob blob) {
    return backend.resolve(
        blob.pageId(), blob.offset(), blob.size(), blob.generation(), blob.millis());
  }

  int check(Blob blob) {
    return backend.check(
        blob.pageId(), blob.offset(), blob.size(), blob.generation(), blob.millis());
  }

  int acknowledge(Blob blob) {
    return backend.acknowledge(
        blob.pageId(), blob.offset(), blob.size(), blob.generation(), blob.millis());
  }

  /** Takes still pages out of use and recycles all that is empty, as a quiet store does. */
  void settle() {
    backend.sealIdle(nanos.now());
    backend.sealIdle(nanos.now());
    backend.recycle(true);
  }

  /** Nothing is live, nothing waits, and every page that holds memory is ready. */
  void assertAllIsBack() {
    settle();
    // The last page of a blob whose view has just died takes blobs still.
    settle();
    BackendStats stats = backend.stats();
    assertThat(stats.liveBlobs()).isZero();
    assertThat(stats.waitingBytes()).isZero();
    assertThat(stats.readyPages()).as("of %s", stats).isEqualTo(stats.livePages());
    assertThat(stats.committedBytes()).isEqualTo(stats.livePages() * backend.pageBytes());
    assertThat(backend.pool.isPending()).isFalse();
    if (!source.reservations.isEmpty()) {
      assertThat(source.data().committedBytes()).isEqualTo(stats.committedBytes());
      assertThat(source.tables().committedBytes()).isEqualTo(stats.livePages() * 4096L);
    }
  }

  @Nullable MappingFailedException refusal() {
    return backend.refusal();
  }

  @Override
  public void close() {
    assertThat(backend.close()).as("closed").isTrue();
    assertThat(source.open()).as("mappings left open").isEmpty();
    assertThat(source.reservations).as("ranges").allMatch(FakeReservation::isClosed);
    assertThat(raced ? List.of() : source.outlivedRanges())
        .as("ranges outlived by a view")
        .isEmpty();
    assertThat(raced ? List.of() : source.outlived())
        .as("mappings outlived by a view or window")
        .isEmpty();
  }
}
