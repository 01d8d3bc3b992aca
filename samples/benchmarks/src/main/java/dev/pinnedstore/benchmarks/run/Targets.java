package dev.pinnedstore.benchmarks.run;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** What the store is to reach, and what it did. */
final class Targets {
  private static final List<String> IN_PROCESS = List.of("segmented", "virtual");

  private final Results results;
  private final List<Row> rows = new ArrayList<>();

  /**
   * One row.
   *
   * @param measure what is measured
   * @param backend of which backend
   * @param target what is to be reached
   * @param measured what was measured, in the unit of the target
   * @param verdict met, or missed and by how much; empty where it was not measured
   */
  record Row(String measure, String backend, String target, String measured, String verdict) {
    /** Measured, and what of it. */
    String cell() {
      return verdict.isEmpty() ? measured : measured + ": " + verdict;
    }

    boolean met() {
      return verdict.startsWith("met");
    }
  }

  private Targets(Results results) {
    this.results = results;
  }

  static List<Row> of(Results results) {
    Targets targets = new Targets(results);
    targets.appends();
    targets.growth();
    targets.counts();
    targets.handles();
    targets.twoWriters();
    targets.allocation();
    targets.memory();
    targets.livePages();
    return targets.rows;
  }

  /** The rows of each measure, and each target of it, by backend. */
  static Map<String, Map<String, Row>> byMeasure(List<Row> rows) {
    Map<String, Map<String, Row>> by = new LinkedHashMap<>();
    for (Row row : rows) {
      String key = row.measure();
      Map<String, Row> same = by.get(key);
      if (same != null && !same.values().iterator().next().target().equals(row.target())) {
        key += ", " + row.backend();
      }
      by.computeIfAbsent(key, _ -> new LinkedHashMap<>()).put(row.backend(), row);
    }
    return by;
  }

  private void appends() {
    for (String backend : Comparisons.BACKENDS) {
      double target = backend.equals("shared") ? 30 : 20;
      OptionalDouble small =
          results.score("AppendBenchmark.append", 1, "backend", backend, "size", "64");
      atMost("append, 64 B", backend, target, "ns", small);
    }
    for (String backend : Comparisons.BACKENDS) {
      OptionalDouble least =
          results.sizes("AppendBenchmark.append").stream()
              .filter(size -> size >= 4096)
              .map(size -> speed("append", "copyIntoWarmRing", "AppendBenchmark.", backend, size))
              .flatMapToDouble(OptionalDouble::stream)
              .min();
      atLeast("append, 4 KiB and more, slowest size", backend, 0.9, "of the copy", least);
    }
  }

  /** The speed of a method of the store as a part of that of a ceiling. */
  private OptionalDouble speed(
      String method, String ceiling, String type, String backend, int size) {
    OptionalDouble top = results.score(type + ceiling, 1, "size", "" + size);
    OptionalDouble ours = results.score(type + method, 1, "backend", backend, "size", "" + size);
    return top.isPresent() && ours.isPresent()
        ? OptionalDouble.of(top.getAsDouble() / ours.getAsDouble())
        : OptionalDouble.empty();
  }

  private void growth() {
    for (String backend : Comparisons.BACKENDS) {
      OptionalDouble worst =
          results.program("growth-latency").stream()
              .filter(it -> it.get("subject").getAsString().equals(backend))
              .mapToDouble(it -> ratio(it, "p99.9", "p50"))
              .max();
      atMost(
          "growth at 0.7 of the kernel's supply, worst round: p99.9 / p50", backend, 10, "", worst);
    }
    for (String backend : Comparisons.BACKENDS) {
      String ceiling = backend.equals("shared") ? "populateFile" : "populate";
      OptionalDouble top = results.score("GrowthBenchmark." + ceiling, 1);
      OptionalDouble ours = results.score("GrowthBenchmark.grow", 1, "backend", backend);
      if (top.isPresent() && ours.isPresent()) {
        atLeast(
            "growth, saturated",
            backend,
            0.9,
            "of the supply",
            OptionalDouble.of(top.getAsDouble() / ours.getAsDouble()));
      }
    }
  }

  private void counts() {
    for (String backend : Comparisons.BACKENDS) {
      OptionalDouble faults = OptionalDouble.empty();
      var counted = results.program("counts", backend);
      if (counted.isPresent()) {
        JsonObject json = counted.get();
        double sum = json.get("minorFaults").getAsDouble() + json.get("majorFaults").getAsDouble();
        faults = OptionalDouble.of(sum / json.get("bytes").getAsDouble() * (1 << 30));
      }
      atMost("page faults of the writing thread", backend, 0, "per GiB", faults);
      OptionalDouble waits =
          counted.stream()
              .mapToDouble(
                  it ->
                      it.get("voluntarySwitches").getAsDouble()
                          / it.get("bytes").getAsDouble()
                          * (1 << 30))
              .findFirst();
      atMost("times the writing thread waited", backend, 0, "per GiB", waits);
    }
  }

  private void handles() {
    for (String backend : Comparisons.BACKENDS) {
      atMost(
          "view, 4 KiB",
          backend,
          5,
          "ns",
          results.score("HandleBenchmark.view", 1, "backend", backend, "size", "4096"));
    }
    for (String backend : Comparisons.BACKENDS) {
      atLeast(
          "resolve, 4 KiB",
          backend,
          0.9,
          "of the copy",
          speed("resolve", "copyOut", "HandleBenchmark.", backend, 4096));
    }
    for (String backend : Comparisons.BACKENDS) {
      OptionalDouble most =
          results.figures().stream()
              .filter(it -> it.benchmark().startsWith("AcknowledgeBenchmark."))
              .filter(it -> it.has("backend", backend))
              .filter(it -> !it.has("size", "65536") && !it.has("size", "1048576"))
              .mapToDouble(Figure::score)
              .max();
      // Of larger blobs a page holds a few, and the last one hands the page over.
      atMost("acknowledge, up to 4 KiB, slowest size", backend, 12, "ns", most);
    }
  }

  private void twoWriters() {
    for (String backend : Comparisons.BACKENDS) {
      String method = "AppendBenchmark.appendAcknowledge";
      OptionalDouble ours =
          results.more("cpu.workers", method, 2, "backend", backend, "size", "4096");
      OptionalDouble top =
          results.more("cpu.workers", "AppendBenchmark.copyIntoWarmRing", 2, "size", "4096");
      if (ours.isPresent() && top.isPresent()) {
        atMost(
            "two writers, 4 KiB: CPU time",
            backend,
            1.1,
            "of two copies",
            OptionalDouble.of(ours.getAsDouble() / top.getAsDouble()));
      }
      OptionalDouble one = results.score(method, 1, "backend", backend, "size", "64");
      OptionalDouble two = results.score(method, 2, "backend", backend, "size", "64");
      if (one.isPresent() && two.isPresent()) {
        atLeast(
            "two writers, 64 B: in all",
            backend,
            1,
            "of one writer",
            OptionalDouble.of(2 * one.getAsDouble() / two.getAsDouble()));
      }
    }
  }

  private void allocation() {
    for (String backend : Comparisons.BACKENDS) {
      atMost("allocation of append and acknowledge", backend, 0, "B", counted(backend, "Append"));
      // The harness itself allocates some hundredths of a byte.
      OptionalDouble ofHandle =
          results.more(
              "gc.alloc.rate.norm", "HandleBenchmark.view", 1, "backend", backend, "size", "4096");
      OptionalDouble rounded =
          ofHandle.isPresent()
              ? OptionalDouble.of(Math.rint(10 * ofHandle.getAsDouble()) / 10)
              : ofHandle;
      atMost("allocation of a view that does not escape", backend, 0, "B", rounded);
      atMost("the same, its handle in memory", backend, 0, "B", counted(backend, "View"));
    }
  }

  private OptionalDouble counted(String backend, String what) {
    return results.program("counts", backend).stream()
        .filter(it -> it.has("allocatedBytesPer" + what))
        .mapToDouble(it -> it.get("allocatedBytesPer" + what).getAsDouble())
        .findFirst();
  }

  private void memory() {
    for (String backend : Comparisons.BACKENDS) {
      var counted = results.program("counts", backend);
      if (counted.isEmpty()) {
        continue;
      }
      JsonObject json = counted.get();
      double page = json.get("pageBytes").getAsDouble();
      // What is in flight is one run of blobs, which begins and ends somewhere in a page.
      double live = json.get("liveBytes").getAsDouble() + page;
      double waiting = Math.min(64 << 20, json.get("waitingBytesMost").getAsDouble());
      atMost(
          "memory held, without two pages and waiting ones",
          backend,
          1.02,
          "of live pages",
          OptionalDouble.of(
              (json.get("committedBytesMost").getAsDouble() - 2 * page - waiting) / live));
      double after =
          json.get("backToTwoPagesMillis").getAsDouble() - json.get("decayMillis").getAsDouble();
      atMost(
          "back to two pages, after decay",
          backend,
          1000,
          "ms",
          OptionalDouble.of(Math.max(0, after)));
    }
  }

  private void livePages() {
    for (String method : List.of("viewNear", "appendAcknowledge")) {
      for (String backend : IN_PROCESS) {
        String name = "LivePagesBenchmark." + method;
        OptionalDouble few = results.score(name, 1, "backend", backend, "pages", "1");
        OptionalDouble many = results.score(name, 1, "backend", backend, "pages", "100000");
        if (few.isPresent() && many.isPresent()) {
          atMost(
              method + " at 100,000 live pages",
              backend,
              1.25,
              "of 1 page",
              OptionalDouble.of(many.getAsDouble() / few.getAsDouble()));
        }
      }
    }
  }

  private static double ratio(JsonObject json, String above, String below) {
    return json.get(above).getAsDouble() / json.get(below).getAsDouble();
  }

  private void atMost(
      String measure, String backend, double target, String unit, OptionalDouble value) {
    row(
        measure,
        backend,
        "≤ ",
        target,
        unit,
        value,
        value.isPresent() && value.getAsDouble() <= target);
  }

  private void atLeast(
      String measure, String backend, double target, String unit, OptionalDouble value) {
    row(
        measure,
        backend,
        "≥ ",
        target,
        unit,
        value,
        value.isPresent() && value.getAsDouble() >= target);
  }

  private void row(
      String measure,
      String backend,
      String sign,
      double target,
      String unit,
      OptionalDouble value,
      boolean met) {
    String suffix = unit.isEmpty() ? "" : " " + unit;
    if (value.isEmpty()) {
      rows.add(new Row(measure, backend, sign + Units.digits(target) + suffix, "not measured", ""));
      return;
    }
    double measured = value.getAsDouble();
    String by =
        target == 0
            ? "missed by " + Units.digits(measured)
            : "missed, × " + Units.ratio(measured / target);
    rows.add(
        new Row(
            measure,
            backend,
            sign + Units.digits(target) + suffix,
            Units.digits(measured),
            met ? "met" : by));
  }
}
