package dev.pinnedstore.buffer;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The memory of one transfer, checked: slices that lie one behind the other in the same buffer are
 * one part.
 */
final class Parts {
  /** Never started; stands for any thread that does not own a confined segment. */
  private static final Thread STRANGER = Thread.ofPlatform().unstarted(() -> {});

  private final MemorySegment[] segments;
  private final AlignedBuffer[] owners;
  private final long bytes;

  /** Whether the system may be given bare addresses: nothing can free the memory meanwhile. */
  private final boolean kept;

  private Parts(MemorySegment[] segments, AlignedBuffer[] owners, long bytes, boolean kept) {
    this.segments = segments;
    this.owners = owners;
    this.bytes = bytes;
    this.kept = kept;
  }

  /** What the slices hold, to be written. */
  static Parts data(Collection<IoSlice> slices, int alignment) {
    return of(slices, alignment, false);
  }

  /** What the slices have room for, to be read into. */
  static Parts room(Collection<IoSlice> slices, int alignment) {
    return of(slices, alignment, true);
  }

  private static Parts of(Collection<IoSlice> slices, int alignment, boolean room) {
    List<MemorySegment> segments = new ArrayList<>(slices.size());
    Set<AlignedBuffer> owners = HashSet.newHashSet(1);
    AlignedBuffer last = null;
    long bytes = 0;
    boolean kept = true;
    // A copy: the list may be code of users, which must not run between a check and the transfer.
    for (IoSlice slice : List.copyOf(slices)) {
      MemorySegment memory = room ? slice.memory() : slice.segment();
      check(memory, alignment, room);
      if (memory.byteSize() == 0) {
        continue;
      }
      bytes = Math.addExact(bytes, memory.byteSize());
      AlignedBuffer owner = slice.owner();
      kept &= owner != null || isConfined(memory);
      MemorySegment joined = null;
      if (owner != null && owner.equals(last)) {
        joined = owner.join(segments.getLast(), memory);
      } else if (owner != null) {
        owners.add(owner);
      }
      if (joined == null) {
        segments.add(memory);
      } else {
        segments.set(segments.size() - 1, joined);
      }
      last = owner;
    }
    return new Parts(
        segments.toArray(MemorySegment[]::new), owners.toArray(AlignedBuffer[]::new), bytes, kept);
  }

  private static void check(MemorySegment memory, int alignment, boolean room) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("memory=" + memory + ": must be outside the heap");
    }
    if (room && memory.isReadOnly()) {
      throw new IllegalArgumentException("memory=" + memory + ": is read-only");
    }
    if (!memory.isAccessibleBy(Thread.currentThread())) {
      throw new WrongThreadException("memory=" + memory + ": is confined to another thread");
    }
    checkMultiple("address", memory.address(), alignment);
    checkMultiple(room ? "capacity" : "length", memory.byteSize(), alignment);
  }

  static void checkMultiple(String name, long value, int alignment) {
    if (value % alignment != 0) {
      throw new IllegalArgumentException(
          name + "=" + value + ": must be a multiple of " + alignment + " bytes");
    }
  }

  long bytes() {
    return bytes;
  }

  long bytesOf(int part) {
    return segments[part].byteSize();
  }

  /**
   * What a call may be given: some parts, without the first bytes of the first one. All in one call
   * only where memory is kept.
   */
  MemorySegment[] from(int first, long skip, int most) {
    MemorySegment[] rest =
        Arrays.copyOfRange(
            segments, first, first + (kept ? Math.min(most, segments.length - first) : 1));
    if (skip > 0) {
      rest[0] = rest[0].asSlice(skip);
    }
    return rest;
  }

  /** Keeps the buffers from being given back; to be undone by {@link #release()}. */
  void hold() {
    int held = 0;
    try {
      for (; held < owners.length; held++) {
        owners[held].hold();
      }
    } finally {
      if (held < owners.length) {
        while (held > 0) {
          owners[--held].release();
        }
      }
    }
  }

  void release() {
    releaseFrom(0);
  }

  /** Releases all, also when giving the memory of one back fails. */
  private void releaseFrom(int first) {
    for (int i = first; i < owners.length; i++) {
      boolean done = false;
      try {
        owners[i].release();
        done = true;
      } finally {
        if (!done) {
          releaseFrom(i + 1);
        }
      }
    }
  }

  /** Refuses memory of one thread, which no other can use. */
  void checkShared() {
    for (MemorySegment segment : segments) {
      if (isConfined(segment)) {
        throw new IllegalArgumentException(
            "memory="
                + segment
                + ": is confined to a thread; asynchronous I/O takes memory for all threads, as of"
                + " AlignedBuffer.shared");
      }
    }
  }

  /** Whether nobody but a buffer could free the memory. */
  boolean isKept() {
    return kept;
  }

  private static boolean isConfined(MemorySegment memory) {
    return !memory.isAccessibleBy(STRANGER);
  }
}
