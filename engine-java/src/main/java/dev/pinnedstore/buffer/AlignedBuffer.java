package dev.pinnedstore.buffer;

import dev.pinnedstore.os.BufferMemory;
import dev.pinnedstore.os.MappingFailedException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Memory outside the heap for direct I/O: it begins at a multiple of {@link #ALIGNMENT}, has a
 * fixed {@link #capacity()}, a multiple of it too, and holds {@link #length()} bytes of data.
 *
 * <p><b>Threads.</b> A confined buffer ({@link #page()}, {@link #zeroed}, {@link #withCapacity})
 * belongs to the thread that made it; others get {@link WrongThreadException}, and asynchronous I/O
 * refuses it. A {@link #shared} one is for all threads: {@link #extend}, {@link #clear}, {@link
 * #truncate} and {@link #setLength} are atomic to each other, and the bytes are as racy as those of
 * any segment.
 *
 * <p><b>Closing.</b> Whoever made it closes it; nothing else frees it. Every later use, of the
 * buffer, of its slices and of its segments, throws {@link IllegalStateException}. One exception: a
 * <em>segment</em> of a shared buffer, taken before, may go on showing the buffer's old bytes until
 * other buffers of about the same age are closed too. Memory serves another buffer only once every
 * segment of the former one refuses, and no operation of a {@link DirectFile} is under way in it.
 * (Java itself lets a compiled loop that is reading a segment of a shared buffer at the very moment
 * at which its Arena closes read on for a while, JDK-8364167. With native access it then mostly
 * sees memory that is kept for reuse, and may see the next user's bytes. Close a shared buffer when
 * its readers are done.)
 *
 * <p><b>Cost.</b> With native access, small buffers that come and go make no system call and no
 * page fault: 48 MiB of freed memory are kept at most, and 224 KiB more for each processor (up to
 * 64, so 62 MiB in all), in blocks of up to 4 MiB, rounded up to a power of two. Fresh memory is
 * zero and takes no room until it is touched. Without native access {@link #page()} takes and frees
 * memory of the JVM's allocator, which zeroes it; from 1 MiB on memory is mapped, and again takes
 * no room until it is touched.
 *
 * <p>Closing a shared buffer costs 20 µs to some ms for one in 1 MiB of small ones, for every one
 * of more than 512 KiB, and for every one without native access. The memory of closed small ones
 * waits for the rest of their 1 MiB: a shared buffer that lives keeps at most that much waiting.
 * While more than 16 MiB wait, it is 64 KiB instead, and 32 instead of 512.
 */
public final class AlignedBuffer implements AutoCloseable {
  /** Bytes of a page. */
  public static final int PAGE_SIZE = 4096;

  /** What addresses and capacities are multiples of, in bytes. */
  public static final int ALIGNMENT = 4096;

  /** In {@link #state}: closed. The other bits count operations that hold a shared buffer. */
  private static final int CLOSED = 1 << 31;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(AlignedBuffer.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final BufferPlace place;

  /** All of it, in {@link #arena}. */
  private final MemorySegment memory;

  /** The buffer's own of a confined buffer, the group's of a shared one. */
  private final Arena arena;

  /** Null of a confined buffer. */
  private final @Nullable SharedGroup group;

  /** The id of the thread that made a confined buffer; 0, which is no thread's, of a shared one. */
  private final long threadId;

  /** Changed under the lock of a shared buffer. */
  private volatile long length;

  /** Plain in a confined buffer, which one thread changes. */
  private int state;

  private AlignedBuffer(
      BufferPlace place,
      MemorySegment memory,
      Arena arena,
      @Nullable SharedGroup group,
      long length) {
    this.place = place;
    this.memory = memory;
    this.arena = arena;
    this.group = group;
    this.threadId = group == null ? Thread.currentThread().threadId() : 0;
    this.length = length;
  }

  /**
   * Returns a page of zeros, confined to this thread: length and capacity are {@link #PAGE_SIZE}.
   *
   * @return the buffer, which the caller closes
   * @throws AllocationFailedException if the operating system gives no memory
   */
  public static AlignedBuffer page() {
    return confined(BufferPlace.current(), PAGE_SIZE, PAGE_SIZE, true);
  }

  /**
   * Returns zeros, confined to this thread.
   *
   * @param length bytes, 0 to 2^61; the capacity is the next multiple of {@link #ALIGNMENT}, and
   *     one at least
   * @return the buffer, which the caller closes
   * @throws IllegalArgumentException if the length is out of its range
   * @throws AllocationFailedException if the operating system gives no memory
   */
  public static AlignedBuffer zeroed(long length) {
    return confined(BufferPlace.current(), length, capacityFor("length", length), true);
  }

  /**
   * Returns an empty buffer, confined to this thread. What lies beyond its length may be left over
   * from a buffer that is closed, so it is not shown: {@link #extend} it, or fill a slice of it and
   * set the length.
   *
   * @param capacity bytes, 0 to 2^61, rounded up to a multiple of {@link #ALIGNMENT}, and to one at
   *     least
   * @return the buffer, of length 0, which the caller closes
   * @throws IllegalArgumentException if the capacity is out of its range
   * @throws AllocationFailedException if the operating system gives no memory
   */
  public static AlignedBuffer withCapacity(long capacity) {
    return confined(BufferPlace.current(), 0, capacityFor("capacity", capacity), false);
  }

  /**
   * Returns zeros, for all threads.
   *
   * @param length bytes, 0 to 2^61; the capacity is the next multiple of {@link #ALIGNMENT}, and
   *     one at least
   * @return the buffer, which some thread closes
   * @throws IllegalArgumentException if the length is out of its range
   * @throws AllocationFailedException if the operating system gives no memory
   */
  public static AlignedBuffer shared(long length) {
    return shared(BufferPlace.current(), length, capacityFor("length", length), true);
  }

  static AlignedBuffer confined(BufferPlace place, long length, long capacity, boolean zeroed) {
    Arena arena = Arena.ofConfined();
    MemorySegment memory = null;
    AlignedBuffer buffer = null;
    try {
      memory = place.memory().take(capacity, zeroed, arena);
      buffer = new AlignedBuffer(place, memory, arena, null, length);
      return buffer;
    } catch (MappingFailedException e) {
      throw new AllocationFailedException(capacity, e);
    } finally {
      if (buffer == null) {
        arena.close();
        if (memory != null) {
          place.memory().release(memory.address(), capacity);
        }
      }
    }
  }

  static AlignedBuffer shared(BufferPlace place, long length, long capacity, boolean zeroed) {
    SharedGroup group = place.groups().join(capacity);
    MemorySegment memory = null;
    AlignedBuffer buffer = null;
    try {
      memory = place.memory().take(capacity, zeroed, group.arena);
      buffer = new AlignedBuffer(place, memory, group.arena, group, length);
      return buffer;
    } catch (MappingFailedException e) {
      throw new AllocationFailedException(capacity, e);
    } finally {
      if (memory == null) {
        place.groups().leave(group, capacity);
      } else if (buffer == null) {
        place.groups().retire(group, memory.address(), capacity);
      }
    }
  }

  static long capacityFor(String name, long bytes) {
    if (bytes < 0 || bytes > BufferMemory.MAX_BYTES) {
      throw new IllegalArgumentException(
          name + "=" + bytes + ": must be between 0 and " + BufferMemory.MAX_BYTES + " bytes");
    }
    return Math.max((bytes + ALIGNMENT - 1) & -ALIGNMENT, PAGE_SIZE);
  }

  /**
   * Returns the bytes of data.
   *
   * @return bytes, 0 to {@link #capacity()}
   * @throws IllegalStateException if the buffer is closed
   */
  public long length() {
    checkOpen();
    return length;
  }

  /**
   * Returns the bytes of memory.
   *
   * @return bytes, a multiple of {@link #ALIGNMENT}; also once the buffer is closed
   */
  public long capacity() {
    return memory.byteSize();
  }

  /**
   * Appends a copy of an array.
   *
   * @param bytes what to append; at most what is left of the capacity
   * @throws IllegalArgumentException if it does not fit; nothing is appended then
   * @throws IllegalStateException if the buffer is closed
   */
  public void extend(byte[] bytes) {
    extend(MemorySegment.ofArray(bytes));
  }

  /**
   * Appends a copy of a segment.
   *
   * @param bytes what to append; at most what is left of the capacity
   * @throws IllegalArgumentException if it does not fit; nothing is appended then
   * @throws IllegalStateException if the buffer, or the arena of the segment, is closed
   */
  public void extend(MemorySegment bytes) {
    change(
        () -> {
          long from = length;
          long size = bytes.byteSize();
          if (size > capacity() - from) {
            throw outOfRange("bytes.length", size, capacity() - from);
          }
          MemorySegment.copy(bytes, 0, memory, from, size);
          return from + size;
        });
  }

  /**
   * Sets the length to 0. The bytes stay as they are, and are not shown any more.
   *
   * @throws IllegalStateException if the buffer is closed
   */
  public void clear() {
    change(() -> 0);
  }

  /**
   * Makes the data shorter.
   *
   * @param length bytes to keep, 0 to {@link #length()}
   * @throws IllegalArgumentException if the length is out of its range
   * @throws IllegalStateException if the buffer is closed
   */
  public void truncate(long length) {
    change(() -> checkLength(length, this.length));
  }

  /**
   * Sets the length, for data that came through a slice. Bytes that nobody wrote are whatever the
   * memory held.
   *
   * @param length bytes of data, 0 to {@link #capacity()}
   * @throws IllegalArgumentException if the length is out of its range
   * @throws IllegalStateException if the buffer is closed
   */
  public void setLength(long length) {
    change(() -> checkLength(length, capacity()));
  }

  /**
   * Returns a copy in memory of its own: the same capacity, length and data, and as this one for
   * all threads, or else confined to this thread.
   *
   * @return the copy, which the caller closes
   * @throws AllocationFailedException if the operating system gives no memory
   * @throws IllegalStateException if the buffer is closed
   */
  public AlignedBuffer copy() {
    checkOpen();
    long size = length;
    AlignedBuffer copy =
        group == null
            ? confined(place, size, capacity(), false)
            : shared(place, size, capacity(), false);
    boolean done = false;
    try {
      MemorySegment.copy(memory, 0, copy.memory, 0, size);
      done = true;
      return copy;
    } finally {
      if (!done) {
        copy.close();
      }
    }
  }

  /**
   * Returns the data in place.
   *
   * @return a writable segment of {@link #length()} bytes
   * @throws IllegalStateException if the buffer is closed
   */
  public MemorySegment segment() {
    checkOpen();
    return memory.asSlice(0, length);
  }

  /**
   * Returns the data in place, as a buffer of NIO: direct, writable, big endian, from position 0 to
   * the length.
   *
   * @return a new buffer over the same memory
   * @throws IllegalStateException if the buffer is closed, or its length is beyond 2^31 - 1 bytes
   */
  public ByteBuffer asByteBuffer() {
    checkOpen();
    if (length > Integer.MAX_VALUE) {
      throw new IllegalStateException(
          "length=" + length + ": a ByteBuffer has at most " + Integer.MAX_VALUE + " bytes");
    }
    return segment().asByteBuffer();
  }

  /**
   * Returns the whole buffer as a slice.
   *
   * @return a slice of its capacity and its length now
   * @throws IllegalStateException if the buffer is closed
   */
  public IoSlice slice() {
    checkOpen();
    return new IoSlice(memory, length, this);
  }

  /**
   * Cuts the buffer into frames. A frame's capacity is the chunk, its length what the buffer's
   * length now covers of it; a tail smaller than a chunk is left out.
   *
   * <p>Cost: one object; a frame is made whenever it is asked for.
   *
   * @param chunk bytes of a frame, a multiple of {@link #ALIGNMENT}, at least one
   * @return a list that cannot be changed; safe for threads
   * @throws IllegalArgumentException if the chunk is not such a multiple, or there are more than
   *     2^31 - 1 frames
   * @throws IllegalStateException if the buffer is closed; the list throws it, too, for a frame
   */
  public List<IoSlice> slices(long chunk) {
    checkOpen();
    if (chunk <= 0 || chunk % ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "chunk=" + chunk + ": must be a multiple of " + ALIGNMENT + " bytes, and more than 0");
    }
    long count = capacity() / chunk;
    if (count > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "chunk=" + chunk + ": gives " + count + " frames, more than " + Integer.MAX_VALUE);
    }
    return new Frames(this, memory, length, chunk, (int) count);
  }

  /**
   * Gives the memory back, at once or when the last operation that holds it has ended. Again it
   * does nothing.
   *
   * @throws WrongThreadException if the buffer is confined to another thread
   * @throws IllegalStateException if the buffer is confined and its owner is inside an operation on
   *     a segment of it; nothing has happened then
   */
  @Override
  public void close() {
    SharedGroup shared = group;
    if (shared == null) {
      closeConfined();
    } else if ((int) STATE.getAndBitwiseOr(this, CLOSED) == 0) {
      place.groups().retire(shared, memory.address(), memory.byteSize());
    }
  }

  /** Names length and capacity, on any thread, also once it is closed. For messages. */
  @Override
  public String toString() {
    String data = (int) STATE.getAcquire(this) < 0 ? "closed" : "length=" + length;
    String threads = group == null ? "confined" : "shared";
    return "AlignedBuffer[" + data + ", capacity=" + capacity() + ", " + threads + "]";
  }

  private void closeConfined() {
    checkThread();
    if (state == CLOSED) {
      return;
    }
    arena.close();
    state = CLOSED;
    place.memory().release(memory.address(), memory.byteSize());
  }

  /** Refuses a buffer that is closed, and a thread that is not the one of a confined buffer. */
  void checkOpen() {
    checkThread();
    // Acquire: another thread may have closed a shared buffer, and it counts from now on.
    if ((int) STATE.getAcquire(this) < 0) {
      throw closed();
    }
  }

  /**
   * The same by a plain load, which a loop may make once only: for what leads to no memory without
   * another check.
   */
  void checkOpenSoon() {
    checkThread();
    if (state < 0) {
      throw closed();
    }
  }

  private static IllegalStateException closed() {
    return new IllegalStateException("the buffer is closed");
  }

  private void checkThread() {
    if (threadId != 0 && threadId != Thread.currentThread().threadId()) {
      throw new WrongThreadException("the buffer is confined to the thread of id " + threadId);
    }
  }

  /** Whether other threads are refused. */
  boolean isConfined() {
    return group == null;
  }

  /**
   * Whether a segment lies inside the memory of this buffer. By its addresses alone: whatever arena
   * it came by, holding this buffer keeps them.
   */
  boolean contains(MemorySegment part) {
    long offset = part.address() - memory.address();
    return offset >= 0 && offset <= memory.byteSize() - part.byteSize();
  }

  /** Returns two parts of this buffer as one; null if the second does not follow the first. */
  @Nullable MemorySegment join(MemorySegment first, MemorySegment second) {
    return first.address() + first.byteSize() == second.address()
        ? memory.asSlice(first.address() - memory.address(), first.byteSize() + second.byteSize())
        : null;
  }

  /**
   * Keeps the memory from being given back until {@link #release()}. That of a confined buffer its
   * thread keeps, by being busy.
   */
  void hold() {
    if (group == null) {
      checkOpen();
      return;
    }
    int seen;
    do {
      seen = (int) STATE.getVolatile(this);
      if (seen < 0) {
        throw closed();
      }
    } while (!STATE.compareAndSet(this, seen, seen + 1));
  }

  /** Undoes a {@link #hold()}; the last one of a closed buffer gives the memory back. */
  void release() {
    if (group == null) {
      return;
    }
    int before = (int) STATE.getAndAdd(this, -1);
    if (before == CLOSED + 1) {
      place.groups().retire(group, memory.address(), memory.byteSize());
    }
  }

  private void change(LengthChange change) {
    if (group == null) {
      checkOpen();
      length = change.newLength();
    } else {
      synchronized (this) {
        checkOpen();
        length = change.newLength();
      }
    }
  }

  private static long checkLength(long length, long bound) {
    if (length < 0 || length > bound) {
      throw outOfRange("length", length, bound);
    }
    return length;
  }

  private static IllegalArgumentException outOfRange(String name, long value, long bound) {
    return new IllegalArgumentException(
        name + "=" + value + ": must be between 0 and " + bound + " bytes");
  }

  /** Tells what the length becomes. */
  @FunctionalInterface
  private interface LengthChange {
    long newLength();
  }
}
