package dev.pinnedstore.benchmarks.run;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The page of a run: one file, that needs no other one, no script and no network. */
final class Page {
  private static final List<String> PERCENTILES =
      List.of("p50", "p90", "p99", "p99.9", "p99.99", "max");

  /** In this order, which is that of their colours. */
  private static final List<String> SUBJECTS =
      List.of("copy", "segmented", "virtual", "shared", "agrona", "heap");

  private final Run run;
  private final Results results;
  private final List<Comparison> comparisons;
  private final Markup page = new Markup();

  private Page(Run run, Results results) {
    this.run = run;
    this.results = results;
    this.comparisons = Comparisons.of(results);
  }

  /** Writes it. */
  static String of(Run run, Results results) {
    return new Page(run, results).write();
  }

  private String write() {
    page.open("html", "lang", "en");
    head();
    page.open("body").open("main");
    intro();
    targets();
    charts();
    latencies();
    ratios();
    collector();
    origin();
    page.close().close().close();
    return "<!DOCTYPE html>\n" + page;
  }

  private void head() {
    page.open("head");
    page.empty("meta", "charset", "utf-8");
    page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    page.empty("meta", "name", "color-scheme", "content", "light dark");
    page.element("title", "Pinned Page Store beside its peers, " + run.date());
    page.open("style").raw(style()).close();
    page.close();
  }

  private void intro() {
    page.element("h1", "The store beside its peers and its ceiling");
    page.open("p", "class", "lead");
    page.text("Everything here was measured in one run, on " + run.date() + " in ");
    page.text(run.seconds() / 60 + " min " + run.seconds() % 60 + " s, by ");
    page.element("code", run.command());
    page.text("on " + run.machine() + ". ");
    page.text("Times are of that machine; what counts is the ratio to the ceiling beside them.");
    page.close();
    if (!run.failures().isEmpty()) {
      page.open("div", "class", "note").element("strong", "Not in this run").open("ul");
      run.failures().forEach(it -> page.element("li", it));
      page.close().close();
    }
  }

  private void targets() {
    List<Targets.Row> rows = Targets.of(results);
    long met = rows.stream().filter(Targets.Row::met).count();
    long measured = rows.stream().filter(it -> !it.verdict().isEmpty()).count();
    page.open("section").element("h2", "Targets: " + met + " of " + measured + " met");
    page.open("div", "class", "scroll").open("table", "class", "targets");
    header("measure", "target", "segmented", "virtual", "shared");
    Targets.byMeasure(rows).forEach(this::target);
    page.close().close().close();
  }

  private void target(String measure, Map<String, Targets.Row> rows) {
    page.open("tr").element("th", measure, "scope", "row");
    page.element("td", rows.values().iterator().next().target());
    for (String backend : Comparisons.BACKENDS) {
      Targets.Row row = rows.get(backend);
      if (row == null) {
        page.element("td", "");
        continue;
      }
      String style = row.verdict().isEmpty() ? "open" : row.met() ? "met" : "missed";
      page.element("td", row.cell(), "class", style);
    }
    page.close();
  }

  private void header(String... names) {
    page.open("tr");
    for (String name : names) {
      page.element("th", name, "scope", "col");
    }
    page.close();
  }

  private Set<String> groups() {
    Set<String> groups = new LinkedHashSet<>();
    comparisons.forEach(it -> groups.add(it.group()));
    return groups;
  }

  private void charts() {
    page.open("p", "class", "key");
    page.element("span", "ceiling", "class", "ceiling").element("span", "store", "class", "store");
    page.element("span", "peer", "class", "peer");
    page.text("Time of one operation, shorter is better; behind it the speed as a part of the ");
    page.text(
            "ceiling's, above 1 is faster. Thin lines: 99.9 % confidence. A bar with a gap is"
                + " longer.")
        .close();
    for (String group : groups()) {
      page.open("section").element("h2", group);
      String note = Notes.of(group);
      if (!note.isEmpty()) {
        page.element("p", note);
      }
      page.open("div", "class", "charts");
      for (Comparison comparison : comparisons) {
        if (comparison.group().equals(group)) {
          String size = comparison.size() == 0 ? "" : Units.bytes(comparison.size());
          page.open("figure").element("figcaption", size);
          page.raw(Svg.bars(comparison, group + " " + size)).close();
        }
      }
      page.close().close();
    }
  }

  private void latencies() {
    latency("latency", "Latency of an append at a fixed rate", Notes.LATENCY);
    latency("growth-latency", "Latency of an append while the store grows", Notes.GROWTH_LATENCY);
  }

  private void latency(String program, String title, String note) {
    List<JsonObject> subjects =
        results.program(program).stream()
            .sorted(Comparator.comparing(it -> SUBJECTS.indexOf(it.get("subject").getAsString())))
            .toList();
    if (subjects.isEmpty()) {
      return;
    }
    page.open("section").element("h2", title).element("p", note);
    page.open("div", "class", "scroll").open("figure", "class", "wide");
    page.raw(PercentileChart.of(subjects, title)).close().close();
    page.open("div", "class", "scroll").open("table");
    page.open("tr").element("th", "", "scope", "col");
    PERCENTILES.forEach(it -> page.element("th", it, "scope", "col"));
    page.close();
    for (int i = 0; i < subjects.size(); i++) {
      JsonObject subject = subjects.get(i);
      page.open("tr").open("th", "scope", "row");
      page.element("span", "", "class", "swatch swatch" + i);
      page.text(subject.get("subject").getAsString()).close();
      for (String percentile : PERCENTILES) {
        page.element("td", Units.nanos(subject.get(percentile).getAsDouble()));
      }
      page.close();
    }
    page.close().close().close();
  }

  private void ratios() {
    page.open("section").element("h2", "All figures, and their ratio to the ceiling");
    for (String group : groups()) {
      List<Comparison> sizes = comparisons.stream().filter(it -> it.group().equals(group)).toList();
      page.element("h3", group).open("div", "class", "scroll").open("table");
      page.open("tr").element("th", "", "scope", "col");
      sizes.forEach(
          it -> page.element("th", it.size() == 0 ? "" : Units.bytes(it.size()), "scope", "col"));
      page.close();
      Set<String> labels = new LinkedHashSet<>();
      sizes.forEach(it -> it.bars().forEach(bar -> labels.add(bar.label())));
      for (String label : labels) {
        page.open("tr").element("th", label, "scope", "row");
        sizes.forEach(it -> page.element("td", cell(it, label)));
        page.close();
      }
      page.close().close();
    }
    page.close();
  }

  private static String cell(Comparison comparison, String label) {
    return comparison
        .bar(label)
        .map(
            bar -> {
              String ratio = comparison.ratio(bar);
              return Units.nanos(bar.value()) + (ratio.isEmpty() ? "" : " · " + ratio);
            })
        .orElse("");
  }

  private void collector() {
    List<Figure> figures =
        results.figures().stream()
            .filter(it -> it.benchmark().contains("PeersBenchmark."))
            .filter(it -> it.has("size", "4096"))
            .toList();
    if (figures.isEmpty()) {
      return;
    }
    page.open("section").element("h2", "What else one operation of 4 KiB costs");
    page.element("p", Notes.COLLECTOR);
    page.open("div", "class", "scroll").open("table");
    header("", "elapsed", "CPU, process", "CPU, collector", "allocated", "page faults");
    for (Figure figure : figures) {
      String name = figure.benchmark().replaceFirst(".*\\.", "");
      String backend = figure.params().getOrDefault("backend", "");
      page.open("tr").element("th", (name + " " + backend).strip(), "scope", "row");
      page.element("td", Units.nanos(figure.score()));
      page.element("td", Units.nanos(more(figure, "cpu.process")));
      page.element("td", Units.nanos(more(figure, "cpu.gc")));
      page.element("td", Units.digits(more(figure, "gc.alloc.rate.norm")) + " B");
      page.element("td", Units.digits(more(figure, "faults"))).close();
    }
    page.close().close().close();
  }

  private static double more(Figure figure, String name) {
    return figure.more().getOrDefault(name, 0.0);
  }

  private void origin() {
    page.open("footer").open("p").text("Options of every JVM: ");
    page.element("code", String.join(" ", run.options())).close();
    page.element("p", "JMH's own files, with every iteration, lie beside this page.").close();
  }

  private static String style() {
    try (InputStream in = Page.class.getResourceAsStream("page.css")) {
      return new String(
          Objects.requireNonNull(in, "page.css").readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
