package dev.pinnedstore.samples.courier;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** The page with the charts: one file, that needs no other one, no script and no network. */
final class HtmlReport {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("d MMMM uuuu, HH:mm 'UTC'xxx", Locale.ENGLISH);

  private final FileList files;
  private final int consumers;
  private final List<Outcome> outcomes;
  private final Markup page = new Markup();

  private HtmlReport(FileList files, int consumers, List<Outcome> outcomes) {
    this.files = files;
    this.consumers = consumers;
    this.outcomes = outcomes;
  }

  /**
   * Writes the page.
   *
   * @param files what was delivered
   * @param consumers how many threads verified it
   * @param outcomes what came of it, for each backend
   * @param notes what else the user should know
   * @param machine where it ran
   * @param date when
   */
  static String of(
      FileList files,
      int consumers,
      List<Outcome> outcomes,
      List<String> notes,
      Machine machine,
      ZonedDateTime date) {
    return new HtmlReport(files, consumers, outcomes).write(notes, machine, date);
  }

  private String write(List<String> notes, Machine machine, ZonedDateTime date) {
    page.open("html", "lang", "en");
    head();
    page.open("body").open("main");
    page.element("h1", "What the store did for the courier");
    summary(notes);
    memory();
    latency();
    figures();
    origin(machine, date);
    page.close().close().close();
    return "<!DOCTYPE html>\n" + page;
  }

  private void head() {
    page.open("head");
    page.empty("meta", "charset", "utf-8");
    page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    page.empty("meta", "name", "color-scheme", "content", "light dark");
    page.element("title", "Courier: memory and latency of the store");
    page.element("style", style());
    page.close();
  }

  private void summary(List<String> notes) {
    page.open("p", "class", "lead");
    page.text("The files below ").element("code", files.root().toString());
    page.text(
        " went through a store with room for a small part of them, to "
            + Units.count(consumers)
            + (consumers == 1 ? " consumer" : " consumers")
            + " that checked each byte"
            + (outcomes.size() > 1 ? ", once per backend. " : ". "));
    for (Outcome outcome : outcomes) {
      page.element("span", verdict(outcome), "class", outcome.isComplete() ? "fine" : "wrong");
      page.text(" ");
    }
    page.close();
    notes.forEach(note -> page.element("p", note, "class", "note"));
  }

  private static String verdict(Outcome outcome) {
    return outcome.isComplete()
        ? outcome.backend()
            + ": all "
            + Units.bytes(outcome.bytes())
            + " in "
            + Units.count(outcome.blobs())
            + " blobs arrived as they were sent."
        : outcome.failure() + ".";
  }

  private void memory() {
    Axis time = TimelineChart.time(outcomes);
    Axis bytes = TimelineChart.bytes(outcomes);
    page.open("section").element("h2", "Memory over time");
    page.element(
        "p",
        "Live is what was appended and is not acknowledged yet; committed is the memory that the"
            + " store holds for it. Below them each mark is something that happened to pages, the"
            + " taller the more often at that moment; the number on the right counts all.");
    for (int i = 0; i < outcomes.size(); i++) {
      Outcome outcome = outcomes.get(i);
      figure(outcome, TimelineChart.of(outcome, time, bytes, "memory-" + i), columns(outcome));
    }
    page.element("p", EVENTS, "class", "note");
    page.close();
  }

  private static final String EVENTS =
      "Made ahead: the lifecycle made a page ready before it was needed. Stall: the sender found"
          + " none ready and made one itself. Reused: an emptied page was made ready again. Given"
          + " back: the memory of an idle page went back to the operating system. Store full: an"
          + " append was refused, and the sender waited for room. Events have the time of the"
          + " cycle of the lifecycle before them.";

  private static String columns(Outcome outcome) {
    String span = Units.time(outcome.timeline().spanNanos());
    long lost = outcome.stats().eventsLost();
    return "Each column is "
        + span
        + " wide: dark up to the fewest live bytes seen in it, light up to the most."
        + (outcome.processes() == null ? "" : " Events are those of the courier's own process.")
        + (lost == 0 ? "" : " " + Units.count(lost) + " events came too fast and are missing.");
  }

  private void latency() {
    Axis time = LatencyChart.time(outcomes);
    Axis counts = LatencyChart.counts(outcomes);
    page.open("section").element("h2", "Time of one append");
    page.element("p", Report.LEGEND.getLast() + ". Both axes are logarithmic.");
    for (int i = 0; i < outcomes.size(); i++) {
      Outcome outcome = outcomes.get(i);
      String caption =
          Units.count(outcome.appendNanos().getTotalCount())
              + " appends; point at a bar for its range.";
      figure(outcome, LatencyChart.of(outcome, time, counts, "latency-" + i), caption);
    }
    page.close();
  }

  private void figure(Outcome outcome, Markup chart, String caption) {
    page.open("figure").element("h3", outcome.backend());
    page.open("div", "class", "scroll", "tabindex", "0", "role", "group");
    page.raw(chart).close();
    page.element("figcaption", caption).close();
  }

  private void figures() {
    List<Report.Row> rows = Report.rows(outcomes);
    page.open("section").element("h2", "Figures");
    page.open("table").open("thead").open("tr");
    page.element("td", "");
    outcomes.forEach(it -> page.element("th", rows.getFirst().cell().apply(it), "scope", "col"));
    page.close().close().open("tbody");
    for (Report.Row row : rows.subList(1, rows.size())) {
      page.open("tr").element("th", row.name(), "scope", "row");
      outcomes.forEach(it -> page.element("td", row.cell().apply(it)));
      page.close();
    }
    page.close().close();
    Report.legend(outcomes).forEach(line -> page.element("p", line, "class", "note"));
    page.close();
  }

  private void origin(Machine machine, ZonedDateTime date) {
    page.open("footer").open("p");
    page.text(machine.system() + "; " + Units.count(machine.processors()) + " processors, ");
    page.text(Units.bytes(machine.memoryBytes()) + ". " + machine.jdk() + ", native access ");
    page.text(machine.nativeAccess() ? "granted. " : "denied. ");
    ZonedDateTime minute = date.truncatedTo(ChronoUnit.MINUTES);
    page.element(
        "time",
        DATE.format(minute),
        "datetime",
        DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(minute));
    page.close().close();
  }

  private static String style() {
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
      return new String(
          Objects.requireNonNull(in, "report.css").readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
