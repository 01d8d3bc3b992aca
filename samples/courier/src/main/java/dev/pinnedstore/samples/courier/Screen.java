package dev.pinnedstore.samples.courier;

import java.io.PrintWriter;

/**
 * What the user sees while the program runs: problems, a line each, and on a terminal one line
 * below them that is drawn again and again. Safe for threads.
 */
final class Screen {
  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean isTerminal;
  private int drawn;

  Screen(Surroundings surroundings) {
    this.out = surroundings.out();
    this.err = surroundings.err();
    this.isTerminal = surroundings.isTerminal();
  }

  /** Whether {@link #draw} does anything. */
  boolean isTerminal() {
    return isTerminal;
  }

  /** Prints a line about something that went wrong. */
  synchronized void problem(String text) {
    clearBar();
    // A file's name may hold anything, a line of its own for one.
    err.println("courier: " + text.replaceAll("\\p{Cntrl}", "?"));
    err.flush();
  }

  /** Prints a line about so many of something, if there are any. */
  void problems(String what, int count) {
    if (count > 0) {
      problem(Units.count(count) + " " + what);
    }
  }

  /** Draws the line. */
  synchronized void draw(String text) {
    if (isTerminal) {
      out.print("\r" + text + " ".repeat(Math.max(0, drawn - text.length())));
      out.flush();
      drawn = text.length();
    }
  }

  /** Wipes the line. */
  synchronized void clearBar() {
    if (drawn > 0) {
      draw("");
      out.print("\r");
      out.flush();
    }
  }
}
