package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.BackendEvents;
import dev.pinnedstore.backend.CoarseClock;
import dev.pinnedstore.backend.Codes;
import dev.pinnedstore.os.MappingFailedException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Two stores in one namespace of small chunks, as two processes would be. One pair for all states
 * of a JVM: what one state leaves in a chunk is the next one's neighbour.
 */
final class TwoStores {
  static final SharedBackend A;
  static final SharedBackend B;
  static final int SMALL = 20;
  static final int LARGE = 300;

  /** Answers of {@link #resolve} and {@link #view}. */
  static final int NOTHING = 0;

  static final int OWN_BYTES = 1;
  static final int FOREIGN_BYTES = -1;

  private static final int CHUNK = 4096;
  private static final long MOST_BYTES = 1L << 30;
  private static final CoarseClock CLOCK =
      new CoarseClock(System::nanoTime, System.currentTimeMillis());
  private static final AtomicLong NUMBERS = new AtomicLong();

  static {
    String name = "pinnedstore-stress-" + ProcessHandle.current().pid();
    SharedSettings settings =
        new SharedSettings(
            new Names(Path.of("/dev/shm"), name),
            CHUNK,
            SharedBackend.MOST_CHUNKS,
            MOST_BYTES,
            0,
            1,
            SharedBackend.sharedMillis(CLOCK));
    try {
      A = SharedBackend.create(settings, CLOCK, new Silence());
      B = SharedBackend.attach(settings, CLOCK, new Silence());
    } catch (NamespaceRefusedException | MappingFailedException | IOException e) {
      throw new IllegalStateException(e);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(TwoStores::close));
  }

  private TwoStores() {}

  private static void close() {
    boolean _ = A.close();
    boolean _ = B.close();
  }

  /** A blob; its bytes follow from its number. */
  record Blob(int chunk, int offset, int size, int generation, long millis, byte[] bytes) {}

  /** Every second one is small. */
  static Blob append(SharedBackend store) {
    long number = NUMBERS.incrementAndGet();
    return append(store, number, (number & 1) == 0 ? SMALL : LARGE);
  }

  private static Blob append(SharedBackend store, long number, int size) {
    ByteBuffer bytes = ByteBuffer.allocate(size);
    while (bytes.remaining() >= Long.BYTES) {
      bytes.putLong(number);
    }
    long millis = CLOCK.millis();
    long place = store.reserve(size, millis);
    if (place < 0) {
      throw new IllegalStateException("place=" + place);
    }
    int generation = store.generation(Codes.pageId(place));
    store.publish(place, bytes.array(), 0, size, millis);
    return new Blob(
        Codes.pageId(place), Codes.offset(place), size, generation, millis, bytes.array());
  }

  /** 1 if this is who acknowledged it. */
  static int acknowledge(SharedBackend store, Blob blob) {
    int code = store.acknowledge(blob.chunk, blob.offset, blob.size, blob.generation, blob.millis);
    return code == Codes.LIVE ? 1 : 0;
  }

  static int resolve(SharedBackend store, Blob blob) {
    int code = store.check(blob.chunk, blob.offset, blob.size, blob.generation, blob.millis);
    byte[] copy =
        code == Codes.LIVE
            ? store.resolve(blob.chunk, blob.offset, blob.size, blob.generation, blob.millis)
            : null;
    return copy == null ? NOTHING : Arrays.equals(copy, blob.bytes) ? OWN_BYTES : FOREIGN_BYTES;
  }

  static int view(SharedBackend store, Blob blob) {
    try {
      int code = store.check(blob.chunk, blob.offset, blob.size, blob.generation, blob.millis);
      if (code != Codes.LIVE) {
        return NOTHING;
      }
      store.openView(blob.chunk, blob.offset, blob.size);
      MemorySegment view =
          store.view(blob.chunk, blob.offset, blob.size, blob.generation, blob.millis);
      if (view == null) {
        return NOTHING;
      }
      for (int i = 0; i < blob.size; i++) {
        if (view.get(ValueLayout.JAVA_BYTE, blob.offset + i) != blob.bytes[i]) {
          return FOREIGN_BYTES;
        }
      }
      return OWN_BYTES;
    } catch (IllegalStateException e) {
      // The Arena of the view has been closed, or what it would be a view of.
      return NOTHING;
    }
  }

  /** Seals what the head has left behind, recycles what is empty, and opens it. */
  static void keep(SharedBackend store) {
    store.sealFor(LARGE);
    store.recycle(true);
  }

  private static final class Silence implements BackendEvents {
    @Override
    public void pageMade(int pageId, long bytes, long nanos) {}

    @Override
    public void stalled(int pageId, long bytes, long nanos) {}

    @Override
    public void pageEmptied(int pageId, long bytes) {}

    @Override
    public void roomMayCome(long bytes) {}

    @Override
    public void pageReused(int pageId, long bytes) {}

    @Override
    public void pageGivenBack(int pageId, long bytes) {}

    @Override
    public void pageExpired(int pageId, long bytes) {}

    @Override
    public void ownerRecovered() {}
  }
}
