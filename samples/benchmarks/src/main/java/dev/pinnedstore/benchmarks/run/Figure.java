package dev.pinnedstore.benchmarks.run;

import java.util.Map;

/**
 * One result of JMH.
 *
 * @param benchmark the class and the method, as in {@code AppendBenchmark.append}
 * @param threads how many ran it
 * @param params its parameters
 * @param score the mean, in its unit
 * @param error half of the 99.9 % confidence interval; NaN of one sample
 * @param more what profilers added, by name
 */
record Figure(
    String benchmark,
    int threads,
    Map<String, String> params,
    double score,
    double error,
    Map<String, Double> more) {

  /** Whether it has these parameters: names and values by turns. */
  boolean has(String... namesAndValues) {
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (!namesAndValues[i + 1].equals(params.get(namesAndValues[i]))) {
        return false;
      }
    }
    return true;
  }
}
