package dev.pinnedstore.samples.courier;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Figures as people write and read them. */
final class Units {
  private static final Pattern SIZE =
      Pattern.compile("([0-9]{1,19})(KiB|MiB|GiB)?", Pattern.CASE_INSENSITIVE);
  private static final Pattern TIME_OF = Pattern.compile("([0-9]{1,9})(ms|s)");
  private static final Duration SHORTEST = Duration.ofMillis(10);
  private static final Duration LONGEST = Duration.ofHours(1);
  private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  private static final String[] TIME = {"ns", "us", "ms", "s"};

  private Units() {}

  /**
   * Reads a number of bytes, at least 1, with or without KiB, MiB or GiB behind it.
   *
   * @throws IllegalArgumentException when the text is anything else
   */
  static long parseBytes(String text) {
    Matcher matcher = SIZE.matcher(text);
    if (matcher.matches()) {
      String suffix = matcher.group(2);
      try {
        long bytes = Math.multiplyExact(Long.parseLong(matcher.group(1)), factor(suffix));
        if (bytes > 0) {
          return bytes;
        }
      } catch (ArithmeticException | NumberFormatException e) {
        throw new IllegalArgumentException(message(text), e);
      }
    }
    throw new IllegalArgumentException(message(text));
  }

  /**
   * Reads a time between 10 ms and 1 h, in ms or s.
   *
   * @throws IllegalArgumentException when the text is anything else
   */
  static Duration parseTime(String text) {
    Matcher matcher = TIME_OF.matcher(text);
    if (matcher.matches()) {
      long count = Long.parseLong(matcher.group(1));
      Duration time =
          matcher.group(2).equals("s") ? Duration.ofSeconds(count) : Duration.ofMillis(count);
      if (time.compareTo(SHORTEST) >= 0 && time.compareTo(LONGEST) <= 0) {
        return time;
      }
    }
    throw new IllegalArgumentException(
        text + ": must be a time between 10ms and 3600s, a whole number with ms or s behind it");
  }

  /** For example {@code 289.3 MiB}. */
  static String bytes(long bytes) {
    int unit = 0;
    double value = bytes;
    // What would be rounded to 1024.0 is one of the next unit.
    while (value >= 1023.95 && unit < BINARY.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, BINARY[unit]);
  }

  /** For example {@code 23.4 us}. */
  static String time(long nanos) {
    int unit = 0;
    double value = nanos;
    while (value >= 999.95 && unit < TIME.length - 1) {
      value /= 1000;
      unit++;
    }
    return unit == 0 ? nanos + " ns" : String.format(Locale.ROOT, "%.1f %s", value, TIME[unit]);
  }

  /** For example {@code 1,352}. */
  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** For example {@code 0.74}. */
  static String decimal(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private static long factor(@Nullable String suffix) {
    return suffix == null
        ? 1
        : switch (Character.toUpperCase(suffix.charAt(0))) {
          case 'K' -> 1L << 10;
          case 'M' -> 1L << 20;
          default -> 1L << 30;
        };
  }

  private static String message(String text) {
    return text
        + ": must be a number of bytes between 1 and "
        + Long.MAX_VALUE
        + ", or one with KiB, MiB or GiB behind it";
  }
}
