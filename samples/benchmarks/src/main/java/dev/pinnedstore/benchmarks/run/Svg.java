package dev.pinnedstore.benchmarks.run;

import java.util.List;
import java.util.Locale;

/** Draws bar charts: one line for each contender, as long as it took. */
final class Svg {
  private static final double WIDTH = 440;
  private static final double LABELS = 164;
  private static final double VALUES = 124;
  private static final double LINE = 24;
  private static final double BAR = 14;

  /** Bars longer than so many ceilings are broken, so that the others can be told apart. */
  private static final double LONGEST = 12;

  private final Markup markup = new Markup();

  private Svg() {}

  /** The bars of a comparison, and the speed of each as a part of the ceiling's. */
  static Markup bars(Comparison comparison, String title) {
    Svg svg = new Svg();
    List<Bar> bars = comparison.bars();
    double most = bars.stream().mapToDouble(Bar::value).max().orElse(1);
    double longest = Math.min(most, comparison.ceiling().map(Bar::value).orElse(most) * LONGEST);
    svg.begin(WIDTH, bars.size() * LINE + 6, title);
    double y = 3;
    for (Bar bar : bars) {
      svg.bar(comparison, bar, longest, y);
      y += LINE;
    }
    return svg.markup.close();
  }

  private void bar(Comparison comparison, Bar bar, double most, double y) {
    double room = WIDTH - LABELS - VALUES;
    boolean broken = bar.value() > most;
    double length = broken ? room : Math.max(1, bar.value() / most * room);
    double middle = y + LINE / 2;
    text(bar.label(), LABELS - 8, middle + 4, "label", "end");
    markup.open(
        "rect",
        "class",
        bar.kind().name().toLowerCase(Locale.ROOT),
        "x",
        number(LABELS),
        "y",
        number(middle - BAR / 2),
        "width",
        number(length),
        "height",
        number(BAR),
        "rx",
        "2");
    String error = Double.isNaN(bar.error()) ? "" : " ± " + Units.nanos(bar.error());
    markup.element("title", bar.label() + ": " + Units.nanos(bar.value()) + error).close();
    if (broken) {
      double x = LABELS + length - 12;
      String gap = "M%s %sl4 -18h3l-4 18z".formatted(number(x), number(middle + 9));
      markup.empty("path", "class", "gap", "d", gap);
    } else if (!Double.isNaN(bar.error())) {
      double from = LABELS + Math.max(0, bar.value() - bar.error()) / most * room;
      double to = LABELS + Math.min(most * 1.04, bar.value() + bar.error()) / most * room;
      line(from, middle, to, middle);
    }
    String ratio = comparison.ratio(bar);
    boolean isCeiling = comparison.ceiling().filter(bar::equals).isPresent();
    String value = Units.nanos(bar.value()) + (isCeiling || ratio.isEmpty() ? "" : " · " + ratio);
    text(value, LABELS + Math.max(length, 0) + 8, middle + 4, "value", "start");
  }

  private void begin(double width, double height, String title) {
    markup.open(
        "svg",
        "xmlns",
        "http://www.w3.org/2000/svg",
        "viewBox",
        "0 0 " + number(width) + " " + number(height),
        "role",
        "img",
        "aria-label",
        title);
  }

  private void line(double x1, double y1, double x2, double y2) {
    markup.empty(
        "line",
        "class",
        "error",
        "x1",
        number(x1),
        "y1",
        number(y1),
        "x2",
        number(x2),
        "y2",
        number(y2));
  }

  private void text(String content, double x, double y, String style, String anchor) {
    markup.element(
        "text", content, "class", style, "x", number(x), "y", number(y), "text-anchor", anchor);
  }

  static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
