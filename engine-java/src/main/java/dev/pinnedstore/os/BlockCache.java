package dev.pinnedstore.os;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Freed blocks of memory, by size: powers of two from 4 KiB to 4 MiB. Larger ones are not kept.
 *
 * <p>Small blocks go to one of several shelves, chosen by the thread, so that threads seldom meet;
 * what does not fit there, and what is larger, goes to a depot for all. Bounds: {@link
 * #DEPOT_BYTES} in the depot and {@link #SHELF_BYTES} on each shelf. A shelf that is busy is passed
 * over, nobody waits for it.
 */
final class BlockCache {
  /** What {@link #take} returns when it has nothing; no mapping begins there. */
  static final long NONE = 0;

  /** The largest block that is kept. */
  static final long MAX_BLOCK_BYTES = 4L << 20;

  /** Most that the depot keeps of one size, so that no size is crowded out; or two blocks. */
  static final long DEPOT_SIZE_BYTES = 4L << 20;

  /** Blocks of one size that a shelf keeps. */
  private static final int SHELF_BLOCKS = 8;

  /** The largest block that goes to a shelf. */
  private static final long SHELF_BLOCK_BYTES = 16L << 10;

  /** Most that a shelf keeps: each of its sizes is twice the one below. */
  static final long SHELF_BYTES = SHELF_BLOCKS * (2 * SHELF_BLOCK_BYTES - 4096);

  private static final int MAX_SHELVES = 64;
  private static final int MIN_SHIFT = 12;
  private static final int SHELF_SIZES = sizeIndex(SHELF_BLOCK_BYTES) + 1;
  private static final int SIZES = sizeIndex(MAX_BLOCK_BYTES) + 1;

  /** Most that the depot keeps: the largest size has two blocks. */
  static final long DEPOT_BYTES = SIZES * DEPOT_SIZE_BYTES + MAX_BLOCK_BYTES;

  /** The unit of larger blocks, which nothing is lost by: the largest page of a system. */
  private static final long LARGE_UNIT_BYTES = 64L << 10;

  private final Shelf[] shelves;
  private final Depot depot = new Depot();

  BlockCache() {
    int processors = Math.min(Runtime.getRuntime().availableProcessors(), MAX_SHELVES);
    shelves = new Shelf[Integer.highestOneBit(2 * processors - 1)];
    for (int i = 0; i < shelves.length; i++) {
      shelves[i] = new Shelf();
    }
  }

  /** Returns the size of the block that a request gets. */
  static long blockBytes(long bytes) {
    return bytes <= MAX_BLOCK_BYTES
        ? Math.max(4096, Long.highestOneBit(2 * bytes - 1))
        : (bytes + LARGE_UNIT_BYTES - 1) & -LARGE_UNIT_BYTES;
  }

  private static int sizeIndex(long block) {
    return Long.numberOfTrailingZeros(block) - MIN_SHIFT;
  }

  /** Takes a block of that size out; {@link #NONE} when there is none. */
  long take(long block) {
    if (block > MAX_BLOCK_BYTES) {
      return NONE;
    }
    int size = sizeIndex(block);
    if (size < SHELF_SIZES) {
      long address = ownShelf().take(size);
      if (address != NONE) {
        return address;
      }
    }
    return depot.take(size);
  }

  /** Puts a block in that nobody can reach; false when it does not fit. */
  boolean give(long address, long block) {
    if (block > MAX_BLOCK_BYTES) {
      return false;
    }
    int size = sizeIndex(block);
    return (size < SHELF_SIZES && ownShelf().give(size, address)) || depot.give(size, address);
  }

  /** Takes everything out. */
  void drain(Sink sink) {
    for (int size = 0; size < SIZES; size++) {
      for (Shelf shelf : shelves) {
        while (size < SHELF_SIZES) {
          long address = shelf.take(size);
          if (address == NONE) {
            break;
          }
          sink.accept(address, 4096L << size);
        }
      }
      for (long address = depot.take(size); address != NONE; address = depot.take(size)) {
        sink.accept(address, 4096L << size);
      }
    }
  }

  private Shelf ownShelf() {
    return shelves[(int) Thread.currentThread().threadId() & (shelves.length - 1)];
  }

  /** Receives a block. */
  @FunctionalInterface
  interface Sink {
    void accept(long address, long block);
  }

  /** A few small blocks, last in, first out: the last one given is the warmest. */
  private static final class Shelf {
    private static final VarHandle BUSY;

    static {
      try {
        BUSY = MethodHandles.lookup().findVarHandle(Shelf.class, "busy", int.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private final long[] blocks = new long[SHELF_SIZES * SHELF_BLOCKS];
    private final int[] counts = new int[SHELF_SIZES];

    /** 1 while a thread is inside; guards the arrays: taken by CAS, left by a release store. */
    @SuppressWarnings("unused")
    private int busy;

    long take(int size) {
      if (!BUSY.compareAndSet(this, 0, 1)) {
        return NONE;
      }
      int count = counts[size];
      long address = NONE;
      if (count > 0) {
        counts[size] = count - 1;
        address = blocks[size * SHELF_BLOCKS + count - 1];
      }
      BUSY.setRelease(this, 0);
      return address;
    }

    boolean give(int size, long address) {
      if (!BUSY.compareAndSet(this, 0, 1)) {
        return false;
      }
      int count = counts[size];
      boolean room = count < SHELF_BLOCKS;
      if (room) {
        blocks[size * SHELF_BLOCKS + count] = address;
        counts[size] = count + 1;
      }
      BUSY.setRelease(this, 0);
      return room;
    }
  }

  /** Blocks of all sizes, each within its bound. */
  private static final class Depot {
    /** Made at once, 16 KiB: who gives memory back may have none. */
    private final long[][] blocks = new long[SIZES][];

    private final int[] counts = new int[SIZES];

    Depot() {
      for (int size = 0; size < SIZES; size++) {
        blocks[size] = new long[(int) Math.max(2, DEPOT_SIZE_BYTES >> (MIN_SHIFT + size))];
      }
    }

    synchronized long take(int size) {
      return counts[size] == 0 ? NONE : blocks[size][--counts[size]];
    }

    synchronized boolean give(int size, long address) {
      if (counts[size] == blocks[size].length) {
        return false;
      }
      blocks[size][counts[size]++] = address;
      return true;
    }
  }
}
