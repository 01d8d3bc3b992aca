package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * CRC-32C over bytes and over what they are bound to. Always over a copy: a checksum of a mapping
 * whose file was cut by somebody else ends the JVM, a copy of it throws.
 */
final class Checksum {
  private static final int CHUNK_BYTES = 1 << 16;

  private Checksum() {}

  /** Over a prefix of an array, then over numbers that say whose bytes they are, and which. */
  static int of(byte[] bytes, int from, int to, long... binding) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, to - from);
    for (long value : binding) {
      for (int shift = 0; shift < 64; shift += 8) {
        crc.update((int) (value >>> shift) & 0xFF);
      }
    }
    return (int) crc.getValue();
  }

  /** Over a segment, in chunks, then over numbers. */
  static int of(MemorySegment segment, long... binding) {
    CRC32C crc = new CRC32C();
    byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, segment.byteSize())];
    for (long at = 0; at < segment.byteSize(); at += chunk.length) {
      int bytes = (int) Math.min(chunk.length, segment.byteSize() - at);
      MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, at, chunk, 0, bytes);
      crc.update(chunk, 0, bytes);
    }
    ByteBuffer tail = ByteBuffer.allocate(8 * binding.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : binding) {
      tail.putLong(value);
    }
    crc.update(tail.flip());
    return (int) crc.getValue();
  }
}
