package dev.pinnedstore.os;

import dev.pinnedstore.os.NativeMemory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of buffers by native calls. What is given back goes to a {@link BlockCache} and is mapped
 * still, so taking and giving back makes no system call and takes no page fault in steady state.
 * Fresh memory is zero and not resident; only what was used before has to be zeroed.
 */
@SuppressWarnings("restricted")
final class CachedMemory implements BufferMemory {
  private static final long HUGE_PAGE_BYTES = 2L << 20;

  private final AnonymousSource source;
  private final BlockCache cache = new BlockCache();

  CachedMemory(AnonymousSource source) {
    this.source = source;
  }

  /** Returns the one of this JVM; memory of arenas where the system is not known. */
  static BufferMemory instance() {
    if (NativeTier.current() != NativeTier.GRANTED) {
      throw new IllegalStateException("native access is not granted: " + NativeTier.flag());
    }
    return Instance.MEMORY;
  }

  @Override
  public MemorySegment take(long bytes, boolean zeroed, Arena arena) throws MappingFailedException {
    long block = BlockCache.blockBytes(bytes);
    long address = cache.take(block);
    boolean used = address != BlockCache.NONE;
    if (!used) {
      address = map(block);
    }
    boolean taken = false;
    try {
      MemorySegment segment = MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
      if (used && zeroed) {
        segment.fill((byte) 0);
      }
      taken = true;
      return segment;
    } finally {
      if (!taken) {
        release(address, block);
      }
    }
  }

  private long map(long block) throws MappingFailedException {
    boolean huge = block >= HUGE_PAGE_BYTES;
    try {
      return source.memory().map(block, huge).address();
    } catch (MappingFailedException e) {
      // What nobody uses must not stand in the way.
      cache.drain(this::unmap);
      return source.memory().map(block, huge).address();
    }
  }

  @Override
  public void release(long address, long bytes) {
    long block = BlockCache.blockBytes(bytes);
    if (!cache.give(address, block)) {
      unmap(address, block);
    }
  }

  private void unmap(long address, long block) {
    source.unmap(new Region(address, block));
  }

  @Override
  public boolean outlivesArena() {
    return true;
  }

  BlockCache cache() {
    return cache;
  }

  /** Initialised only where native access is granted. */
  private static final class Instance {
    static final BufferMemory MEMORY = make();

    private static BufferMemory make() {
      NativeMemory memory = NativeMemory.current();
      return memory == null
          ? ArenaMemory.instance()
          : new CachedMemory(new AnonymousSource(memory));
    }
  }
}
