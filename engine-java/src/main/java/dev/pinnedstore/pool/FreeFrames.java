package dev.pinnedstore.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Frames without a page: a stack for all, and, if asked for, small ones chosen by the thread, about
 * one for each processor. Whoever finds its own and the common one empty takes from the others. No
 * locks: a thread that stops half way stops no other.
 */
final class FreeFrames {
  /** No frame. */
  static final int NONE = -1;

  private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);

  /** Of a frame in a stack: the one below it, and how many there are with it. */
  private final int[] below;

  private final int[] depth;

  private final Stack common;
  private final Stack[] shelves;
  private final AtomicInteger count = new AtomicInteger();
  private final LongAdder fromShelves = new LongAdder();
  private final LongAdder fromCommon = new LongAdder();

  /** All frames are free. */
  FreeFrames(int frames, int framesPerShelf) {
    below = new int[frames];
    depth = new int[frames];
    common = new Stack(frames);
    int processors = Runtime.getRuntime().availableProcessors();
    shelves =
        new Stack
            [framesPerShelf == 0 ? 0 : Math.min(64, Integer.highestOneBit(2 * processors - 1))];
    for (int i = 0; i < shelves.length; i++) {
      shelves[i] = new Stack(framesPerShelf);
    }
    // The first one on top.
    for (int frame = frames - 1; frame >= 0; frame--) {
      common.push(frame);
    }
    count.set(frames);
  }

  /** Takes a frame; {@link #NONE} if there was none at some moment. */
  int take() {
    int own = (int) Thread.currentThread().threadId() & (shelves.length - 1);
    int frame = shelves.length == 0 ? NONE : shelves[own].pop();
    boolean shelf = frame != NONE;
    if (!shelf) {
      frame = common.pop();
      for (int i = 1; i < shelves.length && frame == NONE; i++) {
        frame = shelves[(own + i) & (shelves.length - 1)].pop();
        shelf = frame != NONE;
      }
    }
    if (frame != NONE) {
      count.getAndDecrement();
      (shelf ? fromShelves : fromCommon).increment();
    }
    return frame;
  }

  void give(int frame) {
    int own = (int) Thread.currentThread().threadId() & (shelves.length - 1);
    if (shelves.length == 0 || !shelves[own].push(frame)) {
      common.push(frame);
    }
    count.getAndIncrement();
  }

  int count() {
    // For a moment less than none: whoever gives one counts it after.
    return Math.max(count.get(), 0);
  }

  long takenFromShelves() {
    return fromShelves.sum();
  }

  long takenFromCommon() {
    return fromCommon.sum();
  }

  /**
   * Its head is the top frame below a count of all changes, so that a CAS fails if the stack was
   * changed meanwhile, even if the same frame is on top again. What is read of a frame before that
   * CAS may be of another stack; then it fails.
   */
  private final class Stack {
    private static final long CHANGE = 1L << 32;

    private final int most;
    private final AtomicLong head = new AtomicLong(NONE & (CHANGE - 1));

    Stack(int most) {
      this.most = most;
    }

    int pop() {
      while (true) {
        long seen = head.get();
        int top = (int) seen;
        if (top == NONE) {
          return NONE;
        }
        if (head.compareAndSet(seen, next(seen, (int) INTS.getOpaque(below, top)))) {
          return top;
        }
      }
    }

    /** False if it is full. */
    boolean push(int frame) {
      while (true) {
        long seen = head.get();
        int top = (int) seen;
        int under = top == NONE ? 0 : (int) INTS.getOpaque(depth, top);
        if (under >= most) {
          // It was full, unless it has changed since it was looked at.
          if (head.get() == seen) {
            return false;
          }
          continue;
        }
        INTS.setOpaque(below, frame, top);
        INTS.setOpaque(depth, frame, under + 1);
        if (head.compareAndSet(seen, next(seen, frame))) {
          return true;
        }
      }
    }

    private static long next(long seen, int top) {
      return ((seen & -CHANGE) + CHANGE) | (top & (CHANGE - 1));
    }
  }
}
