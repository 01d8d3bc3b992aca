package dev.pinnedstore.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Blobs whose bytes follow from a number, so that foreign bytes show. */
final class Blobs {
  private Blobs() {}

  /** The blob of a number. */
  static byte[] of(long number, long size) {
    byte[] bytes = new byte[Math.toIntExact(size)];
    new SplittableRandom(number).nextBytes(bytes);
    if (size < Long.BYTES) {
      // So short that two of them could be equal by chance: at least never zeros.
      Arrays.fill(bytes, (byte) (number | 1));
    }
    return bytes;
  }

  /** Whether a segment holds exactly the blob of a number. */
  static boolean isBlob(MemorySegment segment, long number) {
    return segment.mismatch(MemorySegment.ofArray(of(number, segment.byteSize()))) == -1;
  }

  /** Fails unless a handle is live and leads to the blob of a number, in place and copied. */
  static void assertLive(PinnedStore store, BlobHandle handle, long number) {
    byte[] expected = of(number, handle.sizeBytes());
    assertThat(store.view(handle).mismatch(MemorySegment.ofArray(expected)))
        .as("first wrong byte in the view of %s", handle)
        .isEqualTo(-1);
    assertThat(store.resolve(handle)).as("copy of %s", handle).isEqualTo(expected);
  }
}
