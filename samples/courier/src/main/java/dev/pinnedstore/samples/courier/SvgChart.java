package dev.pinnedstore.samples.courier;

import java.util.Locale;

/**
 * The frame of a chart in SVG: a view box, a text alternative, two axes with ticks and titles, and
 * the way from values to coordinates. What the chart shows is drawn into {@link #markup()}.
 */
final class SvgChart {
  /** The width of each chart, in units of its view box: pixels where there is room. */
  static final double WIDTH = 960;

  /** Where plots begin and end, so that those of one page stand below each other. */
  static final double LEFT = 116;

  static final double RIGHT = WIDTH - 92;

  private static final double LINE = 16;
  private static final double TICK = 5;

  private final Markup markup = new Markup();
  private final Axis across;
  private final Axis up;
  private final double top;
  private final double bottom;

  /**
   * Begins a chart and draws its axes.
   *
   * @param id a name that no other chart of the page has
   * @param title what it is, for those who do not see it
   * @param description what it shows, for those who do not see it
   * @param across the axis from left to right
   * @param up the axis from bottom to top
   * @param top where the plot begins
   * @param bottom where the plot ends
   * @param foot how much there is between the plot and the axis below it
   */
  SvgChart(
      String id,
      String title,
      String description,
      Axis across,
      Axis up,
      double top,
      double bottom,
      double foot) {
    this.across = across;
    this.up = up;
    this.top = top;
    this.bottom = bottom;
    double floor = bottom + foot;
    markup.open(
        "svg",
        "xmlns",
        "http://www.w3.org/2000/svg",
        "viewBox",
        "0 0 " + number(WIDTH) + " " + number(floor + TICK + 2.5 * LINE),
        "role",
        "img",
        "aria-labelledby",
        id + "-title " + id + "-text");
    markup.element("title", title, "id", id + "-title");
    markup.element("desc", description, "id", id + "-text");
    drawUp();
    drawAcross(floor);
  }

  private void drawUp() {
    text(up.title(), 0, top - 10, "axis-title", "start");
    for (Axis.Tick tick : up.ticks()) {
      double y = y(tick.value());
      line("grid", LEFT, y, RIGHT, y);
      text(tick.label(), LEFT - 8, y + 4, "tick", "end");
    }
  }

  private void drawAcross(double floor) {
    for (Axis.Tick tick : across.ticks()) {
      double x = x(tick.value());
      if (tick.isMajor()) {
        line("grid", x, top, x, floor);
        text(tick.label(), x, floor + TICK + 14, "tick", "middle");
      }
      line("axis", x, floor, x, floor + (tick.isMajor() ? TICK : TICK / 2));
    }
    line("axis", LEFT, floor, RIGHT, floor);
    text(across.title(), RIGHT, floor + TICK + 14 + LINE, "axis-title", "end");
  }

  double x(double value) {
    return LEFT + across.at(value) * (RIGHT - LEFT);
  }

  double y(double value) {
    return bottom - up.at(value) * (bottom - top);
  }

  Markup markup() {
    return markup;
  }

  void line(String style, double x1, double y1, double x2, double y2) {
    markup.empty(
        "line",
        "class",
        style,
        "x1",
        number(x1),
        "y1",
        number(y1),
        "x2",
        number(x2),
        "y2",
        number(y2));
  }

  void text(String content, double x, double y, String style, String anchor) {
    markup.element(
        "text", content, "class", style, "x", number(x), "y", number(y), "text-anchor", anchor);
  }

  void rect(String style, double x, double y, double width, double height) {
    markup.empty("rect", rectangle(style, x, y, width, height));
  }

  /** A rectangle that says what it is when it is pointed at. */
  void rect(String style, double x, double y, double width, double height, String tip) {
    markup.open("rect", rectangle(style, x, y, width, height)).element("title", tip).close();
  }

  void path(String style, String steps) {
    if (!steps.isEmpty()) {
      markup.empty("path", "class", style, "d", steps);
    }
  }

  /** Ends the chart. */
  Markup end() {
    return markup.close();
  }

  /** For example {@code 12.3}, or {@code 12}: a tenth of a pixel is all that can be seen. */
  static String number(double value) {
    String text = String.format(Locale.ROOT, "%.1f", value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }

  /** About how wide a text is. */
  static double width(String text) {
    return 6.8 * text.length();
  }

  private static String[] rectangle(String style, double x, double y, double width, double height) {
    return new String[] {
      "class",
      style,
      "x",
      number(x),
      "y",
      number(y),
      "width",
      number(width),
      "height",
      number(height)
    };
  }
}
