package dev.pinnedstore.backend.shared;

import dev.pinnedstore.backend.ViewGroup;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MappingLostException;
import dev.pinnedstore.os.SharedMapping;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A chunk as this store sees it: its files mapped, and what the store remembers of it. */
final class Chunk {
  /** What readers of this store see of one incarnation. */
  record View(int generation, MemorySegment segment, ViewGroup group) {}

  final int id;
  final long capacity;

  /** The chunk's file, header and data. */
  final MemorySegment base;

  /** The record file. */
  final MemorySegment table;

  final SharedMapping data;
  private final SharedMapping records;

  /** The entry in the chunk table; -1 while it has none, as only chunks of the original. */
  volatile int index;

  /** Null while nobody in this store views the present incarnation. */
  volatile @Nullable View view;

  /** Whether an access to it failed: its file was cut off. It takes no blobs any more. */
  volatile boolean lost;

  /** Whether all of it is in this process's page table; a hint. */
  boolean touched;

  /** When it left the directory; guarded by that. */
  long droppedNanos;

  /** Whether this store's lease is set; guarded by the directory. */
  boolean leased;

  /** Reservations of this store that are written in place; guarded by the directory. */
  int windows;

  /** Newest blob known here: its time in the high 48 bits, its generation's low 16 bits. A hint. */
  private long known;

  /** The header as it was seen last, and since when; under the monitor. */
  private int seenUsed = -1;

  private int seenEntries;
  private int seenAcknowledged;
  private int seenGeneration;
  private long changedMillis;

  /** When it was last walked for being suspect; used by one cycle at a time. */
  long walkedMillis = Long.MIN_VALUE / 2;

  Chunk(int id, SharedMapping data, SharedMapping records, int index) {
    this.id = id;
    this.data = data;
    this.records = records;
    this.base = data.base();
    this.table = records.base();
    this.capacity = base.byteSize() - ChunkLayout.HEADER_BYTES;
    this.index = index;
  }

  /** Whether the newest blob of a generation is known to be of that time or later. */
  boolean isKnownSince(int generation, long millis) {
    long now = known;
    return (now & 0xFFFF) == (generation & 0xFFFF) && now >>> 16 >= millis;
  }

  /** Whether a blob of that time or later is known in any generation so far. */
  boolean isKnownSince(long millis) {
    return known >>> 16 >= millis;
  }

  /** Notes a time that the header says, or says already. */
  void know(int generation, long millis) {
    known = (millis << 16) | (generation & 0xFFFF);
  }

  int generation() {
    return ChunkLayout.generation(base);
  }

  /** Bytes reserved, sealed or not; never more than the capacity, whatever the file says. */
  long used() {
    long used = Integer.toUnsignedLong(ChunkLayout.used(base));
    return Math.min(
        used == capacity && ChunkLayout.has(base, ChunkLayout.SEALED)
            ? Integer.toUnsignedLong(ChunkLayout.sealedUsed(base))
            : used,
        capacity);
  }

  boolean isSealed() {
    return Integer.toUnsignedLong(ChunkLayout.used(base)) >= capacity;
  }

  /**
   * Whether a writer may take it: empty and open, as the original judges it, and made. A chunk of
   * the original without a generation is just being made.
   */
  boolean isReady() {
    try {
      return isUnwritten() && (ChunkLayout.maker(base) != 0 || generation() != 0);
    } catch (IllegalStateException e) {
      return false;
    } catch (InternalError e) {
      var _ = lose(e);
      return false;
    }
  }

  /** Whether nobody has reserved anything in it. */
  boolean isUnwritten() {
    try {
      return !lost && ChunkLayout.used(base) == 0 && ChunkLayout.entries(base) == 0;
    } catch (IllegalStateException e) {
      // Unmapped meanwhile: it is gone.
      return false;
    } catch (InternalError e) {
      var _ = lose(e);
      return false;
    }
  }

  /** Notes that an access failed as it does where a file was cut off. */
  MappingLostException lose(InternalError e) {
    MappingLostException lostBy = MappingLostException.of("chunk id=" + id + ": its file", e);
    lost = true;
    return lostBy;
  }

  /** Bytes that are not reserved; none where its file was cut off. */
  long room() {
    try {
      long used = Integer.toUnsignedLong(ChunkLayout.used(base));
      return lost ? 0 : Math.max(0, capacity - used);
    } catch (IllegalStateException e) {
      return 0;
    } catch (InternalError e) {
      var _ = lose(e);
      return 0;
    }
  }

  /** Whether as many were acknowledged as were published, by the original's counters. */
  boolean isCountedOut() {
    int entries = ChunkLayout.entries(base);
    return Integer.compareUnsigned(ChunkLayout.acknowledged(base), entries) >= 0;
  }

  /** Looks at the header and returns since when it has been as it is, as seen from here. */
  synchronized long stillSince(long nowMillis) {
    int used = ChunkLayout.used(base);
    int entries = ChunkLayout.entries(base);
    int acknowledged = ChunkLayout.acknowledged(base);
    int generation = generation();
    if (used != seenUsed
        || entries != seenEntries
        || acknowledged != seenAcknowledged
        || generation != seenGeneration) {
      seenUsed = used;
      seenEntries = entries;
      seenAcknowledged = acknowledged;
      seenGeneration = generation;
      changedMillis = nowMillis;
    }
    return changedMillis;
  }

  /** Enters the words of the records into this process's page table. */
  void touchRecords() throws MappingFailedException {
    records.touch(RecordLayout.backedBytes(capacity));
  }

  /** Unmaps both files; false while some thread holds one. */
  boolean unmap() {
    boolean dataClosed = data.close();
    return records.close() && dataClosed;
  }
}
