package dev.pinnedstore.os;

import dev.pinnedstore.os.NativeMemory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A range of anonymous memory, open (readable and writable) from its start to a mark that only
 * rises. Being one piece, the open part is one mapping in whatever order it is committed: two
 * pieces that were touched apart would never become one again.
 */
@SuppressWarnings("restricted")
final class AnonymousReservation implements Reservation {
  /** The largest page that is asked for. */
  static final long HUGE_PAGE_BYTES = 2L << 20;

  /** Half of what most processors let a process address. */
  static final long MAX_BYTES = 1L << 46;

  private final AddressSpace space;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment base;

  /** What lies below is open, and was asked to be huge as {@link #openHuge} says at its end. */
  private volatile long openBytes;

  /** Guarded by this object, as are changes of {@link #openBytes}. */
  private boolean openHuge;

  private AnonymousReservation(
      AnonymousSource source, AddressSpace space, Region region, long bytes) {
    this.space = space;
    long start = (region.address() + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
    this.base = MemorySegment.ofAddress(start).reinterpret(bytes, arena, _ -> source.unmap(region));
  }

  /**
   * Takes a huge page more than is asked for, to begin at a multiple of one. What is left over
   * before and behind stays reserved until the end.
   */
  static Reservation reserve(AnonymousSource source, AddressSpace space, long bytes)
      throws MappingFailedException {
    checkMultiple("bytes", bytes, HUGE_PAGE_BYTES, HUGE_PAGE_BYTES, MAX_BYTES);
    return new AnonymousReservation(source, space, space.reserve(bytes, HUGE_PAGE_BYTES), bytes);
  }

  @Override
  public MemorySegment base() {
    return base;
  }

  @Override
  public void commit(long offset, long bytes) throws MappingFailedException {
    MemorySegment part = part(offset, bytes);
    open(offset + bytes, (offset | bytes) % HUGE_PAGE_BYTES == 0);
    boolean done = false;
    try {
      space.populate(part);
      done = true;
    } finally {
      if (!done) {
        // Still open: another commit may have relied on that meanwhile.
        space.discard(part);
      }
    }
  }

  private synchronized void open(long end, boolean huge) throws MappingFailedException {
    long start = openBytes;
    if (end <= start) {
      return;
    }
    if (start > 0 && huge != openHuge) {
      MappingBudget.ofThisProcess().take();
    }
    space.open(base.asSlice(start, end - start), huge);
    openHuge = huge;
    openBytes = end;
  }

  @Override
  public void decommit(long offset, long bytes) {
    MemorySegment part = part(offset, bytes);
    // What was never open holds nothing, and cannot be zeroed.
    long open = Math.min(bytes, openBytes - offset);
    if (open > 0) {
      space.discard(part.asSlice(0, open));
    }
  }

  private MemorySegment part(long offset, long bytes) {
    long page = space.pageBytes();
    long size = base.byteSize();
    checkMultiple("offset", offset, page, 0, size - page);
    checkMultiple("bytes", bytes, page, page, size - offset);
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException("the reservation is closed");
    }
    return base.asSlice(offset, bytes);
  }

  private static void checkMultiple(String name, long value, long unit, long least, long most) {
    if (value < least || value > most || value % unit != 0) {
      throw new IllegalArgumentException(
          String.format(
              "%s=%d: must be a multiple of %d between %d and %d bytes",
              name, value, unit, least, most));
    }
  }

  @Override
  public MemorySegment view(long offset, long bytes, Arena lifetime) {
    return window(offset, bytes, lifetime).asReadOnly();
  }

  @Override
  public MemorySegment window(long offset, long bytes, Arena lifetime) {
    Arenas.checkAlive(arena, lifetime);
    return base.asSlice(offset, bytes).reinterpret(lifetime, null);
  }

  @Override
  public long address() {
    return base.address();
  }

  @Override
  public long unitBytes() {
    return Math.max(4096, space.pageBytes());
  }

  @Override
  public long bytes() {
    return base.byteSize();
  }

  @Override
  public boolean close() {
    return Arenas.close(arena);
  }
}
