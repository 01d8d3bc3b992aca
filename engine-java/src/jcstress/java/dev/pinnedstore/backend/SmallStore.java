package dev.pinnedstore.backend;

import dev.pinnedstore.os.MappingFailedException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A whole backend on pages of four granules, cheap enough to be made anew for every state. */
final class SmallStore {
  static final int GRANULE = EntryLayout.GRANULE_BYTES;
  static final int PAGE = 4 * GRANULE;

  /** Answers of {@link #resolve} and {@link #view}. */
  static final int NOTHING = 0;

  static final int OWN_BYTES = 1;
  static final int DEAD_VIEW = 2;
  static final int FOREIGN_BYTES = -1;

  /** Answers of {@link #end}. */
  static final int ALL_BACK = 1;

  private static final int GENERATION = 1;
  private static final long MAX_BYTES = 1 << 20;

  final AtomicLong nanos = new AtomicLong();
  final CountingEvents events = new CountingEvents();
  final PagedBackend backend;

  SmallStore(int maxPages) {
    this(maxPages, 0);
  }

  SmallStore(int maxPages, long ttlMillis) {
    this(maxPages, ttlMillis, new SliceSource());
  }

  SmallStore(int maxPages, long ttlMillis, SliceSource source) {
    backend =
        new SegmentedBackend(
            new BackendSettings(PAGE, maxPages, MAX_BYTES, ttlMillis, GENERATION),
            source,
            new CoarseClock(nanos::get, 0),
            events);
  }

  private SmallStore(BackendSettings settings) {
    try {
      backend =
          VirtualBackend.reserve(
              settings, 4 * PAGE, new SliceSource(), new CoarseClock(nanos::get, 0), events);
    } catch (MappingFailedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Pages side by side, in a range of four. */
  static SmallStore virtual(int maxPages) {
    return new SmallStore(new BackendSettings(PAGE, maxPages, MAX_BYTES, 0, GENERATION));
  }

  /** Appends bytes of one value; null when the store is full. */
  @Nullable Blob append(int size, int value, long millis) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) value);
    long place = backend.reserve(size, millis);
    if (place >= 0) {
      backend.publish(place, bytes, 0, size, millis);
    }
    return place < 0 ? null : blob(place, bytes, millis);
  }

  /** The blob that a place becomes. */
  Blob blob(long place, byte[] bytes, long millis) {
    int page = Codes.pageId(place);
    int generation = backend.generation(page);
    return new Blob(page, Codes.offset(place), bytes.length, generation, millis, bytes);
  }

  int acknowledge(Blob blob) {
    return backend.acknowledge(
        blob.pageId(), blob.offset(), blob.size(), blob.generation(), blob.millis());
  }

  int check(Blob blob) {
    return backend.check(
        blob.pageId(), blob.offset(), blob.size(), blob.generation(), blob.millis());
  }

  int resolve(Blob blob) {
    byte[] copy =
        backend.resolve(
            blob.pageId(), blob.offset(), blob.size(), blob.generation(), blob.millis());
    return copy == null ? NOTHING : Arrays.equals(copy, blob.bytes()) ? OWN_BYTES : FOREIGN_BYTES;
  }

  /** Views a blob whose page somebody has viewed, and reads the view. */
  int view(Blob blob) {
    MemorySegment page =
        backend.view(blob.pageId(), blob.offset(), blob.size(), blob.generation(), blob.millis());
    if (page == null) {
      return NOTHING;
    }
    try {
      for (int i = 0; i < blob.size(); i++) {
        byte read = page.get(ValueLayout.JAVA_BYTE, blob.offset() + i);
        if (read != blob.bytes()[i]) {
          return FOREIGN_BYTES;
        }
      }
      return OWN_BYTES;
    } catch (IllegalStateException e) {
      return DEAD_VIEW;
    }
  }

  /** Opens the first view of a blob's page and reads it. */
  int openView(Blob blob) {
    try {
      backend.openView(blob.pageId(), blob.offset(), blob.size());
    } catch (IllegalStateException e) {
      // What it would be a view of, or the Arena that it joined, has been closed.
      return NOTHING;
    }
    return view(blob);
  }

  /** What is left when nobody writes any more: 1 when nothing is live and every page came back. */
  int end() {
    backend.sealIdle(0);
    backend.sealIdle(0);
    backend.recycle(true);
    // The last page of a blob whose view has just died takes blobs still.
    backend.sealIdle(0);
    backend.sealIdle(0);
    backend.recycle(true);
    BackendStats stats = backend.stats();
    boolean allBack =
        stats.liveBlobs() == 0
            && stats.waitingBytes() == 0
            && stats.readyPages() == stats.livePages();
    return allBack ? ALL_BACK : 0;
  }
}
