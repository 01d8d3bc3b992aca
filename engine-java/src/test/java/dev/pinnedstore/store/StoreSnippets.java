package dev.pinnedstore.store;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The examples of the Javadoc and of README.md: what stands between the marks is quoted there, and
 * each method is run by a test.
 */
public final class StoreSnippets {
  private StoreSnippets() {}

  /** The whole of it: open, append, read in place, copy, acknowledge. */
  public static void quickstart(byte[] message, Consumer<MemorySegment> reader) {
    // @start region="quickstart"
    try (PinnedStore store = PinnedStore.open(StoreConfig.defaults())) {
      store.startLifecycle(); // without it memory never goes back; ends with the store

      BlobHandle handle = store.append(message); // 24 bytes to pass on
      MemorySegment view = store.view(handle); // any thread, in place, read-only
      reader.accept(view);
      byte[] copy = store.resolve(handle); // your own bytes; null once the blob is gone
      store.acknowledge(handle); // consumed: its memory may be used again
    }
    // @end
  }

  /** Without an object per message: handles lie in the slots of somebody's ring. */
  public static void slots(
      PinnedStore store,
      MemorySegment message,
      MemorySegment slots,
      Consumer<MemorySegment> reader) {
    long slot = slots.byteSize() / BlobHandle.BYTES - 1;
    // @start region="slots"
    store.append(message, slots, slot * BlobHandle.BYTES); // the producer
    reader.accept(store.view(slots, slot * BlobHandle.BYTES)); // the consumer
    store.acknowledge(slots, slot * BlobHandle.BYTES);
    // @end
  }

  /** Written in place: by one thread, or by several and at leisure. */
  public static BlobHandle[] inPlace(PinnedStore store, Consumer<MemorySegment> encoder) {
    // @start region="inPlace"
    BlobHandle first = store.append(512, encoder); // published when the encoder returns

    BlobHandle second;
    try (Reservation room = store.reserve(512)) { // closed unpublished it is padding
      encoder.accept(room.segment()); // on any thread
      second = room.publish(); // whole, and final, from here on
    }
    // @end
    return new BlobHandle[] {first, second};
  }

  /** At the limit: wait for a consumer instead of catching an exception. */
  public static BlobHandle backPressure(PinnedStore store, MemorySegment message) {
    // @start region="backPressure"
    BlobHandle handle = store.tryAppend(message); // null when full
    while (handle == null) {
      store.roomFor(message.byteSize()).join(); // a hint: another writer may be faster
      handle = store.tryAppend(message);
    }
    // @end
    return handle;
  }

  /** One process: whichever comes first creates the namespace. */
  public static void sharedProducer(Path directory, byte[] message, Consumer<BlobHandle> pipe) {
    // @start region="sharedProducer"
    Backend orders = Backend.shared("orders").directory(directory); // /dev/shm unless said
    StoreConfig config = StoreConfig.builder().backend(orders).build(); // TTL: 30 s unless set
    try (PinnedStore store = PinnedStore.openOrAttach(config)) {
      store.startLifecycle(); // every process runs one
      pipe.accept(store.append(message)); // 24 bytes for another process
    }
    // @end
  }

  /** Another process. */
  public static void sharedConsumer(
      StoreConfig config, Supplier<BlobHandle> pipe, Consumer<MemorySegment> reader) {
    // @start region="sharedConsumer"
    try (PinnedStore store = PinnedStore.openOrAttach(config)) {
      store.startLifecycle();
      BlobHandle handle = pipe.get();
      reader.accept(store.view(handle)); // where the other process wrote it
      store.acknowledge(handle); // its memory may be used again, by either
    }
    // @end
  }

  /** What goes on inside, and one cycle by hand. */
  public static StoreStats observe(PinnedStore store, Consumer<StoreEvent> log) {
    // @start region="observe"
    Registration events = store.listen(log); // PAGE_MADE, STALL, PAGE_GIVEN_BACK, STORE_FULL, ...
    store.maintain(); // one cycle by hand; startLifecycle() runs them on a daemon thread
    StoreStats stats = store.stats(); // livePages, committedBytes, stalls, storeFull, ...
    events.close();
    // @end
    return stats;
  }
}
