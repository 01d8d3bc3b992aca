package dev.pinnedstore.samples.courier;

import java.util.List;
import java.util.function.Function;
import org.HdrHistogram.Histogram;

/** The table at the end: a row for each figure, a column for each backend. */
final class Report {
  private static final String GAP = "  ";
  private static final String NONE = "-";

  /** The figures, the backend's name first. */
  static final List<Row> ROWS =
      List.of(
          new Row("", Outcome::backend),
          new Row("files", it -> Units.count(it.files())),
          new Row("bytes", it -> Units.bytes(it.bytes())),
          new Row("blobs", it -> Units.count(it.blobs())),
          new Row("verified", it -> Units.count(it.verifiedBlobs())),
          new Row("unreadable", it -> Units.count(it.unreadable())),
          new Row("seconds", it -> Units.decimal(it.nanos() / 1e9)),
          new Row("GB/s", Report::speed),
          new Row("append p50", it -> append(it, 50)),
          new Row("append p99", it -> append(it, 99)),
          new Row("append p99.9", it -> append(it, 99.9)),
          new Row("append max", it -> append(it, 100)),
          new Row("memory limit", it -> Units.bytes(it.config().maxBytes())),
          new Row("waits for room", it -> Units.count(it.waits())),
          new Row("pages made", it -> Units.count(it.stats().pagesMade())),
          new Row("pages reused", it -> Units.count(it.stats().pagesReused())),
          new Row("pages given back", it -> Units.count(it.stats().pagesGivenBack())),
          new Row("committed, peak", it -> Units.bytes(it.stats().peakCommittedBytes())),
          new Row("committed, final", it -> Units.bytes(it.stats().committedBytes())));

  /** What some figures mean. */
  static final List<String> LEGEND =
      List.of(
          "seconds: to read, checksum, append, view in place, checksum and acknowledge it all",
          "append: one call of up to "
              + Units.bytes(FileFeed.PIECE_BYTES)
              + ", from the first on, without the waits for room");

  /** One figure of each backend. */
  record Row(String name, Function<Outcome, String> cell) {}

  private Report() {}

  static String of(FileList files, int consumers, List<Outcome> outcomes) {
    StringBuilder text = new StringBuilder();
    text.append("Delivered files below ")
        .append(files.root())
        .append(" to ")
        .append(consumers)
        .append(consumers == 1 ? " consumer" : " consumers")
        .append(System.lineSeparator())
        .append(System.lineSeparator());
    int nameWidth = ROWS.stream().mapToInt(row -> row.name.length()).max().orElse(0);
    for (Row row : ROWS) {
      text.append(pad(row.name, -nameWidth));
      for (Outcome outcome : outcomes) {
        text.append(GAP).append(pad(row.cell.apply(outcome), width(outcome)));
      }
      text.append(System.lineSeparator());
    }
    text.append(System.lineSeparator());
    LEGEND.forEach(line -> text.append(line).append(System.lineSeparator()));
    return text.toString();
  }

  private static int width(Outcome outcome) {
    return ROWS.stream().mapToInt(row -> row.cell.apply(outcome).length()).max().orElse(0);
  }

  private static String speed(Outcome outcome) {
    return outcome.bytes() == 0 ? NONE : Units.decimal((double) outcome.bytes() / outcome.nanos());
  }

  private static String append(Outcome outcome, double percentile) {
    Histogram nanos = outcome.appendNanos();
    return nanos.getTotalCount() == 0 ? NONE : Units.time(nanos.getValueAtPercentile(percentile));
  }

  /** Pads to the left, or to the right when the width is negative. */
  private static String pad(String text, int width) {
    return ("%" + width + "s").formatted(text);
  }
}
