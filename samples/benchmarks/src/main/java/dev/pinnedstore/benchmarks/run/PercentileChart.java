package dev.pinnedstore.benchmarks.run;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Locale;

/**
 * Draws latencies by percentile, both axes logarithmic: to the right each step is a tenth of the
 * operations that are left.
 */
final class PercentileChart {
  private static final double WIDTH = 720;
  private static final double HEIGHT = 330;
  private static final double LEFT = 62;
  private static final double RIGHT = WIDTH - 14;
  private static final double TOP = 14;
  private static final double BOTTOM = HEIGHT - 42;
  private static final double NINES = 5;

  private final Markup markup = new Markup();
  private final double low;
  private final double high;

  private PercentileChart(List<JsonObject> subjects) {
    double least = Double.MAX_VALUE;
    double most = 1;
    for (JsonObject subject : subjects) {
      for (JsonElement point : subject.getAsJsonArray("curve")) {
        double value = Math.max(1, point.getAsJsonArray().get(1).getAsDouble());
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
    }
    low = Math.floor(Math.log10(least));
    high = Math.max(low + 1, Math.ceil(Math.log10(most)));
  }

  /** A curve for each subject, in the colours {@code curve0}, {@code curve1} and so on. */
  static Markup of(List<JsonObject> subjects, String title) {
    PercentileChart chart = new PercentileChart(subjects);
    chart.draw(subjects, title);
    return chart.markup.close();
  }

  private void draw(List<JsonObject> subjects, String title) {
    String box = "0 0 " + Svg.number(WIDTH) + " " + Svg.number(HEIGHT);
    markup.open(
        "svg",
        "xmlns",
        "http://www.w3.org/2000/svg",
        "viewBox",
        box,
        "role",
        "img",
        "aria-label",
        title);
    axes();
    for (int i = 0; i < subjects.size(); i++) {
      curve(subjects.get(i).getAsJsonArray("curve"), i);
    }
  }

  private void axes() {
    for (double decade = low; decade <= high; decade++) {
      double y = y(Math.pow(10, decade));
      line("grid", LEFT, y, RIGHT, y);
      text(Units.nanos(Math.pow(10, decade)), LEFT - 6, y + 4, "end");
    }
    String[] labels = {"0", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"};
    for (int nines = 0; nines <= NINES; nines++) {
      double x = LEFT + nines / NINES * (RIGHT - LEFT);
      line("grid", x, TOP, x, BOTTOM);
      text(labels[nines], x, BOTTOM + 16, nines == NINES ? "end" : "middle");
    }
    text("operations that took no longer", RIGHT, BOTTOM + 34, "end");
  }

  private void curve(JsonArray points, int index) {
    StringBuilder steps = new StringBuilder();
    for (JsonElement element : points) {
      JsonArray point = element.getAsJsonArray();
      double x = x(point.get(0).getAsDouble());
      double y = y(Math.max(1, point.get(1).getAsDouble()));
      steps.append(steps.isEmpty() ? 'M' : 'L').append(Svg.number(x)).append(' ');
      steps.append(Svg.number(y));
    }
    markup.empty("path", "class", "curve curve" + index, "d", steps.toString());
  }

  private double x(double percentile) {
    double left = Math.max(Math.pow(10, -NINES), 1 - percentile / 100);
    return LEFT + -Math.log10(left) / NINES * (RIGHT - LEFT);
  }

  private double y(double value) {
    return BOTTOM - (Math.log10(value) - low) / (high - low) * (BOTTOM - TOP);
  }

  private void line(String style, double x1, double y1, double x2, double y2) {
    String path = String.format(Locale.ROOT, "M%.1f %.1fL%.1f %.1f", x1, y1, x2, y2);
    markup.empty("path", "class", style, "d", path);
  }

  private void text(String content, double x, double y, String anchor) {
    markup.element(
        "text",
        content,
        "class",
        "tick",
        "x",
        Svg.number(x),
        "y",
        Svg.number(y),
        "text-anchor",
        anchor);
  }
}
