package dev.pinnedstore.benchmarks.run;

import java.time.Duration;

/** How much is run. */
enum Mode {
  /** All sizes, two forks: what is published. */
  FULL(Duration.ofMinutes(20)),
  /** A few sizes, one fork: where things stand. */
  QUICK(Duration.ofMinutes(2)),
  /** That it runs, and nothing about speed. */
  SMOKE(Duration.ofMinutes(2));

  private final Duration bound;

  Mode(Duration bound) {
    this.bound = bound;
  }

  /** No run takes longer: what does not fit in is left out, and named. */
  Duration bound() {
    return bound;
  }
}
