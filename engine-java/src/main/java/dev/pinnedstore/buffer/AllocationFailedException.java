package dev.pinnedstore.buffer;

import java.io.Serial;

/**
 * The operating system gave no memory for a buffer. Nothing was taken; the message names the limit
 * and what raises it.
 */
public final class AllocationFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** What was asked for, in bytes. */
  private final long requestedBytes;

  AllocationFailedException(long requestedBytes, Throwable cause) {
    super("no memory for a buffer of " + requestedBytes + " bytes: " + cause.getMessage(), cause);
    this.requestedBytes = requestedBytes;
  }

  /**
   * Returns the capacity that was asked for.
   *
   * @return bytes
   */
  public long requestedBytes() {
    return requestedBytes;
  }
}
