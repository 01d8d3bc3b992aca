package dev.pinnedstore.store;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A namespace cannot be opened, attached or cleaned up. The message names the namespace, and for
 * files that are not what they should be the field, its value and what is legal. An append or an
 * acknowledgement throws it too, with {@link Reason#CORRUPT}, if somebody else wrote into the lock
 * file where the store notes what it does; after half a minute, and the store stays as it is.
 */
public final class NamespaceException extends PinnedStoreException {

  @Serial private static final long serialVersionUID = 1L;

  /** Why. */
  private final Reason reason;

  NamespaceException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /**
   * Returns why.
   *
   * @return the reason
   */
  public Reason reason() {
    return reason;
  }

  /** Why a namespace is refused. */
  public enum Reason {
    /** There is none of that name, or its last process has just left it. */
    MISSING,
    /** Processes use it, and it would have to be nobody's. */
    IN_USE,
    /** Its files are not what they should be. */
    CORRUPT,
    /** Its files belong to another user. */
    FOREIGN_OWNER
  }
}
