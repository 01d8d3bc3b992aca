package dev.pinnedstore.backend;

import java.util.SplittableRandom;

/** A handle's fields, and the bytes that it must lead to. */
record Blob(int pageId, int offset, int size, int generation, long millis, byte[] bytes) {

  /** Bytes that differ between seeds, all along. */
  static byte[] bytes(long seed, int size) {
    byte[] bytes = new byte[size];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }

  /** The same blob with another generation. */
  Blob of(int otherGeneration) {
    return new Blob(pageId, offset, size, otherGeneration, millis, bytes);
  }
}
