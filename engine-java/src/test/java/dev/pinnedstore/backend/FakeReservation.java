package dev.pinnedstore.backend;

import dev.pinnedstore.os.MappingFailedException;
import dev.pinnedstore.os.Reservation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A range that knows which of its parts hold memory, and its aliases. A part that is decommitted is
 * overwritten, not zeroed, so that a test sees who still reads it.
 */
final class FakeReservation implements Reservation {
  /** What memory holds that was not committed, or not any more. */
  static final byte GONE = (byte) 0xDD;

  private static final long ALIGNMENT = 2L << 20;

  private final FakeSource source;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment base;
  private final NavigableMap<Long, Long> committed = new TreeMap<>();
  private final List<Alias> aliases = new ArrayList<>();
  private int refusals;
  private boolean held;
  private boolean closed;
  private boolean outlived;

  FakeReservation(FakeSource source, long bytes) {
    this.source = source;
    this.base = arena.allocate(bytes, ALIGNMENT).fill(GONE);
  }

  /** Refuses the next commits. */
  synchronized void refuse(int times) {
    refusals = times;
  }

  /** Makes {@link #close} answer false, as if a thread were in a system call on the memory. */
  synchronized void hold(boolean hold) {
    held = hold;
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /** Whether memory went while a view or a window of it could still be accessed. */
  synchronized boolean wasOutlived() {
    return outlived;
  }

  /** Bytes that are committed now. */
  synchronized long committedBytes() {
    return committed.values().stream().mapToLong(Long::longValue).sum();
  }

  @Override
  public void commit(long offset, long bytes) throws MappingFailedException {
    source.askedFor();
    synchronized (this) {
      checkOpen();
      if (isCommitted(offset, bytes)) {
        throw new AssertionError("committed twice: offset=" + offset + ", bytes=" + bytes);
      }
      if (refusals > 0) {
        refusals--;
        throw FakeSource.refusal("commit");
      }
      base.asSlice(offset, bytes).fill((byte) 0);
      committed.put(offset, bytes);
    }
  }

  @Override
  public synchronized void decommit(long offset, long bytes) {
    checkOpen();
    if (!Long.valueOf(bytes).equals(committed.remove(offset))) {
      throw new AssertionError("not committed: offset=" + offset + ", bytes=" + bytes);
    }
    outlived |= hasAlias(offset, bytes);
    base.asSlice(offset, bytes).fill(GONE);
  }

  @Override
  public MemorySegment view(long offset, long bytes, Arena lifetime) {
    return window(offset, bytes, lifetime).asReadOnly();
  }

  @Override
  public synchronized MemorySegment window(long offset, long bytes, Arena lifetime) {
    if (!lifetime.scope().isAlive()) {
      throw new IllegalStateException("the arena of the alias is closed");
    }
    checkOpen();
    aliases.removeIf(alias -> !alias.arena.scope().isAlive());
    aliases.add(new Alias(offset, bytes, lifetime));
    return base.asSlice(offset, bytes).reinterpret(lifetime, null);
  }

  @Override
  public MemorySegment base() {
    return base;
  }

  @Override
  public long address() {
    return base.address();
  }

  @Override
  public long unitBytes() {
    return 4096;
  }

  @Override
  public long bytes() {
    return base.byteSize();
  }

  @Override
  public synchronized boolean close() {
    if (held) {
      return false;
    }
    if (!closed) {
      closed = true;
      committed.clear();
      if (hasAlias(0, bytes())) {
        outlived = true;
        base.fill(GONE);
      } else {
        arena.close();
      }
    }
    return true;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the reservation is closed");
    }
  }

  private boolean isCommitted(long offset, long bytes) {
    NavigableMap<Long, Long> below = committed.headMap(offset + bytes, false);
    return !below.isEmpty() && below.lastKey() + below.lastEntry().getValue() > offset;
  }

  private boolean hasAlias(long offset, long bytes) {
    return aliases.stream()
        .anyMatch(
            alias ->
                alias.arena.scope().isAlive()
                    && alias.offset < offset + bytes
                    && offset < alias.offset + alias.bytes);
  }

  private record Alias(long offset, long bytes, Arena arena) {}
}
