package dev.pinnedstore.os;

import dev.pinnedstore.os.NativeMemory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A page of anonymous memory. Its aliases are the same addresses under another arena. */
@SuppressWarnings("restricted")
final class AnonymousMapping implements Mapping {
  private final AnonymousSource source;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment base;
  private final Extent extent;

  AnonymousMapping(AnonymousSource source, Region region, Extent extent) {
    this.source = source;
    this.extent = extent;
    this.base =
        MemorySegment.ofAddress(region.address())
            .reinterpret(extent.totalBytes(), arena, _ -> source.unmap(region));
  }

  @Override
  public MemorySegment base() {
    return base;
  }

  @Override
  public MemorySegment view(Arena lifetime) {
    return alias(0, extent.dataBytes(), lifetime).asReadOnly();
  }

  @Override
  public MemorySegment window(long offset, long bytes, Arena lifetime) {
    return alias(offset, bytes, lifetime);
  }

  private MemorySegment alias(long offset, long bytes, Arena lifetime) {
    Arenas.checkAlive(arena, lifetime);
    return base.asSlice(offset, bytes).reinterpret(lifetime, null);
  }

  @Override
  public void touch() throws MappingFailedException {
    source.memory().populate(base);
  }

  @Override
  public long address() {
    return base.address();
  }

  @Override
  public long dataBytes() {
    return extent.dataBytes();
  }

  @Override
  public boolean close() {
    return Arenas.close(arena);
  }
}
