package dev.pinnedstore.benchmarks.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Writes the tables of the README, between two markers and nowhere else. */
final class ReadmeTable {
  static final String BEGIN = "<!-- benchmarks:begin -->";
  static final String END = "<!-- benchmarks:end -->";

  private static final List<String> GROUPS = List.of(Comparisons.HAND_OVER, Comparisons.ONE_THREAD);

  private ReadmeTable() {}

  /** Puts the tables of a run into a file. */
  static void write(Path readme, Run run, Results results, String page) throws IOException {
    String text = Files.readString(readme);
    int begin = text.indexOf(BEGIN);
    int end = text.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new IOException(readme + ": no " + BEGIN + " before " + END);
    }
    String tables = "\n" + of(run, results, page);
    Files.writeString(
        readme, text.substring(0, begin + BEGIN.length()) + tables + text.substring(end));
  }

  /** The tables. */
  static String of(Run run, Results results, String page) {
    StringBuilder text = new StringBuilder();
    text.append(
        "`%s`, %s: %s. Behind each time stands the speed as a part of the ceiling's, the\n"
            .formatted(run.command(), run.date(), run.machine()));
    text.append(
        "first line of its table. The [page](%s) has charts, percentiles and the rest.\n"
            .formatted(page));
    List<Comparison> comparisons = Comparisons.of(results);
    for (String group : GROUPS) {
      table(text, group, comparisons.stream().filter(it -> it.group().equals(group)).toList());
    }
    targets(text, Targets.of(results));
    return text.toString();
  }

  private static void table(StringBuilder text, String group, List<Comparison> sizes) {
    if (sizes.isEmpty()) {
      return;
    }
    text.append("\n| ").append(group);
    sizes.forEach(it -> text.append(" | ").append(Units.bytes(it.size())));
    text.append(" |\n|---").append("|---".repeat(sizes.size())).append("|\n");
    Set<String> labels = new LinkedHashSet<>();
    sizes.forEach(it -> it.bars().forEach(bar -> labels.add(bar.label())));
    for (String label : labels) {
      text.append("| ").append(label);
      for (Comparison size : sizes) {
        text.append(" | ");
        size.bar(label)
            .ifPresent(
                bar -> {
                  text.append(Units.nanos(bar.value()));
                  if (!size.ceiling().filter(bar::equals).isPresent()) {
                    text.append(" (").append(size.ratio(bar)).append(')');
                  }
                });
      }
      text.append(" |\n");
    }
  }

  private static void targets(StringBuilder text, List<Targets.Row> rows) {
    text.append("\n| measure | target");
    Comparisons.BACKENDS.forEach(it -> text.append(" | ").append(it));
    text.append(" |\n|---|---").append("|---".repeat(Comparisons.BACKENDS.size())).append("|\n");
    Targets.byMeasure(rows)
        .forEach(
            (measure, of) -> {
              String target = of.values().iterator().next().target();
              text.append("| ").append(measure).append(" | ").append(target);
              for (String backend : Comparisons.BACKENDS) {
                Targets.Row row = of.get(backend);
                text.append(" | ").append(row == null ? "" : row.cell());
              }
              text.append(" |\n");
            });
  }
}
