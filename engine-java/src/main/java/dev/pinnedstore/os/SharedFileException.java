package dev.pinnedstore.os;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/** A named file is not what it should be. The message names the file, the value and the rule. */
public final class SharedFileException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /** What is wrong. */
  public enum Problem {
    /** There is no file of that name. */
    MISSING,
    /** It has another length, or is no plain file. */
    SHAPE,
    /** It belongs to another user. */
    OWNER
  }

  /** What is wrong. */
  private final Problem problem;

  SharedFileException(Problem problem, Path path, String detail) {
    super(path + ": " + detail);
    this.problem = problem;
  }

  /**
   * Says that a file is not what its name promises.
   *
   * @param path the file
   * @param detail what is wrong
   * @return the exception
   */
  public static SharedFileException shape(Path path, String detail) {
    return new SharedFileException(Problem.SHAPE, path, detail);
  }

  /**
   * Returns what is wrong.
   *
   * @return the problem
   */
  public Problem problem() {
    return problem;
  }
}
