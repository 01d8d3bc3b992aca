package dev.pinnedstore.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The memory of one page. Safe for threads. Whoever mapped it closes it, after the arenas of all
 * its aliases.
 *
 * <p><b>An alias must not outlive its mapping.</b> With native access an alias is a bare address:
 * once the mapping is closed it would touch unmapped memory, or somebody else's. Nothing here
 * checks that; the caller closes the arenas of views and windows first, and lets none be made while
 * it closes.
 */
public interface Mapping {

  /**
   * Returns the whole memory, data part and extra part, in a shared arena of its own.
   *
   * @return a writable segment, always the same one; an access throws {@code IllegalStateException}
   *     once {@link #close()} has answered true
   */
  MemorySegment base();

  /**
   * Returns a read-only alias of the data part, at an address that is its own.
   *
   * <p>Cost: granted, one object. Denied, a mapping of its own: some 20 µs, and its pages fault in
   * anew.
   *
   * @param arena how long the alias lives
   * @return the alias
   * @throws IllegalStateException if the mapping or the arena is closed
   * @throws AliasFailedException if the operating system refuses, without native access only
   * @throws WrongThreadException if the arena is confined to another thread, without native access
   *     only
   */
  MemorySegment view(Arena arena);

  /**
   * Returns a writable alias of a range, at an address that is its own. Costs and fails as {@link
   * #view}.
   *
   * @param offset first byte of the range, counted from the start of {@link #base()}
   * @param bytes size of the range in bytes, 0 or more
   * @param arena how long the alias lives
   * @return the alias
   * @throws IndexOutOfBoundsException if the range is not inside {@link #base()}
   * @throws IllegalStateException if the mapping or the arena is closed
   * @throws AliasFailedException if the operating system refuses, without native access only
   * @throws WrongThreadException if the arena is confined to another thread, without native access
   *     only
   */
  MemorySegment window(long offset, long bytes, Arena arena);

  /**
   * Makes all of {@link #base()} resident, so that a first write to it faults no more. Never
   * changes a byte, and may run beside readers and writers, though it is meant for a page that is
   * not in use yet. Not for virtual threads: it holds the carrier until all pages are there.
   *
   * <p>Cost: granted, one system call, some 0.4 ms a MiB or a tenth of that with huge pages.
   * Denied, a system call and a read of every 4096th byte.
   *
   * @throws MappingFailedException if there is not memory enough
   * @throws IllegalStateException if the mapping is closed
   */
  void touch() throws MappingFailedException;

  /**
   * Returns the address of {@link #base()}.
   *
   * @return the address, also once the mapping is closed
   */
  long address();

  /**
   * Returns the size of the data part.
   *
   * @return bytes
   */
  long dataBytes();

  /**
   * Closes the arena of {@link #base()} and gives the memory back. Costs a handshake with all
   * threads of the JVM, 20 µs to some ms: not for a reader's or a writer's path.
   *
   * @return true once it is closed, also when it was before; false if some thread holds the arena
   *     right now, in a native call or in I/O on a buffer of it: nothing has happened, try again
   *     later
   */
  boolean close();
}
