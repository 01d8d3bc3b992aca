package dev.pinnedstore.backend.shared;

import dev.pinnedstore.os.SharedFileException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A namespace cannot be opened, attached or used. */
public final class NamespaceRefusedException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Reason {
    /** There is none, or its last process has just left it. */
    MISSING,
    /** Somebody uses it. */
    IN_USE,
    /** Its files are not what they should be. */
    CORRUPT,
    /** Its files belong to another user. */
    FOREIGN_OWNER
  }

  /** Why. */
  private final Reason reason;

  NamespaceRefusedException(Reason reason, String message, @Nullable Throwable cause) {
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

  /** Refuses a namespace. */
  static NamespaceRefusedException of(Reason reason, Names names, String what) {
    return new NamespaceRefusedException(
        reason, "namespace=" + names.namespace() + " in " + names.directory() + ": " + what, null);
  }

  /** Refuses a namespace for what is wrong with one of its files. */
  static NamespaceRefusedException of(Names names, SharedFileException e) {
    Reason reason =
        switch (e.problem()) {
          case MISSING -> Reason.MISSING;
          case SHAPE -> Reason.CORRUPT;
          case OWNER -> Reason.FOREIGN_OWNER;
        };
    return new NamespaceRefusedException(
        reason, "namespace=" + names.namespace() + ": " + e.getMessage(), e);
  }
}
