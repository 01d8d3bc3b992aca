package dev.pinnedstore.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts lookups by kind of access, in cells chosen by the thread, without an atomic operation: two
 * threads whose ids are equal modulo 64 may lose some of each other's. A hit must not write what
 * another processor writes.
 */
final class LookupCounters {
  private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);
  private static final int CELLS = 64;

  /** Two cache lines each, since processors fetch neighbours. */
  private static final int STRIDE = 16;

  final long[] cells = new long[(CELLS + 1) * STRIDE];

  static void count(long[] cells, int kind) {
    int at = (((int) Thread.currentThread().threadId() & (CELLS - 1)) + 1) * STRIDE + kind;
    CELL.setOpaque(cells, at, (long) CELL.getOpaque(cells, at) + 1);
  }

  long sum(int kind) {
    long sum = 0;
    for (int i = 1; i <= CELLS; i++) {
      sum += (long) CELL.getOpaque(cells, i * STRIDE + kind);
    }
    return sum;
  }
}
