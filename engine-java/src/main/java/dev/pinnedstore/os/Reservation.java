package dev.pinnedstore.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One range of addresses that never moves, with memory behind the parts that are committed. Safe
 * for threads, as long as calls that run at the same time name ranges that do not overlap. Whoever
 * reserved it closes it, after the arenas of all its aliases.
 *
 * <p>Everything below the end of the highest commit so far can be read and written, and stays so:
 * what is decommitted there, or was passed over, reads as zeros. <b>Above it the JVM ends</b> at
 * the first access, as it does at an alias that outlives its reservation. Nothing here checks
 * either. Commit from the low end upwards, then an old alias is always safe, and the mappings of
 * the process, which Linux limits, stay three however many commits there are.
 *
 * <p>Memory is not promised by a reservation. On Linux it is promised by no commit either (unless
 * {@code vm.overcommit_memory} is 2): there a commit is refused by RLIMIT_DATA, or by a kernel that
 * has no page left, and a process beyond the limit of its container is killed. Stay below {@link
 * Machine#memoryLimitBytes()}. Where commits do count (RLIMIT_DATA, {@code vm.overcommit_memory}=2,
 * Windows), what counts is the end of the highest one, and decommitting gives none of it back.
 */
public interface Reservation {

  /**
   * Returns the whole range, in a shared arena of its own.
   *
   * @return a writable segment, always the same one; an access throws {@code IllegalStateException}
   *     once {@link #close()} has answered true
   */
  MemorySegment base();

  /**
   * Puts memory behind a range: readable, writable, and resident, so that a first write faults no
   * more. All zeros when it returns; what the range held is lost. If it fails the range is as
   * {@link #decommit} leaves it.
   *
   * <p>Huge pages are asked for under memory that a commit is the first to reach with an offset and
   * a size that are multiples of 2 MiB; memory keeps that advice. A wish, as for {@link
   * MemorySource#map}. A store does best with one or the other: each change costs a mapping.
   *
   * <p>Cost: two system calls, two more above the highest commit so far; some 0.4 ms a MiB, or a
   * tenth of that with huge pages. Not for virtual threads: it holds the carrier. On macOS and
   * Windows zeros are written.
   *
   * @param offset first byte of the range, counted from the start of {@link #base()}: a multiple of
   *     4096, or of the system's page where that is larger
   * @param bytes size of the range in bytes, a multiple of the same, more than 0
   * @throws MappingFailedException if the operating system refuses
   * @throws IllegalArgumentException if the range is not inside {@link #base()}, or no multiple
   * @throws IllegalStateException if the reservation is closed
   */
  void commit(long offset, long bytes) throws MappingFailedException;

  /**
   * Gives the memory behind a range back and keeps its addresses. What was readable and writable
   * stays so and reads as zeros, through old aliases too. A late write through one takes memory
   * again until the range is committed or decommitted once more.
   *
   * <p>Cost: one system call, 2 ms a GiB of huge pages and 120 ms a GiB of small ones. A huge page
   * goes back as a whole only: use units of 2 MiB. Locked memory, which Linux does not take back,
   * is zeroed and stays. On macOS and Windows zeros are written first, and the system takes the
   * pages when it needs them.
   *
   * @param offset first byte of the range, as for {@link #commit}
   * @param bytes size of the range in bytes, as for {@link #commit}
   * @throws IllegalArgumentException if the range is not inside {@link #base()}, or no multiple
   * @throws IllegalStateException if the reservation is closed
   */
  void decommit(long offset, long bytes);

  /**
   * Returns a read-only alias of a range, at the same addresses. Costs one object. The range need
   * not be committed, but then nobody may touch it.
   *
   * @param offset first byte of the range, counted from the start of {@link #base()}
   * @param bytes size of the range in bytes, 0 or more
   * @param arena how long the alias lives
   * @return the alias
   * @throws IndexOutOfBoundsException if the range is not inside {@link #base()}
   * @throws IllegalStateException if the reservation or the arena is closed
   */
  MemorySegment view(long offset, long bytes, Arena arena);

  /**
   * Returns a writable alias of a range, at the same addresses. Costs and fails as {@link #view}.
   *
   * @param offset first byte of the range, counted from the start of {@link #base()}
   * @param bytes size of the range in bytes, 0 or more
   * @param arena how long the alias lives
   * @return the alias
   * @throws IndexOutOfBoundsException if the range is not inside {@link #base()}
   * @throws IllegalStateException if the reservation or the arena is closed
   */
  MemorySegment window(long offset, long bytes, Arena arena);

  /**
   * Returns the address of {@link #base()}, a multiple of 2 MiB.
   *
   * @return the address, also once the reservation is closed
   */
  long address();

  /**
   * Returns what offsets and sizes of commits are multiples of.
   *
   * @return bytes: 4096, or the system's page where that is larger
   */
  long unitBytes();

  /**
   * Returns the size of {@link #base()}.
   *
   * @return bytes
   */
  long bytes();

  /**
   * Closes the arena of {@link #base()} and gives memory and addresses back. Costs a handshake with
   * all threads of the JVM, 20 µs to some ms, and what {@link #decommit} costs for all of it.
   *
   * @return true once it is closed, also when it was before; false if some thread holds the arena
   *     right now, in a commit, a decommit, another native call or I/O on a buffer of it: nothing
   *     has happened, try again later
   */
  boolean close();
}
