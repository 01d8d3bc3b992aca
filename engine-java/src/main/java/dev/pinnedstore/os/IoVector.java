package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * An element of the vectors that gathering calls take, {@code struct iovec} of 64-bit systems.
 *
 * <pre>
 *   0         8        16
 *   +---------+--------+
 *   | address | length |
 *   +---------+--------+
 * </pre>
 */
final class IoVector {
  static final long BYTES = 16;

  private IoVector() {}

  static void set(MemorySegment vectors, long at, MemorySegment part) {
    vectors.set(JAVA_LONG, at, part.address());
    vectors.set(JAVA_LONG, at + 8, part.byteSize());
  }
}
