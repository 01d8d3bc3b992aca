package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.store.StoreFullException.Limit;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * What a store must hold, kept beside it: every blob with its number, and which of them share a
 * page. Each operation runs on both, and each answer is compared.
 */
final class StoreModel {
  private static final AppendForm[] FORMS = AppendForm.values();

  /** The blobs of one generation of a page. */
  private static final class Place {
    final long bytes;
    int alive;
    long newestMillis = Long.MIN_VALUE;

    Place(long bytes) {
      this.bytes = bytes;
    }
  }

  private record Blob(BlobHandle handle, long number, Place place, MemorySegment view) {}

  private final boolean isVirtual;

  /** The largest blob that fits in an empty store. */
  private final long mostBytes;

  private record Pending(Reservation reservation, long number) {}

  private final PinnedStore store;
  private final StoreConfig config;
  private final ManualTicker clock;
  private final SplittableRandom random;
  private final long originMillis;
  private final List<Blob> live = new ArrayList<>();
  private final List<Blob> gone = new ArrayList<>();
  private final List<Pending> pending = new ArrayList<>();
  private final Map<Long, Place> places = new HashMap<>();
  private long appended;
  private long numbers;

  StoreModel(PinnedStore store, ManualTicker clock, SplittableRandom random) {
    this.store = store;
    this.config = store.config();
    this.clock = clock;
    this.random = random;
    this.isVirtual = config.backend() instanceof Backend.Virtual;
    long pages = Math.min(config.maxPages(), config.maxBytes() / config.pageSize());
    this.mostBytes = isVirtual ? pages * config.pageSize() : config.maxBytes();
    BlobHandle probe = store.append(new byte[1]);
    this.originMillis = probe.timestampMillis() - clock.elapsedMillis();
    store.acknowledge(probe);
    this.appended = 1;
  }

  // ---- operations

  void append(long wanted) {
    long size = Math.min(wanted, mostBytes);
    long number = numbers++;
    AppendForm form = FORMS[random.nextInt(FORMS.length)];
    BlobHandle handle = null;
    Limit refused = null;
    try {
      handle = form.append(store, Blobs.of(number, size));
    } catch (StoreFullException e) {
      refused = e.limit();
    }
    if (handle == null) {
      assertRefusal(size, refused);
      return;
    }
    appended++;
    add(handle, number);
  }

  private void add(BlobHandle handle, long number) {
    assertThat(handle.timestampMillis()).isEqualTo(originMillis + clock.elapsedMillis());
    Place place =
        places.computeIfAbsent(
            (long) handle.pageId() << 32 | Integer.toUnsignedLong(handle.generation()),
            key -> new Place(mostBytes(handle.sizeBytes())));
    place.alive++;
    place.newestMillis = Math.max(place.newestMillis, handle.timestampMillis());
    live.add(new Blob(handle, number, place, store.view(handle)));
  }

  void reserve(long wanted) {
    long size = Math.min(wanted, mostBytes);
    Reservation reservation = null;
    Limit refused = null;
    try {
      reservation = random.nextBoolean() ? store.reserve(size) : store.tryReserve(size);
    } catch (StoreFullException e) {
      refused = e.limit();
    }
    if (reservation == null) {
      assertRefusal(size, refused);
      return;
    }
    appended++;
    assertThat(reservation.segment().mismatch(MemorySegment.ofArray(new byte[(int) size])))
        .as("a window of zeros")
        .isEqualTo(-1);
    long number = numbers++;
    reservation.segment().copyFrom(MemorySegment.ofArray(Blobs.of(number, size)));
    pending.add(new Pending(reservation, number));
  }

  void endReservation(boolean publish) {
    if (pending.isEmpty()) {
      return;
    }
    Pending ended = pending.remove(random.nextInt(pending.size()));
    if (publish) {
      add(ended.reservation.publish(), ended.number);
    }
    ended.reservation.close();
    assertThatThrownBy(ended.reservation::publish).isInstanceOf(IllegalStateException.class);
  }

  void throwingWriter(long size) {
    ArithmeticException thrown = new ArithmeticException();
    try {
      store.append(
          size,
          segment -> {
            segment.fill((byte) 1);
            throw thrown;
          });
      throw new AssertionError("the exception was lost");
    } catch (StoreFullException e) {
      assertRefusal(size, e.limit());
    } catch (ArithmeticException e) {
      assertThat(e).isSameAs(thrown);
      appended++;
    }
  }

  void acknowledge(int atMost) {
    for (int i = 0; i < atMost && !live.isEmpty(); i++) {
      Blob blob = live.get(random.nextInt(live.size()));
      assertThat(store.acknowledge(blob.handle))
          .as("acknowledging %s", blob.handle)
          .isEqualTo(!hasExpired(blob));
      if (!hasExpired(blob)) {
        forget(blob);
      }
      if (hasExpired(blob) && i > 20) {
        return;
      }
    }
  }

  void maintain() {
    MaintenanceReport report = store.maintain();
    List<Blob> expired = live.stream().filter(this::hasExpired).toList();
    assertThat(report.pagesExpired())
        .as("pages expired")
        .isEqualTo((int) expired.stream().map(Blob::place).distinct().count());
    expired.forEach(this::forget);
  }

  private void forget(Blob blob) {
    live.remove(blob);
    gone.add(blob);
    blob.place.alive--;
  }

  // ---- what may be said

  private boolean hasExpired(Blob blob) {
    long age = originMillis + clock.elapsedMillis() - blob.place.newestMillis;
    return config.ttl().isPresent() && age > config.ttl().get().toMillis();
  }

  private void assertRefusal(long size, Limit named) {
    assertThat(mayRefuse(size, Limit.MAX_PAGES) || mayRefuse(size, Limit.MAX_BYTES))
        .as("refused %s bytes, naming %s, with %s pages in use", size, named, pagesInUse())
        .isTrue();
    assertThat(named).isIn(null, Limit.MAX_PAGES, Limit.MAX_BYTES);
  }

  /** Whether pages that somebody needs leave no room for one more. */
  boolean mayRefuse(long size, Limit limit) {
    if (isVirtual) {
      long pages = pagesInUse() + pages(size);
      return pages > config.maxPages() || pages * config.pageSize() > config.maxBytes();
    }
    if (limit == Limit.MAX_PAGES) {
      return pagesInUse() >= config.maxPages();
    }
    long inUse = places.values().stream().filter(p -> p.alive > 0).mapToLong(p -> p.bytes).sum();
    for (Pending each : pending) {
      inUse += mostBytes(each.reservation.sizeBytes());
    }
    return inUse + Math.max(config.pageSize(), (size + 4095) & -4096) > config.maxBytes();
  }

  /** Bytes of the page that a blob is in: a large one may reuse a page of twice its size. */
  private long mostBytes(long size) {
    return size <= config.pageSize() ? config.pageSize() : 2 * ((size + 4095) & -4096);
  }

  /** At most: a reservation may share its page with blobs. */
  private long pagesInUse() {
    if (isVirtual) {
      return live.stream().flatMapToInt(blob -> pagesOf(blob.handle)).distinct().count()
          + pending.stream().mapToLong(each -> pages(each.reservation.sizeBytes()) + 1).sum();
    }
    return places.values().stream().filter(p -> p.alive > 0).count() + pending.size();
  }

  /** The pages that a blob touches. */
  private IntStream pagesOf(BlobHandle handle) {
    long end = handle.offsetBytes() + handle.sizeBytes();
    return IntStream.range(handle.pageId(), handle.pageId() + (int) pages(end));
  }

  private long pages(long bytes) {
    return (bytes + config.pageSize() - 1) / config.pageSize();
  }

  // ---- checks

  void check(boolean all) {
    StoreStats stats = store.stats();
    assertThat(stats.liveBlobs()).as("live blobs").isEqualTo(live.size() + pending.size());
    assertThat(stats.appendedBlobs()).as("appended blobs").isEqualTo(appended);
    assertThat(stats.livePages()).as("live pages").isBetween(0L, (long) config.maxPages());
    assertThat(stats.peakCommittedBytes()).isLessThanOrEqualTo(config.maxBytes());
    assertThat(stats.pagesMade() - stats.pagesGivenBack()).isEqualTo(stats.livePages());
    for (int i = 0; i < (all ? live.size() : Math.min(3, live.size())); i++) {
      checkLive(live.get(all ? i : random.nextInt(live.size())));
    }
    for (int i = 0; i < (all ? gone.size() : Math.min(3, gone.size())); i++) {
      checkGone(gone.get(all ? i : random.nextInt(gone.size())));
    }
    if (all && gone.size() > 300) {
      gone.subList(0, gone.size() - 300).clear();
    }
  }

  private void checkLive(Blob blob) {
    assertThat(Blobs.isBlob(blob.view, blob.number)).as("kept view of %s", blob).isTrue();
    if (hasExpired(blob)) {
      HandleContract.assertStale(store, blob.handle);
      return;
    }
    Blobs.assertLive(store, blob.handle, blob.number);
    assertThat(store.view(blob.handle).address()).isEqualTo(blob.view.address());
  }

  private void checkGone(Blob blob) {
    byte[] own = Blobs.of(blob.number, blob.handle.sizeBytes());
    byte[] copy = store.resolve(blob.handle);
    assertThat(copy == null || Arrays.equals(copy, own)).as("copy of %s", blob).isTrue();
    assertThat(store.acknowledge(blob.handle)).isFalse();
    try {
      assertThat(Blobs.isBlob(store.view(blob.handle), blob.number)).as("%s", blob).isTrue();
    } catch (StaleHandleException e) {
      assertThat(copy).as("a blob that can be copied can be viewed").isNull();
    }
    if (blob.view.scope().isAlive()) {
      assertThat(Blobs.isBlob(blob.view, blob.number)).as("kept view of %s", blob).isTrue();
    }
  }

  /** Ends all blobs: the store shrinks to one page and takes a blob of all that it may hold. */
  void end() {
    while (!pending.isEmpty()) {
      endReservation(random.nextBoolean());
    }
    check(true);
    maintain();
    acknowledge(Integer.MAX_VALUE);
    for (int i = 0; i < 3; i++) {
      maintain();
      clock.advance(Duration.ofMinutes(1));
    }
    store.maintain();
    check(true);
    StoreStats stats = store.stats();
    assertThat(stats.liveBlobs()).isZero();
    assertThat(stats.livePages()).isLessThanOrEqualTo(1);
    assertThat(stats.waitingBytes()).isZero();
    gone.forEach(blob -> HandleContract.assertStale(store, blob.handle));
    gone.clear();
    append(mostBytes);
    assertThat(live).as("room for all that the store may hold").hasSize(1);
    check(true);
  }
}
