package dev.pinnedstore.samples.courier;

import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/** The table at the end: a row for each figure, a column for each backend. */
final class Report {
  private static final String GAP = "  ";
  private static final String NONE = "-";

  /** The figures, the backend's name first. */
  private static final List<Row> ROWS =
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

  /** More figures, where there were child processes. */
  private static final List<Row> PROCESS_ROWS =
      List.of(
          new Row("consumers killed", it -> process(it, Processes::consumersKilled)),
          new Row("producers killed", it -> process(it, Processes::producersKilled)),
          new Row("re-delivered", it -> process(it, Processes::redelivered)),
          new Row("blobs lost", it -> process(it, Processes::lost)),
          new Row("files left", it -> process(it, Processes::filesLeft)));

  private static final List<String> PROCESS_LEGEND =
      List.of(
          "shared: one process appends, others verify copies, and handles go through pipes",
          "re-delivered: handles that a killed consumer had not finished; lost: published blobs"
              + " that nobody got");

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

  /** The figures of these outcomes, the backend's name first. */
  static List<Row> rows(List<Outcome> outcomes) {
    return anyProcesses(outcomes) ? joined(ROWS, PROCESS_ROWS) : ROWS;
  }

  /** What some figures of these outcomes mean. */
  static List<String> legend(List<Outcome> outcomes) {
    return anyProcesses(outcomes) ? joined(LEGEND, PROCESS_LEGEND) : LEGEND;
  }

  private static boolean anyProcesses(List<Outcome> outcomes) {
    return outcomes.stream().anyMatch(it -> it.processes() != null);
  }

  private static <T> List<T> joined(List<T> first, List<T> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }

  private static String process(Outcome outcome, ToLongFunction<Processes> figure) {
    Processes processes = outcome.processes();
    return processes == null ? NONE : Units.count(figure.applyAsLong(processes));
  }

  static String of(FileList files, int consumers, List<Outcome> outcomes) {
    StringBuilder text = new StringBuilder();
    text.append("Delivered files below ")
        .append(files.root())
        .append(" to ")
        .append(consumers)
        .append(consumers == 1 ? " consumer" : " consumers")
        .append(System.lineSeparator())
        .append(System.lineSeparator());
    List<Row> rows = rows(outcomes);
    int nameWidth = rows.stream().mapToInt(row -> row.name.length()).max().orElse(0);
    for (Row row : rows) {
      text.append(pad(row.name, -nameWidth));
      for (Outcome outcome : outcomes) {
        text.append(GAP).append(pad(row.cell.apply(outcome), width(rows, outcome)));
      }
      text.append(System.lineSeparator());
    }
    text.append(System.lineSeparator());
    legend(outcomes).forEach(line -> text.append(line).append(System.lineSeparator()));
    return text.toString();
  }

  private static int width(List<Row> rows, Outcome outcome) {
    return rows.stream().mapToInt(row -> row.cell.apply(outcome).length()).max().orElse(0);
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
