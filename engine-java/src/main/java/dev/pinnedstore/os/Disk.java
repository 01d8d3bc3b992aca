package dev.pinnedstore.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A file behind mappings, reduced to what a crash can tell apart: writes that may or may not have
 * reached the medium, and syncs after which they have. Tests put a simulated one in its place.
 *
 * <p>Safe for threads, except that {@link #resize} and {@link #close} must not run beside others.
 */
public interface Disk {

  /**
   * Returns the length of the file.
   *
   * @return bytes
   * @throws IOException if the system refuses
   */
  long size() throws IOException;

  /**
   * Maps a range for as long as an arena lives, and makes a writable file at least that long.
   * Nothing may be written there before it was allocated: a write that finds no space kills.
   *
   * @param position first byte, a multiple of 4096
   * @param bytes size in bytes
   * @param arena how long the mapping lives
   * @return the mapping, always at the same address
   * @throws MappingFailedException if the system has no addresses left for it
   * @throws IOException if the file cannot be made so long
   */
  MemorySegment map(long position, long bytes, Arena arena)
      throws IOException, MappingFailedException;

  /**
   * Returns the bytes of a segment once more, for as long as an arena lives. With native access one
   * object, a mapping of its own without.
   *
   * @param segment part of a mapping
   * @param position where it begins in the file
   * @param arena how long the alias lives
   * @return the alias
   * @throws MappingFailedException if the system has no addresses left for it
   * @throws IOException if the system refuses
   */
  MemorySegment alias(MemorySegment segment, long position, Arena arena)
      throws IOException, MappingFailedException;

  /**
   * Takes space for a range in which nothing was written yet; it may be written with zeros.
   *
   * @param position first byte
   * @param bytes size in bytes
   * @throws MappingFailedException if the file system is full
   */
  void allocate(long position, long bytes) throws MappingFailedException;

  /**
   * Takes space for a range of which parts may have been written; their bytes stay.
   *
   * @param position first byte
   * @param bytes size in bytes
   * @throws MappingFailedException if the file system is full
   */
  void fillHoles(long position, long bytes) throws MappingFailedException;

  /**
   * Writes into a mapping. Others who map the file see the bytes at once; a crash keeps each sector
   * of 512 bytes or loses it, in no order, until the next {@link #sync}.
   *
   * @param mapping what {@link #map} returned
   * @param offset where to write, counted from the start of the mapping
   * @param source the bytes
   * @param bytes how many of them
   */
  void write(MemorySegment mapping, long offset, byte[] source, int bytes);

  /**
   * Waits until a range of a mapping is on the medium, however it was written. One system call.
   *
   * @param mapping what {@link #map} returned
   * @param offset first byte, counted from the start of the mapping
   * @param bytes size in bytes
   * @throws IOException if the medium fails; what was written since the last sync may be lost then,
   *     even if a later sync succeeds
   */
  void sync(MemorySegment mapping, long offset, long bytes) throws IOException;

  /**
   * Gives the space of a range back, where the system can; the range reads as zeros then, or as
   * before.
   *
   * @param position first byte
   * @param bytes size in bytes
   */
  void discard(long position, long bytes);

  /**
   * Cuts or extends the file. Whoever touches a mapping of what was cut off gets an error that can
   * kill the JVM.
   *
   * @param bytes the new length
   * @throws IOException if the system refuses
   */
  void resize(long bytes) throws IOException;

  /**
   * Closes the file; mappings stay.
   *
   * @throws IOException if the system refuses
   */
  void close() throws IOException;
}
