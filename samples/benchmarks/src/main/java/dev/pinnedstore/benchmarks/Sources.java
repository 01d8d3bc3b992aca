package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.StoreConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Bytes to append, and the ring that every append is compared with. */
final class Sources {
  static final long RING_BYTES = 64L << 20;

  private Sources() {}

  /** The defaults, with another backend. */
  static StoreConfig.Builder config(String backend) {
    return StoreConfig.builder()
        .backend(
            switch (backend) {
              case "segmented" -> Backend.segmented();
              case "virtual" -> Backend.virtual();
              case "shared" -> shared();
              default -> throw new IllegalArgumentException("backend=" + backend);
            });
  }

  /** The same with pages, or chunks, of a size. */
  static StoreConfig.Builder config(String backend, long pageBytes) {
    return backend.equals("shared")
        ? StoreConfig.builder().backend(shared().chunkSize(pageBytes))
        : config(backend).pageSize(pageBytes);
  }

  private static Backend.Shared shared() {
    return Backend.shared("pinnedstore-benchmark-" + ProcessHandle.current().pid());
  }

  /** A segment of bytes that are not constant. */
  static MemorySegment random(Arena arena, long bytes) {
    byte[] content = new byte[(int) bytes];
    new Random(bytes).nextBytes(content);
    MemorySegment segment = arena.allocate(bytes, 64);
    MemorySegment.copy(MemorySegment.ofArray(content), 0, segment, 0, bytes);
    return segment;
  }

  /** A ring whose pages are resident. */
  static MemorySegment warmRing(Arena arena) {
    return arena.allocate(RING_BYTES, 4096).fill((byte) 1);
  }

  /** Blobs in flight: some 8 MiB, at most 16 384. */
  static int inFlight(long size) {
    return Math.clamp((8L << 20) / size, 8, 16_384);
  }
}
