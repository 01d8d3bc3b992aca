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
 * Pages that are slices of one mapping, so that millions of states cost no system call. Slices are
 * handed out in a ring, which is longer than there are states at a time. Closing one overwrites it,
 * as its next user would: a reader that is let in too long sees that.
 */
class SliceSource implements MemorySource {
  /** What closed memory holds. */
  static final byte GONE = (byte) 0xDD;

  private static final long SLICE_BYTES = 320;
  private static final int SLICES = 1 << 16;
  private static final Mapping MEMORY = map();
  private static final AtomicInteger NEXT = new AtomicInteger();

  @Override
  public Mapping map(long dataBytes, long extraBytes, boolean hugePages) {
    long bytes = dataBytes + extraBytes;
    if (bytes > SLICE_BYTES) {
      throw new IllegalArgumentException("bytes=" + bytes + ": at most " + SLICE_BYTES);
    }
    long offset = (NEXT.getAndIncrement() & SLICES - 1) * SLICE_BYTES;
    return new Slice(MEMORY.base().asSlice(offset, bytes).fill((byte) 0), offset, dataBytes);
  }

  @Override
  public Reservation reserve(long bytes) {
    return SliceRange.of(bytes);
  }

  private static Mapping map() {
    try {
      return MemorySource.forTier(NativeTier.current()).map(SLICES * SLICE_BYTES, 0, false);
    } catch (MappingFailedException e) {
      throw new IllegalStateException(e);
    }
  }

  private record Slice(MemorySegment base, long offset, long dataBytes) implements Mapping {
    @Override
    public MemorySegment view(Arena arena) {
      return window(0, dataBytes, arena).asReadOnly();
    }

    @Override
    public MemorySegment window(long at, long bytes, Arena arena) {
      return MEMORY.window(offset + at, bytes, arena);
    }

    @Override
    public void touch() {}

    @Override
    public long address() {
      return base.address();
    }

    @Override
    public boolean close() {
      base.fill(GONE);
      return true;
    }
  }
}
