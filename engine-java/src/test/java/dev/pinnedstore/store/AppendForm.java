package dev.pinnedstore.store;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Every way in which a blob gets into a store. */
enum AppendForm {
  ARRAY((store, blob) -> store.append(blob)),
  ARRAY_RANGE((store, blob) -> store.append(padded(blob), 3, blob.length)),
  HEAP_BUFFER((store, blob) -> store.append(ByteBuffer.wrap(blob))),
  DIRECT_BUFFER((store, blob) -> store.append(direct(blob).position(3).limit(3 + blob.length))),
  BUFFER_SLICE((store, blob) -> store.append(direct(blob).slice(3, blob.length))),
  READ_ONLY_BUFFER((store, blob) -> store.append(ByteBuffer.wrap(blob).asReadOnlyBuffer())),
  HEAP_SEGMENT((store, blob) -> store.append(MemorySegment.ofArray(blob))),
  HEAP_SEGMENT_SLICE(
      (store, blob) -> store.append(MemorySegment.ofArray(padded(blob)).asSlice(3, blob.length))),
  READ_ONLY_SEGMENT((store, blob) -> store.append(MemorySegment.ofArray(blob).asReadOnly())),
  AUTO_SEGMENT((store, blob) -> store.append(copy(blob, Arena.ofAuto()))),
  CONFINED_SEGMENT(
      (store, blob) -> {
        try (Arena arena = Arena.ofConfined()) {
          return store.append(copy(blob, arena));
        }
      }),
  SHARED_SEGMENT(
      (store, blob) -> {
        try (Arena arena = Arena.ofShared()) {
          return store.append(copy(blob, arena));
        }
      }),
  TRY_APPEND((store, blob) -> store.tryAppend(MemorySegment.ofArray(blob))),
  HANDLE_OUT(
      (store, blob) -> {
        MemorySegment slot = MemorySegment.ofArray(new byte[BlobHandle.BYTES]);
        store.append(MemorySegment.ofArray(blob), slot, 0);
        return BlobHandle.readFrom(slot, 0);
      }),
  WRITER((store, blob) -> store.append(blob.length, segment -> write(blob, segment))),
  RESERVATION((store, blob) -> publish(blob, store.reserve(blob.length))),
  TRY_RESERVATION((store, blob) -> publish(blob, store.tryReserve(blob.length)));

  private interface Append {
    @Nullable BlobHandle append(PinnedStore store, byte[] blob);
  }

  private final Append append;

  AppendForm(Append append) {
    this.append = append;
  }

  /** Appends, or answers null where this form says so that the store is full. */
  @Nullable BlobHandle append(PinnedStore store, byte[] blob) {
    return append.append(store, blob);
  }

  /** Whether a full store is a null of this form, not an exception. */
  boolean answersNull() {
    return this == TRY_APPEND || this == TRY_RESERVATION;
  }

  private static byte[] padded(byte[] blob) {
    byte[] wide = new byte[blob.length + 8];
    System.arraycopy(blob, 0, wide, 3, blob.length);
    return wide;
  }

  private static ByteBuffer direct(byte[] blob) {
    return ByteBuffer.allocateDirect(blob.length + 8).put(padded(blob)).clear();
  }

  private static MemorySegment copy(byte[] blob, Arena arena) {
    MemorySegment segment = arena.allocate(blob.length);
    write(blob, segment);
    return segment;
  }

  private static void write(byte[] blob, MemorySegment segment) {
    segment.copyFrom(MemorySegment.ofArray(blob));
  }

  private static @Nullable BlobHandle publish(byte[] blob, @Nullable Reservation reservation) {
    if (reservation == null) {
      return null;
    }
    try (reservation) {
      write(blob, reservation.segment());
      return reservation.publish();
    }
  }
}
