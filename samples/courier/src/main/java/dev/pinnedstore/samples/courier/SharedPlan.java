package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How a shared store is cut so that it leaves room in the directory of its files.
 *
 * @param directory where the files are
 * @param chunkBytes the size of a chunk file; 0 when there is no room
 * @param refusal why there is no shared store here; empty when there can be one
 */
record SharedPlan(Path directory, long chunkBytes, String refusal) {
  /** Enough that a blob which nobody knows of any more, and its chunk, are not missed. */
  static final int CHUNKS = 16;

  /** A chunk's header, and then some, so that pieces fill a chunk without a rest. */
  private static final long HEADER_BYTES = 4096;

  /**
   * The records of a chunk of small blobs take a little more than its bytes; the rest is others'.
   */
  private static final long SHARE = 3;

  private static final int[] PIECES_PER_CHUNK = {4, 2, 1};

  /** Asks the directory what it has left. */
  static SharedPlan of(Path directory) {
    if (!Files.isDirectory(directory)) {
      return refused(directory, "needs " + directory + ", which is not there");
    }
    try {
      return fitting(directory, Files.getFileStore(directory).getUsableSpace());
    } catch (IOException e) {
      return refused(directory, "needs " + directory + ": " + Reasons.of(e));
    }
  }

  /** The largest chunks that fit. */
  static SharedPlan fitting(Path directory, long freeBytes) {
    for (int pieces : PIECES_PER_CHUNK) {
      if (neededBytes(pieces) <= freeBytes) {
        return new SharedPlan(directory, chunkBytes(pieces), "");
      }
    }
    return refused(
        directory,
        "needs "
            + Units.bytes(neededBytes(PIECES_PER_CHUNK[PIECES_PER_CHUNK.length - 1]))
            + " in "
            + directory
            + ", which has "
            + Units.bytes(freeBytes)
            + " left (Docker: --shm-size)");
  }

  boolean isPossible() {
    return refusal.isEmpty();
  }

  /** What all chunks may take. */
  long maxBytes() {
    return CHUNKS * chunkBytes;
  }

  Backend.Shared backend(String namespace) {
    return Backend.shared(namespace).directory(directory).chunkSize(chunkBytes);
  }

  private static SharedPlan refused(Path directory, String why) {
    return new SharedPlan(directory, 0, why);
  }

  private static long chunkBytes(int pieces) {
    return HEADER_BYTES + (long) pieces * FileFeed.PIECE_BYTES;
  }

  private static long neededBytes(int pieces) {
    return SHARE * CHUNKS * chunkBytes(pieces);
  }
}
