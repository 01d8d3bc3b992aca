package dev.pinnedstore.store;

import java.io.Serial;

/** The blob of a handle is gone: it was acknowledged and its page reclaimed, or it has expired. */
public final class StaleHandleException extends PinnedStoreException {

  @Serial private static final long serialVersionUID = 1L;

  /** The byte form of the handle, which is not serializable itself. */
  private final byte[] handle;

  StaleHandleException(BlobHandle handle) {
    super(handle + ": its blob was acknowledged, or has expired");
    this.handle = handle.toBytes();
  }

  /**
   * Returns the handle that was refused.
   *
   * @return the handle
   */
  public BlobHandle handle() {
    return BlobHandle.fromBytes(handle);
  }
}
