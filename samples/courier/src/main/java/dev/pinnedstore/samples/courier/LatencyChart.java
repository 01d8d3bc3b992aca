package dev.pinnedstore.samples.courier;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.HdrHistogram.Histogram;

/**
 * The histogram of what appends took, with percentiles marked. Charts of one report have the same
 * axes, so that they can be compared.
 */
final class LatencyChart {
  private static final double TOP = 92;
  private static final double BOTTOM = 272;
  private static final double GAP = 1;

  /** Where the lines of labels above the plot are, the lowest first. */
  private static final double LABELS = 66;

  private static final double LABEL_LINE = 17;
  private static final double LABEL_GAP = 10;

  private record Mark(String name, double percentile) {}

  private static final List<Mark> MARKS =
      List.of(
          new Mark("p50", 50), new Mark("p99", 99), new Mark("p99.9", 99.9), new Mark("max", 100));

  private LatencyChart() {}

  /** The times that all charts of the outcomes share: whole decades. */
  static Axis time(List<Outcome> outcomes) {
    int from = Integer.MAX_VALUE;
    int to = Integer.MIN_VALUE;
    for (Outcome outcome : outcomes) {
      SortedMap<Integer, Long> bins = LatencyBins.of(outcome.appendNanos());
      if (!bins.isEmpty()) {
        from = Math.min(from, Math.floorDiv(bins.firstKey(), LatencyBins.PER_DECADE));
        to = Math.max(to, Math.floorDiv(bins.lastKey(), LatencyBins.PER_DECADE) + 1);
      }
    }
    String title = "time of one append, log scale";
    return from < to ? Axis.ofLatency(title, from, to) : Axis.ofLatency(title, 3, 6);
  }

  /** The counts that all charts of the outcomes share. */
  static Axis counts(List<Outcome> outcomes) {
    return Axis.ofCounts(
        "appends, log scale",
        outcomes.stream()
            .flatMap(it -> LatencyBins.of(it.appendNanos()).values().stream())
            .mapToLong(Long::longValue)
            .max()
            .orElse(1));
  }

  static Markup of(Outcome outcome, Axis time, Axis counts, String id) {
    Histogram nanos = outcome.appendNanos();
    String title = "Time of appends to the " + outcome.backend() + " store";
    SvgChart chart = new SvgChart(id, title, description(nanos), time, counts, TOP, BOTTOM, 0);
    for (Map.Entry<Integer, Long> bin : LatencyBins.of(nanos).entrySet()) {
      bar(chart, bin.getKey(), bin.getValue());
    }
    if (nanos.getTotalCount() > 0) {
      marks(chart, nanos);
    } else {
      double middle = (SvgChart.LEFT + SvgChart.RIGHT) / 2;
      chart.text("nothing was appended", middle, (TOP + BOTTOM) / 2, "label", "middle");
    }
    return chart.end();
  }

  private static String description(Histogram nanos) {
    if (nanos.getTotalCount() == 0) {
      return "Nothing was appended.";
    }
    List<String> parts = new ArrayList<>();
    for (Mark mark : MARKS) {
      parts.add(label(mark, nanos));
    }
    return Units.count(nanos.getTotalCount()) + " appends: " + String.join(", ", parts) + ".";
  }

  private static void bar(SvgChart chart, int bin, long count) {
    double x = chart.x(LatencyBins.start(bin));
    double y = chart.y(count);
    String tip =
        Units.time(Math.round(LatencyBins.start(bin)))
            + " to "
            + Units.time(Math.round(LatencyBins.start(bin + 1)))
            + ": "
            + Units.count(count);
    double width = chart.x(LatencyBins.start(bin + 1)) - x - GAP;
    chart.rect("bar", x, y, Math.max(width, GAP), BOTTOM - y, tip);
  }

  /**
   * Lines from labels to the axis, from right to left. A label that would meet the one to its right
   * goes one line up, where no line of those crosses it.
   */
  private static void marks(SvgChart chart, Histogram nanos) {
    double[] free = new double[MARKS.size()];
    Arrays.fill(free, SvgChart.WIDTH);
    for (Mark mark : MARKS.reversed()) {
      double x = chart.x(nanos.getValueAtPercentile(mark.percentile));
      String label = label(mark, nanos);
      double width = SvgChart.width(label);
      double start = Math.min(x + 4, SvgChart.WIDTH - width);
      int line = 0;
      while (line < free.length - 1 && start + width > free[line]) {
        line++;
      }
      free[line] = start - LABEL_GAP;
      double y = LABELS - line * LABEL_LINE;
      chart.line("percentile", x, y - 11, x, BOTTOM);
      chart.text(label, start, y, "label", "start");
    }
  }

  private static String label(Mark mark, Histogram nanos) {
    return mark.name + " " + Units.time(nanos.getValueAtPercentile(mark.percentile));
  }
}
