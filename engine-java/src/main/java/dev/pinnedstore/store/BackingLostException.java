package dev.pinnedstore.store;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * The memory under a page is lost: the file behind its mapping was truncated or removed, or its
 * file system had no room when the bytes were touched. The blobs of that page are lost with it.
 */
public final class BackingLostException extends PinnedStoreException {

  @Serial private static final long serialVersionUID = 1L;

  BackingLostException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
