package dev.pinnedstore.os;

import java.io.Serial;

/**
 * The file under a mapping is shorter than it was, or its file system had no room for a byte of it.
 */
public final class MappingLostException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1L;

  private static final String SAID = "unsafe memory access";

  private MappingLostException(String what, InternalError cause) {
    super(what, cause);
  }

  /**
   * Says that a file is no longer what was mapped.
   *
   * @param what which, and what happened to it
   */
  public MappingLostException(String what) {
    super(what);
  }

  /**
   * Translates what the JVM throws where the system sends a bus error.
   *
   * @param what which file
   * @param error what was thrown
   * @return the exception
   * @throws InternalError the same, if it means something else
   */
  public static MappingLostException of(String what, InternalError error) {
    if (String.valueOf(error.getMessage()).contains(SAID)) {
      return new MappingLostException(what + ": was truncated, or its file system is full", error);
    }
    throw error;
  }
}
