package dev.pinnedstore.store;

import java.io.Serial;

/**
 * A handle was never issued by the store that it was shown to: it belongs to another store, is
 * damaged or is forged.
 */
public final class InvalidHandleException extends PinnedStoreException {

  @Serial private static final long serialVersionUID = 1L;

  /** The byte form of the handle, which is not serializable itself. */
  private final byte[] handle;

  InvalidHandleException(BlobHandle handle) {
    super(handle + ": was never issued by this store");
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
