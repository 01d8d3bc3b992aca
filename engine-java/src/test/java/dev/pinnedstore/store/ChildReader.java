package dev.pinnedstore.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/** Reads kept views, in loops that allocate, while their pages are written again and given back. */
final class ChildReader {
  private static final int PAGE = 64 << 10;

  private record Latest(BlobHandle handle, MemorySegment view, byte value) {}

  private static final AtomicLong FOREIGN = new AtomicLong();
  private static volatile Latest latest;
  private static volatile boolean done;

  private ChildReader() {}

  /** Prints how many views showed bytes that were not their own. */
  static void read(int rounds) throws InterruptedException {
    StoreConfig config =
        StoreConfig.builder().pageSize(PAGE).maxPages(2).decayTimeout(Duration.ofMillis(1)).build();
    try (PinnedStore store = PinnedStore.open(config)) {
      store.maintain();
      latest = append(store, 0);
      Thread reader = Thread.ofPlatform().start(ChildReader::readAll);
      for (int i = 1; i <= rounds; i++) {
        Latest old = latest;
        latest = append(store, i);
        store.acknowledge(old.handle);
        store.maintain();
      }
      done = true;
      store.acknowledge(latest.handle);
      store.append(new byte[PAGE]);
      store.append(new byte[PAGE]);
      reader.join();
    }
    System.out.println(FOREIGN);
  }

  private static Latest append(PinnedStore store, int number) {
    byte[] blob = new byte[PAGE];
    Arrays.fill(blob, (byte) number);
    BlobHandle handle = store.append(blob);
    return new Latest(handle, store.view(handle), (byte) number);
  }

  private static void readAll() {
    while (!done) {
      Latest current = latest;
      FOREIGN.addAndGet(countForeign(current.view, current.value) > 0 ? 1 : 0);
    }
  }

  private static long countForeign(MemorySegment view, byte value) {
    Object[] kept = new Object[64];
    long foreign = 0;
    try {
      for (long at = 0; ; at++) {
        byte read = view.get(JAVA_BYTE, at % PAGE);
        // What makes it dangerous: a thread that is interrupted while it allocates.
        kept[(int) (at % kept.length)] = new long[8];
        foreign += read != value ? 1 : 0;
      }
    } catch (IllegalStateException e) {
      return foreign;
    }
  }
}
