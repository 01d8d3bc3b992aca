package dev.pinnedstore.os;

import java.io.Serial;

/** The operating system refused an alias of a mapping. Happens without native access only. */
public final class AliasFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** The cause once more, by its type. */
  private final MappingFailedException refusal;

  /**
   * Wraps a refusal.
   *
   * @param refusal which limit it was; becomes the cause
   */
  public AliasFailedException(MappingFailedException refusal) {
    super(refusal.getMessage(), refusal);
    this.refusal = refusal;
  }

  /**
   * Returns what was refused and why.
   *
   * @return the cause
   */
  public MappingFailedException refusal() {
    return refusal;
  }
}
