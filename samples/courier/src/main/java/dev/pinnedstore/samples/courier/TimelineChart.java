package dev.pinnedstore.samples.courier;

import static dev.pinnedstore.store.StoreEvent.Kind.PAGE_GIVEN_BACK;
import static dev.pinnedstore.store.StoreEvent.Kind.PAGE_MADE;
import static dev.pinnedstore.store.StoreEvent.Kind.PAGE_REUSED;
import static dev.pinnedstore.store.StoreEvent.Kind.STALL;
import static dev.pinnedstore.store.StoreEvent.Kind.STORE_FULL;

import dev.pinnedstore.store.StoreEvent;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.stream.Collectors;

/**
 * Live and committed bytes over time, and below them a row of marks for each kind of event. Charts
 * of one report have the same axes, so that they can be compared.
 */
final class TimelineChart {
  private static final double TOP = 62;
  private static final double BOTTOM = 262;
  private static final double ROW = 22;
  private static final double TALLEST_MARK = 15;
  private static final double SHORTEST_MARK = 5;

  /** What a row of marks is about. */
  private record Row(StoreEvent.Kind kind, String name, String style) {}

  private static final List<Row> ROWS =
      List.of(
          new Row(PAGE_MADE, "made ahead", "mark"),
          new Row(STALL, "stall", "mark stall"),
          new Row(PAGE_REUSED, "reused", "mark"),
          new Row(PAGE_GIVEN_BACK, "given back", "mark"),
          new Row(STORE_FULL, "store full", "mark stall"));

  private final Outcome outcome;
  private final Timeline timeline;
  private final SvgChart chart;

  private TimelineChart(Outcome outcome, Axis time, Axis bytes, String id) {
    this.outcome = outcome;
    this.timeline = outcome.timeline();
    String title = "Memory of the " + outcome.backend() + " store over time";
    double foot = ROWS.size() * ROW + 8;
    this.chart = new SvgChart(id, title, description(), time, bytes, TOP, BOTTOM, foot);
  }

  /** The time that all charts of the outcomes share. */
  static Axis time(List<Outcome> outcomes) {
    return Axis.ofTime(
        "time since the start",
        outcomes.stream().mapToLong(it -> it.timeline().lastNanos()).max().orElse(0));
  }

  /** The bytes that all charts of the outcomes share. */
  static Axis bytes(List<Outcome> outcomes) {
    return Axis.ofBytes(
        "memory",
        outcomes.stream()
            .mapToLong(it -> Math.max(it.config().maxBytes(), it.timeline().committed().peak()))
            .max()
            .orElse(0));
  }

  static Markup of(Outcome outcome, Axis time, Axis bytes, String id) {
    TimelineChart drawing = new TimelineChart(outcome, time, bytes, id);
    drawing.legend();
    drawing.memory();
    drawing.delivered();
    for (int row = 0; row < ROWS.size(); row++) {
      drawing.marks(ROWS.get(row), BOTTOM + (row + 1) * ROW);
    }
    return drawing.chart.end();
  }

  /** What the chart shows, in words. */
  private String description() {
    return "Live bytes reach "
        + Units.bytes(timeline.live().peak())
        + ", committed bytes "
        + Units.bytes(timeline.committed().peak())
        + " of "
        + Units.bytes(outcome.config().maxBytes())
        + "; everything is delivered after "
        + Units.time(outcome.nanos())
        + ". Events: "
        + ROWS.stream()
            .map(row -> row.name + " " + Units.count(timeline.count(row.kind)))
            .collect(Collectors.joining(", "))
        + ".";
  }

  private void legend() {
    double y = 16;
    double x = SvgChart.LEFT;
    chart.rect("low", x, y - 8, 18, 10);
    x = label("live", x);
    chart.line("committed", x, y - 3, x + 18, y - 3);
    x = label("committed", x);
    chart.line("limit", x, y - 3, x + 18, y - 3);
    label("limit, " + Units.bytes(outcome.config().maxBytes()), x);
  }

  private double label(String text, double x) {
    chart.text(text, x + 24, 17, "label", "start");
    return x + 24 + SvgChart.width(text) + 26;
  }

  private void memory() {
    chart.path("high", area(timeline.live()::high));
    chart.path("low", area(timeline.live()::low));
    chart.path("committed", steps(timeline.committed()::high));
    double limit = chart.y(outcome.config().maxBytes());
    chart.line("limit", SvgChart.LEFT, limit, SvgChart.RIGHT, limit);
  }

  /** The values as a staircase; where nothing was seen, the last value goes on. */
  private String steps(IntToLongFunction value) {
    StringBuilder path = new StringBuilder();
    String last = "";
    for (int span = 0; span < timeline.spans(); span++) {
      if (timeline.live().has(span)) {
        String x = SvgChart.number(chart.x((double) span * timeline.spanNanos()));
        String y = SvgChart.number(chart.y(value.applyAsLong(span)));
        if (last.isEmpty()) {
          path.append('M').append(x).append(' ').append(y);
        } else if (!y.equals(last)) {
          path.append('H').append(x).append('V').append(y);
        }
        last = y;
      }
    }
    if (!last.isEmpty()) {
      double end = Math.max(timeline.lastNanos(), (double) Timeline.FIRST_SPAN_NANOS);
      path.append('H').append(SvgChart.number(chart.x(end)));
    }
    return path.toString();
  }

  private String area(IntToLongFunction value) {
    String steps = steps(value);
    if (steps.isEmpty()) {
      return steps;
    }
    String floor = SvgChart.number(BOTTOM);
    String start = steps.substring(1, steps.indexOf(' '));
    return steps + "V" + floor + "H" + start + "Z";
  }

  private void delivered() {
    double x = chart.x(outcome.nanos());
    String text = "all delivered, " + Units.time(outcome.nanos());
    boolean fits = x + 6 + SvgChart.width(text) <= SvgChart.RIGHT;
    chart.line("moment", x, TOP - 6, x, BOTTOM + ROWS.size() * ROW + 8);
    chart.text(text, fits ? x + 6 : x - 6, TOP + 6, "label", fits ? "start" : "end");
  }

  /** A row of marks: as tall as there were many in a span, beside the span with the most. */
  private void marks(Row row, double floor) {
    long most = 1;
    for (int span = 0; span < timeline.spans(); span++) {
      most = Math.max(most, timeline.count(row.kind, span));
    }
    StringBuilder path = new StringBuilder();
    for (int span = 0; span < timeline.spans(); span++) {
      long count = timeline.count(row.kind, span);
      if (count > 0) {
        double height = SHORTEST_MARK + (TALLEST_MARK - SHORTEST_MARK) * count / most;
        double x = chart.x((span + 0.5) * timeline.spanNanos());
        path.append('M').append(SvgChart.number(x)).append(' ').append(SvgChart.number(floor));
        path.append('V').append(SvgChart.number(floor - height));
      }
    }
    chart.line("row", SvgChart.LEFT, floor, SvgChart.RIGHT, floor);
    chart.path(row.style, path.toString());
    chart.text(row.name, SvgChart.LEFT - 8, floor - 2, "label", "end");
    chart.text(total(row), SvgChart.RIGHT + 8, floor - 2, "label", "start");
  }

  private String total(Row row) {
    String count = Units.count(timeline.count(row.kind));
    long nanos = timeline.durationNanos(row.kind);
    return row.kind == STALL && nanos > 0 ? count + ", " + Units.time(nanos) : count;
  }
}
