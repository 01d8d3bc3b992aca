package dev.pinnedstore.store;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** What a store throws for reasons of its own: full, gone, or shown a handle that it refuses. */
public abstract sealed class PinnedStoreException extends RuntimeException
    permits StoreFullException,
        BlobTooLargeException,
        InvalidHandleException,
        StaleHandleException,
        NamespaceException,
        BackingLostException {

  @Serial private static final long serialVersionUID = 1L;

  PinnedStoreException(String message) {
    super(message);
  }

  PinnedStoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
