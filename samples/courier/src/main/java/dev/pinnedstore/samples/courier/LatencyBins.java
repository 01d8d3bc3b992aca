package dev.pinnedstore.samples.courier;

import java.util.SortedMap;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/** How many times of a histogram are in each of {@value #PER_DECADE} bins per power of ten. */
final class LatencyBins {
  static final int PER_DECADE = 10;

  private LatencyBins() {}

  /** The bins that are not empty: what is in bin {@code b} begins at {@link #start(int)} of it. */
  static SortedMap<Integer, Long> of(Histogram nanos) {
    SortedMap<Integer, Long> bins = new TreeMap<>();
    for (HistogramIterationValue value : nanos.recordedValues()) {
      bins.merge(bin(value.getValueIteratedTo()), value.getCountAtValueIteratedTo(), Long::sum);
    }
    return bins;
  }

  /** The bin of a time; 0 ns is in that of 1 ns. */
  static int bin(long nanos) {
    return (int) Math.floor(Math.log10(Math.max(nanos, 1)) * PER_DECADE);
  }

  /** Where a bin begins, in ns. */
  static double start(int bin) {
    return Math.pow(10, (double) bin / PER_DECADE);
  }
}
