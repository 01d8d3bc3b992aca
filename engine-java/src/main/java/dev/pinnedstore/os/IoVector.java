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

  /**
   * Writes an element for each part, until they are {@link ChannelFileIo#MAX_CALL_BYTES}; the last
   * one then is for the first bytes of its part. So a call that moves all that it is asked for ends
   * at a multiple of what the parts are multiples of, whatever the system's own bound is.
   *
   * @return how many elements
   */
  static int set(MemorySegment vectors, long at, MemorySegment[] parts, int most) {
    long left = ChannelFileIo.MAX_CALL_BYTES;
    int count = 0;
    for (; count < Math.min(parts.length, most) && left > 0; count++) {
      MemorySegment part = parts[count];
      long bytes = Math.min(part.byteSize(), left);
      vectors.set(JAVA_LONG, at + count * BYTES, part.address());
      vectors.set(JAVA_LONG, at + count * BYTES + 8, bytes);
      left -= bytes;
    }
    return count;
  }
}
