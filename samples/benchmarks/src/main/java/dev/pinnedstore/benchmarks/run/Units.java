package dev.pinnedstore.benchmarks.run;

import java.util.Locale;

/** Numbers as people read them. */
final class Units {
  private Units() {}

  /** Bytes: 64 B, 4 KiB, 1 MiB. */
  static String bytes(long bytes) {
    if (bytes >= 1 << 30) {
      return trimmed(bytes / (double) (1 << 30)) + " GiB";
    }
    if (bytes >= 1 << 20) {
      return trimmed(bytes / (double) (1 << 20)) + " MiB";
    }
    return bytes >= 1 << 10 ? trimmed(bytes / 1024.0) + " KiB" : bytes + " B";
  }

  /** Nanoseconds in a unit that leaves three digits. */
  static String nanos(double nanos) {
    if (nanos >= 1e9) {
      return digits(nanos / 1e9) + " s";
    }
    if (nanos >= 1e6) {
      return digits(nanos / 1e6) + " ms";
    }
    return nanos >= 10_000 ? digits(nanos / 1e3) + " µs" : digits(nanos) + " ns";
  }

  /** Two to three digits that count. */
  static String digits(double value) {
    double size = Math.abs(value);
    String format = size >= 1000 ? "%,.0f" : size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f";
    return trailing(String.format(Locale.ROOT, format, value));
  }

  /** A ratio. */
  static String ratio(double value) {
    String format = value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : value >= 0.1 ? "%.2f" : "%.3f";
    return String.format(Locale.ROOT, format, value);
  }

  private static String trimmed(double value) {
    return trailing(String.format(Locale.ROOT, "%.1f", value));
  }

  private static String trailing(String number) {
    return number.contains(".") ? number.replaceFirst("\\.?0+$", "") : number;
  }
}
