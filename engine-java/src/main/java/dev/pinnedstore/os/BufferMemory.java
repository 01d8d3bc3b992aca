package dev.pinnedstore.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of aligned buffers, at addresses that are multiples of 4096. Safe for threads; holds
 * nothing that must be closed.
 */
public interface BufferMemory {
  /** The largest request in bytes; more than any processor addresses. */
  long MAX_BYTES = 1L << 61;

  /**
   * Returns the memory of a tier.
   *
   * <ul>
   *   <li>{@link NativeTier#GRANTED}: mappings of the system, kept in a {@link BlockCache} when
   *       they are given back.
   *   <li>{@link NativeTier#DENIED}: memory of the arena that it is taken for, gone with it.
   * </ul>
   *
   * @param tier the tier
   * @return its memory, always the same object
   * @throws IllegalStateException for {@link NativeTier#GRANTED} where native access is not granted
   */
  static BufferMemory forTier(NativeTier tier) {
    return switch (tier) {
      case GRANTED -> CachedMemory.instance();
      case DENIED -> ArenaMemory.instance();
    };
  }

  /**
   * Takes memory for as long as an arena lives. Where {@link #outlivesArena()} holds, the caller
   * gives it back with {@link #release} once the arena is closed, and not before.
   *
   * @param bytes size in bytes, a multiple of 4096 from 4096 to {@link #MAX_BYTES}
   * @param zeroed whether all bytes must be zero; without it they may be what a former user left
   * @param arena how long the segment lives
   * @return a writable segment of that size
   * @throws MappingFailedException if the operating system refuses; nothing is taken then
   */
  MemorySegment take(long bytes, boolean zeroed, Arena arena) throws MappingFailedException;

  /**
   * Gives memory back that nobody can reach any more.
   *
   * @param address where it begins
   * @param bytes the size that it was taken with
   */
  void release(long address, long bytes);

  /**
   * Says whether memory is still there when its arena is closed, and many may share an arena.
   *
   * @return false where closing the arena frees it
   */
  boolean outlivesArena();
}
