package dev.pinnedstore.backend;

import dev.pinnedstore.os.Mapping;
import dev.pinnedstore.os.MappingFailedException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A mapping that knows its aliases. One that is closed while an alias lives keeps its memory and
 * overwrites it, so that a test sees that instead of crashing.
 */
final class FakeMapping implements Mapping {
  private static final long ALIGNMENT = 4096;
  private static final byte GONE = (byte) 0xDD;

  private final FakeSource source;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment base;
  private final long dataBytes;
  private final List<Arena> aliases = new CopyOnWriteArrayList<>();
  private volatile boolean held;
  private volatile boolean closed;
  private volatile boolean outlived;

  FakeMapping(FakeSource source, long dataBytes, long extraBytes) {
    this.source = source;
    this.dataBytes = dataBytes;
    this.base = arena.allocate(dataBytes + extraBytes, ALIGNMENT);
  }

  /** Makes {@link #close} answer false, as if a thread were in a system call on the memory. */
  void hold(boolean hold) {
    held = hold;
  }

  boolean isClosed() {
    return closed;
  }

  boolean wasOutlived() {
    return outlived;
  }

  @Override
  public MemorySegment base() {
    return base;
  }

  @Override
  public MemorySegment view(Arena lifetime) {
    return window(0, dataBytes, lifetime).asReadOnly();
  }

  @Override
  public MemorySegment window(long offset, long bytes, Arena lifetime) {
    if (closed || !lifetime.scope().isAlive()) {
      throw new IllegalStateException("the mapping or the arena of the alias is closed");
    }
    aliases.add(lifetime);
    return base.asSlice(offset, bytes).reinterpret(lifetime, null);
  }

  @Override
  public void touch() throws MappingFailedException {
    source.touched();
  }

  @Override
  public long address() {
    return base.address();
  }

  @Override
  public long dataBytes() {
    return dataBytes;
  }

  @Override
  public synchronized boolean close() {
    if (held) {
      return false;
    }
    if (!closed) {
      closed = true;
      outlived = aliases.stream().anyMatch(alias -> alias.scope().isAlive());
      if (outlived) {
        base.fill(GONE);
      } else {
        arena.close();
      }
    }
    return true;
  }
}
