package dev.pinnedstore.buffer;

import java.lang.foreign.MemorySegment;
import java.util.AbstractList;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.RandomAccess;

/** The frames of a buffer: a slice is made when it is asked for, and nothing is kept. */
final class Frames extends AbstractList<IoSlice> implements RandomAccess {
  private final AlignedBuffer buffer;
  private final MemorySegment memory;
  private final long length;
  private final long chunk;
  private final int count;

  Frames(AlignedBuffer buffer, MemorySegment memory, long length, long chunk, int count) {
    this.buffer = buffer;
    this.memory = memory;
    this.length = length;
    this.chunk = chunk;
    this.count = count;
  }

  @Override
  public IoSlice get(int index) {
    buffer.checkOpenSoon();
    long start = Objects.checkIndex(index, count) * chunk;
    long data = Math.min(Math.max(length - start, 0), chunk);
    return new IoSlice(memory.asSlice(start, chunk), data, buffer);
  }

  @Override
  public int size() {
    return count;
  }

  /** Without the count of changes that the inherited one keeps: there are none. */
  @Override
  public Iterator<IoSlice> iterator() {
    return new Cursor();
  }

  private final class Cursor implements Iterator<IoSlice> {
    private int next;

    @Override
    public boolean hasNext() {
      return next < count;
    }

    @Override
    public IoSlice next() {
      if (next >= count) {
        throw new NoSuchElementException();
      }
      return get(next++);
    }
  }
}
