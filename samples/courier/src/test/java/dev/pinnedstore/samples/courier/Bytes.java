package dev.pinnedstore.samples.courier;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;

/** Contents for test files: never constant, the same in each run. */
final class Bytes {
  private Bytes() {}

  static byte[] of(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  static Path file(Path path, int size) throws IOException {
    Files.createDirectories(path.getParent());
    return Files.write(path, of(size));
  }

  static int crc32c(byte[] bytes, int from, int to) {
    CRC32C crc = new CRC32C();
    crc.update(Arrays.copyOfRange(bytes, from, to));
    return (int) crc.getValue();
  }
}
