package dev.pinnedstore.samples.courier;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The checksum of a piece. An instance belongs to one thread. */
@FunctionalInterface
interface PieceChecksum {
  /** Returns the checksum of the remaining bytes, which may become consumed. */
  int of(ByteBuffer bytes);

  /** CRC32C, which the CPU computes at the speed of memory. Reads direct buffers in place. */
  static PieceChecksum crc32c() {
    CRC32C crc = new CRC32C();
    return bytes -> {
      crc.reset();
      crc.update(bytes);
      return (int) crc.getValue();
    };
  }
}
