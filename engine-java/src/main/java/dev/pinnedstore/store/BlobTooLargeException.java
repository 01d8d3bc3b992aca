package dev.pinnedstore.store;

import java.io.Serial;

/**
 * A blob is larger than the store, or an array that should take its copy, can hold. Retrying does
 * not help.
 */
public final class BlobTooLargeException extends PinnedStoreException {

  @Serial private static final long serialVersionUID = 1L;

  /** Size of the blob in bytes. */
  private final long sizeBytes;

  /** Largest legal size in bytes. */
  private final long maxBytes;

  BlobTooLargeException(long sizeBytes, long maxBytes) {
    this(sizeBytes, maxBytes, "");
  }

  private BlobTooLargeException(long sizeBytes, long maxBytes, String advice) {
    super("sizeBytes=" + sizeBytes + ": must be between 1 and " + maxBytes + " bytes" + advice);
    this.sizeBytes = sizeBytes;
    this.maxBytes = maxBytes;
  }

  /** The exception of a copy: the blob is fine, an array cannot hold it. */
  static BlobTooLargeException forArray(long sizeBytes, long maxBytes) {
    return new BlobTooLargeException(
        sizeBytes, maxBytes, " to be copied into an array; read it in place with view");
  }

  /**
   * Returns the size of the blob.
   *
   * @return the size in bytes
   */
  public long sizeBytes() {
    return sizeBytes;
  }

  /**
   * Returns the largest size that would have been taken.
   *
   * @return the size in bytes
   */
  public long maxBytes() {
    return maxBytes;
  }
}
