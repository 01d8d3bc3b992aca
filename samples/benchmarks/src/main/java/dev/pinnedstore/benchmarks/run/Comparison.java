package dev.pinnedstore.benchmarks.run;

import java.util.List;
import java.util.Optional;

/**
 * Figures of one operation at one size, beside their ceiling. Less is better.
 *
 * @param group what is compared, the same for all sizes
 * @param size bytes of a blob, or zero where there is none
 * @param bars the contenders; the first one of kind CEILING is what the others are measured by
 */
record Comparison(String group, long size, List<Bar> bars) {

  /** The ceiling, if it was measured. */
  Optional<Bar> ceiling() {
    return bars.stream().filter(it -> it.kind() == Bar.Kind.CEILING).findFirst();
  }

  /** The speed of a contender as a part of the ceiling's. */
  String ratio(Bar bar) {
    return ceiling().map(it -> Units.ratio(it.value() / bar.value())).orElse("");
  }

  Optional<Bar> bar(String label) {
    return bars.stream().filter(it -> it.label().equals(label)).findFirst();
  }
}
