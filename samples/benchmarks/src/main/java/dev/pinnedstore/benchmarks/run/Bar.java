package dev.pinnedstore.benchmarks.run;

/**
 * One contender of a comparison, with what it measured.
 *
 * @param label its name
 * @param kind whose it is
 * @param value nanoseconds, or what the comparison counts
 * @param error half of its confidence interval, or NaN
 */
record Bar(String label, Kind kind, double value, double error) {
  /** Whose a figure is. */
  enum Kind {
    /** What the machine allows. */
    CEILING,
    /** This store. */
    STORE,
    /** Something else. */
    PEER
  }
}
