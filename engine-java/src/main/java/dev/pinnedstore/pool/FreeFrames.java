package dev.pinnedstore.pool;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * Frames without a page: a stack for all, and, if asked for, small ones chosen by the thread, about
 * one for each processor. Whoever finds its own and the common one empty takes from the others.
 */
final class FreeFrames {
  /** No frame. */
  static final int NONE = -1;

  private final Stack common;
  private final Stack[] shelves;
  private final AtomicInteger count = new AtomicInteger();
  private final LongAdder fromShelves = new LongAdder();
  private final LongAdder fromCommon = new LongAdder();

  /** All frames are free. */
  FreeFrames(int frames, int framesPerShelf) {
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
    return count.get();
  }

  long takenFromShelves() {
    return fromShelves.sum();
  }

  long takenFromCommon() {
    return fromCommon.sum();
  }

  private static final class Stack {
    private final int[] frames;
    private int size;

    Stack(int capacity) {
      frames = new int[capacity];
    }

    synchronized int pop() {
      return size == 0 ? NONE : frames[--size];
    }

    synchronized boolean push(int frame) {
      if (size == frames.length) {
        return false;
      }
      frames[size++] = frame;
      return true;
    }
  }
}
