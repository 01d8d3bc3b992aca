package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * What Linux answers to {@code statx}, as far as it is read here. After {@code linux/stat.h}.
 *
 * <pre>
 *   0         4         8                   152        156        160       256
 *   +---------+---------+-------------------+----------+----------+---------+
 *   | mask    | blksize | what a stat holds | dio mem  | dio      | spare   |
 *   |         |         |                   | align    | offset   |         |
 *   +---------+---------+-------------------+----------+----------+---------+
 * </pre>
 */
final class StatxLayout {
  static final long BYTES = 256;

  /** A descriptor and an empty path name the descriptor's file. */
  static final int AT_EMPTY_PATH = 0x1000;

  /** In a request and in the answer's mask; from Linux 6.1 on. */
  static final int STATX_DIOALIGN = 0x2000;

  private static final long MASK = 0;
  private static final long MEMORY_ALIGN = 152;
  private static final long OFFSET_ALIGN = 156;

  private StatxLayout() {}

  /** The larger of both, 0 if direct I/O is not possible, -1 if nothing is said of it. */
  static int directAlignment(MemorySegment answer) {
    if ((answer.get(JAVA_INT, MASK) & STATX_DIOALIGN) == 0) {
      return -1;
    }
    int memory = answer.get(JAVA_INT, MEMORY_ALIGN);
    int offset = answer.get(JAVA_INT, OFFSET_ALIGN);
    return memory == 0 || offset == 0 ? 0 : Math.max(memory, offset);
  }
}
