package dev.pinnedstore.store;

import static dev.pinnedstore.store.StoreFixture.PAGE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.BiConsumer;

/** Every method that needs an open store. */
enum StoreCall {
  APPEND_ARRAY((store, handle) -> store.append(new byte[1])),
  APPEND_RANGE((store, handle) -> store.append(new byte[3], 1, 1)),
  APPEND_BUFFER((store, handle) -> store.append(ByteBuffer.allocate(1))),
  APPEND_SEGMENT((store, handle) -> store.append(bytes(1))),
  APPEND_LARGE(
      (store, handle) ->
          store.append(
              new byte[store.config().backend() instanceof Backend.Shared ? PAGE : 100_000])),
  APPEND_WRITER((store, handle) -> store.append(1, segment -> segment.fill((byte) 1))),
  APPEND_HANDLE_OUT((store, handle) -> store.append(bytes(1), bytes(BlobHandle.BYTES), 0)),
  TRY_APPEND((store, handle) -> store.tryAppend(bytes(1))),
  RESERVE((store, handle) -> store.reserve(1).close()),
  TRY_RESERVE((store, handle) -> store.tryReserve(1).close()),
  VIEW((store, handle) -> store.view(handle)),
  VIEW_BYTES((store, handle) -> store.view(MemorySegment.ofArray(handle.toBytes()), 0)),
  RESOLVE((store, handle) -> store.resolve(handle)),
  ACKNOWLEDGE((store, handle) -> store.acknowledge(handle)),
  ACKNOWLEDGE_BYTES(
      (store, handle) -> store.acknowledge(MemorySegment.ofArray(handle.toBytes()), 0)),
  MAINTAIN((store, handle) -> store.maintain()),
  START_LIFECYCLE((store, handle) -> store.startLifecycle().close()),
  START_LIFECYCLE_WITH_INTERVAL(
      (store, handle) -> store.startLifecycle(Duration.ofSeconds(1)).close()),
  ROOM_FOR((store, handle) -> store.roomFor(1).cancel(false)),
  LISTEN((store, handle) -> store.listen(event -> {}).close());

  private final BiConsumer<PinnedStore, BlobHandle> call;

  StoreCall(BiConsumer<PinnedStore, BlobHandle> call) {
    this.call = call;
  }

  void on(PinnedStore store, BlobHandle handle) {
    call.accept(store, handle);
  }

  private static MemorySegment bytes(int size) {
    return MemorySegment.ofArray(new byte[size]);
  }
}
