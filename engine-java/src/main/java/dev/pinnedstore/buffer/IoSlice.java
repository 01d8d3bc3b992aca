package dev.pinnedstore.buffer;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A part of a buffer, or of any segment, for one piece of I/O: a read from a file fills it up to
 * its {@link #capacity()}, a write to a file takes its first {@link #length()} bytes. Owns nothing;
 * immutable, though the bytes are not.
 *
 * <p>Safe for threads; the memory can be used by the threads that the buffer or the segment admits.
 * Once the buffer is closed, each method that leads to memory throws {@link IllegalStateException};
 * of a foreign segment, once its arena is. {@link #length()} and {@link #capacity()} lead to none,
 * and answer always.
 *
 * <p>Cost: an object or two each, no system call.
 *
 * @param memory all of it, {@link #capacity()} bytes; what lies beyond {@link #length()} may be
 *     left over from a former use of the memory
 * @param length bytes that hold data, from 0 to the size of the memory
 * @param owner the buffer that it is a part of; null for a foreign segment
 */
public record IoSlice(MemorySegment memory, long length, @Nullable AlignedBuffer owner) {

  /**
   * Checks what it is made of. For users there is {@link #of(MemorySegment)} and {@link
   * AlignedBuffer#slice()}.
   *
   * @throws IllegalArgumentException if the length is out of its range, or the memory is not the
   *     owner's
   */
  public IoSlice {
    if (length < 0 || length > memory.byteSize()) {
      throw lengthOutOfRange(length, memory.byteSize());
    }
    if (owner != null && !owner.contains(memory)) {
      throw new IllegalArgumentException("memory=" + memory + ": must be a part of the owner's");
    }
  }

  /**
   * Returns a slice of a whole segment. Its data are all of it.
   *
   * @param memory any segment; a {@link DirectFile} takes native ones
   * @return a slice whose length and capacity are the size of the segment
   * @throws IllegalStateException if the arena of the segment is closed
   */
  public static IoSlice of(MemorySegment memory) {
    IoSlice slice = new IoSlice(memory, memory.byteSize(), null);
    slice.checkAlive();
    return slice;
  }

  /**
   * Returns the whole memory.
   *
   * @return a segment of {@link #capacity()} bytes
   * @throws IllegalStateException if the buffer or the arena is closed
   */
  @Override
  public MemorySegment memory() {
    checkAlive();
    return memory;
  }

  /**
   * Returns the data.
   *
   * @return a segment of {@link #length()} bytes
   * @throws IllegalStateException if the buffer or the arena is closed
   */
  public MemorySegment segment() {
    checkAlive();
    return length == memory.byteSize() ? memory : memory.asSlice(0, length);
  }

  /**
   * Returns how many bytes there is room for.
   *
   * @return bytes; also once the buffer or the arena is closed
   */
  public long capacity() {
    return memory.byteSize();
  }

  /**
   * Returns a part of the data.
   *
   * @param offset its first byte, from 0 to {@link #length()}
   * @param length its size in bytes, at most what is left from there
   * @return a slice of that length and capacity
   * @throws IndexOutOfBoundsException if it is not within the data
   * @throws IllegalStateException if the buffer or the arena is closed
   */
  public IoSlice slice(long offset, long length) {
    checkAlive();
    check("length", offset, length, this.length);
    return new IoSlice(memory.asSlice(offset, length), length, owner);
  }

  /**
   * Returns a part of the room, to be filled: it holds no data yet.
   *
   * @param offset its first byte, from 0 to {@link #capacity()}
   * @param capacity its size in bytes, at most what is left from there
   * @return a slice of that capacity and length 0
   * @throws IndexOutOfBoundsException if it is not within the capacity
   * @throws IllegalStateException if the buffer or the arena is closed
   */
  public IoSlice sliceCapacity(long offset, long capacity) {
    checkAlive();
    check("capacity", offset, capacity, memory.byteSize());
    return new IoSlice(memory.asSlice(offset, capacity), 0, owner);
  }

  /**
   * Returns the same room with another length, to be called when it has been filled.
   *
   * @param length bytes that hold data, from 0 to {@link #capacity()}
   * @return a slice of that length
   * @throws IllegalArgumentException if the length is out of its range
   * @throws IllegalStateException if the buffer or the arena is closed
   */
  public IoSlice withLength(long length) {
    checkAlive();
    return new IoSlice(memory, length, owner);
  }

  private void checkAlive() {
    if (owner != null) {
      owner.checkOpen();
    } else if (!memory.scope().isAlive()) {
      throw new IllegalStateException("the arena of the segment is closed");
    }
  }

  private static void check(String name, long offset, long size, long bound) {
    // No sum, which could overflow.
    if (offset < 0 || size < 0 || offset > bound || size > bound - offset) {
      throw new IndexOutOfBoundsException(
          "offset=" + offset + ", " + name + "=" + size + ": must be within 0 and " + bound);
    }
  }

  private static IllegalArgumentException lengthOutOfRange(long length, long capacity) {
    return new IllegalArgumentException(
        "length=" + length + ": must be between 0 and " + capacity + " bytes");
  }
}
