package dev.pinnedstore.store;

import java.io.Serial;

/** A store was used after it was closed. */
public final class StoreClosedException extends IllegalStateException {

  @Serial private static final long serialVersionUID = 1L;

  /**
   * @param store the store's name, for the message
   */
  StoreClosedException(String store) {
    super(store + ": the store is closed");
  }
}
