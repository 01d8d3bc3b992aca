package dev.pinnedstore.store.shared;

import java.util.SplittableRandom;

/** Blobs whose bytes follow from a number, so that foreign bytes show. */
final class Bytes {
  private Bytes() {}

  /** The blob of a number. */
  static byte[] of(long number, int size) {
    byte[] bytes = new byte[size];
    new SplittableRandom(number).nextBytes(bytes);
    return bytes;
  }
}
