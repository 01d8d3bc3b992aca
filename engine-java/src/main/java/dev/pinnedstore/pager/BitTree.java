package dev.pinnedstore.pager;

import java.util.Arrays;

/**
 * A set of numbers below 2^36 that knows its least member: a tree of 64-bit words in which each bit
 * says whether a word of the level below has any. Every operation takes at most six steps; the
 * least member is remembered until it goes. Not safe for threads.
 */
final class BitTree {
  private static final int LEVELS = 6;

  private static final long UNKNOWN = -2;

  private final long[][] levels = new long[LEVELS][1];

  /** The least member, -1 if there is none, or unknown. */
  private long least = -1;

  void add(long member) {
    if (least == -1 || member < least) {
      least = member;
    }
    long at = member;
    for (int level = 0; level < LEVELS; level++) {
      int word = (int) (at >>> 6);
      if (word >= levels[level].length) {
        levels[level] = Arrays.copyOf(levels[level], lengthFor(word));
      }
      long before = levels[level][word];
      levels[level][word] = before | (1L << at);
      if (before != 0) {
        return;
      }
      at >>>= 6;
    }
  }

  void remove(long member) {
    if (member == least) {
      least = UNKNOWN;
    }
    long at = member;
    for (int level = 0; level < LEVELS; level++) {
      int word = (int) (at >>> 6);
      if (word >= levels[level].length) {
        return;
      }
      levels[level][word] &= ~(1L << at);
      if (levels[level][word] != 0) {
        return;
      }
      at >>>= 6;
    }
  }

  /** A length for an array that is to have an index, with room for half as many more. */
  static int lengthFor(long index) {
    return (int) Math.min(Integer.MAX_VALUE - 8, index + 1 + (index >> 1));
  }

  /** The least member, or -1. */
  long first() {
    if (least == UNKNOWN) {
      least = find();
    }
    return least;
  }

  private long find() {
    long at = 0;
    for (int level = LEVELS - 1; level >= 0; level--) {
      long word = levels[level][(int) at];
      if (word == 0) {
        return -1;
      }
      at = (at << 6) | Long.numberOfTrailingZeros(word);
    }
    return at;
  }
}
