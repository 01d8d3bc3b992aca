package dev.pinnedstore.store.shared;

import dev.pinnedstore.store.BlobHandle;
import java.util.List;
import java.util.Optional;

/**
 * What the original did in one namespace, and the files it left behind at some points of it.
 *
 * @param name a word
 * @param chunkSize size of a chunk in bytes, header included
 * @param operations what was done, in order
 * @param blobs every blob that was appended
 * @param snapshots the files, in order of time
 */
record Vector(
    String name,
    long chunkSize,
    List<Operation> operations,
    List<Blob> blobs,
    List<Snapshot> snapshots) {

  @Override
  public String toString() {
    return name;
  }

  /** The snapshot taken after that many operations. */
  Optional<Snapshot> snapshotAfter(int operations) {
    return snapshots.stream().filter(s -> s.afterOperation() == operations).findFirst();
  }

  /** Bytes of a blob. */
  byte[] bytesOf(BlobHandle handle) {
    return blobs.stream().filter(b -> b.handle().equals(handle)).findFirst().orElseThrow().bytes();
  }

  /** A call and what it answered. */
  sealed interface Operation {}

  /**
   * An append.
   *
   * @param bytes the blob
   * @param result a handle in hexadecimal digits, or {@code ERR} and the error
   */
  record Append(byte[] bytes, String result) implements Operation {
    boolean isRefused() {
      return result.startsWith("ERR");
    }
  }

  /** An acknowledgement. */
  record Acknowledge(BlobHandle handle, boolean result) implements Operation {}

  /** A clean-up, and how many chunks it freed. */
  record Cleanup(long ttlMillis, long decayMillis, long result) implements Operation {}

  /** A blob that was appended. */
  record Blob(BlobHandle handle, byte[] bytes) {}

  /**
   * The files at one time.
   *
   * @param label a word
   * @param afterOperation how many operations were done
   * @param files the files of the namespace
   * @param blobs which blobs resolved
   */
  record Snapshot(String label, int afterOperation, List<Image> files, List<Resolved> blobs) {
    Image control() {
      return file("ctrl").orElseThrow();
    }

    /** A chunk's file, if it was there. */
    Optional<Image> chunk(int id) {
      return file("data_" + Integer.toUnsignedString(id));
    }

    private Optional<Image> file(String name) {
      return files.stream().filter(f -> f.name().equals(name)).findFirst();
    }
  }

  /**
   * A file.
   *
   * @param name its name without the namespace, {@code ctrl} or {@code data_} and the chunk's id
   * @param bytes all of it
   */
  record Image(String name, byte[] bytes) {}

  /** Whether a handle resolved without a TTL. */
  record Resolved(BlobHandle handle, boolean resolves) {}
}
