package dev.pinnedstore.samples.courier;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One axis of a chart: what it measures, between which values, and where its ticks are.
 *
 * @param title what it measures, with the unit
 * @param from the value at its beginning
 * @param to the value at its end
 * @param isLog whether equal ratios are equal distances, rather than equal differences
 * @param ticks where values are marked
 */
record Axis(String title, double from, double to, boolean isLog, List<Tick> ticks) {

  /** A marked value; without a label it is a lesser one. */
  record Tick(double value, String label) {
    boolean isMajor() {
      return !label.isEmpty();
    }
  }

  private static final int MOST_TIMES = 10;
  private static final int MOST_SIZES = 5;
  private static final double HEADROOM = 1.14;

  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);
  private static final long HOUR = TimeUnit.HOURS.toNanos(1);

  /** Distances of ticks that people read easily; beyond them days are doubled. */
  private static final long[] TIME_STEPS = {
    MILLI,
    2 * MILLI,
    5 * MILLI,
    10 * MILLI,
    20 * MILLI,
    50 * MILLI,
    100 * MILLI,
    200 * MILLI,
    500 * MILLI,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
    24 * HOUR
  };

  private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  private static final String[] DECIMAL = {"ns", "us", "ms", "s"};

  /** Time from 0 on, in ns. */
  static Axis ofTime(String title, long nanos) {
    double to = Math.max(nanos, MILLI);
    double step = TIME_STEPS[0];
    for (int i = 1; to / step > MOST_TIMES; i++) {
      step = i < TIME_STEPS.length ? TIME_STEPS[i] : 2 * step;
    }
    long unit = to < 2 * SECOND ? MILLI : to < 2 * MINUTE ? SECOND : to < 2 * HOUR ? MINUTE : HOUR;
    String name = unit == MILLI ? "ms" : unit == SECOND ? "s" : unit == MINUTE ? "min" : "h";
    return new Axis(title + ", " + name, 0, to, false, even(step, to, unit));
  }

  /** Bytes from 0 on, with some room above the most. */
  static Axis ofBytes(String title, long most) {
    double step = 1;
    while (most / step > MOST_SIZES) {
      step *= 2;
    }
    int unit = 0;
    double size = 1;
    while (most / size >= 1024) {
      size *= 1024;
      unit++;
    }
    double to = Math.max(most, 1);
    return new Axis(title + ", " + BINARY[unit], 0, to * HEADROOM, false, even(step, to, size));
  }

  /** Times between two powers of ten of a ns, each decade with its steps. */
  static Axis ofLatency(String title, int fromDecade, int toDecade) {
    List<Tick> ticks = new ArrayList<>();
    for (int decade = fromDecade; decade <= toDecade; decade++) {
      double value = Math.pow(10, decade);
      ticks.add(new Tick(value, latency(decade)));
      for (int i = 2; decade < toDecade && i < 10; i++) {
        ticks.add(new Tick(i * value, ""));
      }
    }
    return new Axis(title, Math.pow(10, fromDecade), Math.pow(10, toDecade), true, ticks);
  }

  /** Counts from 1 on by powers of ten; begins below 1, so that one is something to see. */
  static Axis ofCounts(String title, long most) {
    List<Tick> ticks = new ArrayList<>();
    for (double value = 1; value <= Math.max(most, 1); value *= 10) {
      ticks.add(new Tick(value, Units.count((long) value)));
    }
    return new Axis(title, 0.5, Math.max(most, 1) * 1.5, true, ticks);
  }

  /** Where a value is, 0 at the beginning and 1 at the end; values beyond are at the ends. */
  double at(double value) {
    double part =
        isLog ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
    return Math.clamp(part, 0, 1);
  }

  private static List<Tick> even(double step, double to, double unit) {
    List<Tick> ticks = new ArrayList<>();
    for (int i = 0; i * step <= to; i++) {
      ticks.add(new Tick(i * step, number(i * step / unit)));
    }
    return ticks;
  }

  private static String latency(int decade) {
    int unit = Math.clamp(decade / 3, 0, DECIMAL.length - 1);
    return number(Math.pow(10, decade - 3 * unit)) + " " + DECIMAL[unit];
  }

  private static String number(double value) {
    BigDecimal rounded = new BigDecimal(value, new MathContext(4));
    return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
  }
}
