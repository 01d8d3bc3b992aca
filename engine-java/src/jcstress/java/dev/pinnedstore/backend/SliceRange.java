package dev.pinnedstore.backend;

import dev.pinnedstore.os.Mapping;
import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.MemorySource;
import dev.pinnedstore.os.NativeTier;
import dev.pinnedstore.os.Reservation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Reserved ranges of four small pages, and of their tables, in two mappings for all states; {@link
 * SliceSource} tells why. What is decommitted is overwritten, as its next user would.
 */
final class SliceRange implements Reservation {
  private static final int PAGES = 4;
  private static final int RANGES = 1 << 14;
  private static final long DATA_BYTES = PAGES * SmallStore.PAGE;

  /** Commits are in multiples of this, so a table, which is smaller, takes as much. */
  private static final long UNIT_BYTES = 64;

  private static final long TABLE_BYTES =
      SmallStore.PAGE / EntryLayout.GRANULE_BYTES * EntryLayout.ENTRY_BYTES;

  /** What a range of tables spans, of which its pages use the beginning. */
  private static final long TABLE_RANGE_BYTES = 2L << 20;

  private static final Mapping DATA = map(RANGES * DATA_BYTES);
  private static final Mapping TABLES = map(RANGES * PAGES * UNIT_BYTES + TABLE_RANGE_BYTES);
  private static final AtomicInteger NEXT_DATA = new AtomicInteger();
  private static final AtomicInteger NEXT_TABLES = new AtomicInteger();

  private final Mapping memory;
  private final long start;
  private final long usedBytes;
  private final MemorySegment base;

  private SliceRange(Mapping memory, long start, long bytes, long usedBytes) {
    this.memory = memory;
    this.start = start;
    this.usedBytes = usedBytes;
    this.base = memory.base().asSlice(start, bytes);
  }

  static SliceRange of(long bytes) {
    if (bytes == DATA_BYTES) {
      long start = (NEXT_DATA.getAndIncrement() & RANGES - 1) * DATA_BYTES;
      return new SliceRange(DATA, start, bytes, SmallStore.PAGE);
    }
    if (bytes != TABLE_RANGE_BYTES) {
      throw new IllegalArgumentException("bytes=" + bytes);
    }
    long start = (NEXT_TABLES.getAndIncrement() & RANGES - 1) * PAGES * UNIT_BYTES;
    return new SliceRange(TABLES, start, bytes, TABLE_BYTES);
  }

  private static Mapping map(long bytes) {
    try {
      return MemorySource.forTier(NativeTier.current()).map(bytes, 0, false);
    } catch (MappingFailedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public MemorySegment base() {
    return base;
  }

  @Override
  public void commit(long offset, long bytes) {
    base.asSlice(offset, usedBytes).fill((byte) 0);
  }

  @Override
  public void decommit(long offset, long bytes) {
    base.asSlice(offset, usedBytes).fill(SliceSource.GONE);
  }

  @Override
  public MemorySegment view(long offset, long bytes, Arena arena) {
    return window(offset, bytes, arena).asReadOnly();
  }

  @Override
  public MemorySegment window(long offset, long bytes, Arena arena) {
    return memory.window(start + offset, bytes, arena);
  }

  @Override
  public long address() {
    return base.address();
  }

  @Override
  public long unitBytes() {
    return UNIT_BYTES;
  }

  @Override
  public long bytes() {
    return base.byteSize();
  }

  @Override
  public boolean close() {
    return true;
  }
}
