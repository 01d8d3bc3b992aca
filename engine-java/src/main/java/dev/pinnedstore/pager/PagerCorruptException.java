package dev.pinnedstore.pager;

import java.io.Serial;

/** The file is damaged, cut short, of a newer format, or no pager file at all. */
public final class PagerCorruptException extends PagerException {

  @Serial private static final long serialVersionUID = 1L;

  /** What is wrong. */
  private final String field;

  PagerCorruptException(String field, String message) {
    super(message, null);
    this.field = field;
  }

  /**
   * Returns the name of what is wrong.
   *
   * @return a name of the format: {@code magic}, {@code version}, {@code superblock checksum},
   *     {@code file length}, {@code page map}, {@code log}, {@code protected page} and so on
   */
  public String field() {
    return field;
  }
}
