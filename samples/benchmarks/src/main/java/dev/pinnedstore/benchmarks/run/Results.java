package dev.pinnedstore.benchmarks.run;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;

/** Reads the JSON of a run. */
final class Results {
  private final List<Figure> figures = new ArrayList<>();
  private final Map<String, List<JsonObject>> programs = new LinkedHashMap<>();

  private Results() {}

  /** Reads every JSON file of a directory. */
  static Results read(Path directory) throws IOException {
    Results results = new Results();
    TreeSet<Path> files = new TreeSet<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.json")) {
      found.forEach(files::add);
    }
    for (Path file : files) {
      String name = file.getFileName().toString().replace(".json", "");
      String text = Files.readString(file);
      if (text.isBlank()) {
        continue; // Of a step that was cut off.
      }
      JsonElement content = JsonParser.parseString(text);
      if (name.startsWith("jmh")) {
        content.getAsJsonArray().forEach(it -> results.figures.add(figure(it.getAsJsonObject())));
      } else if (!name.equals("run")) {
        results.add(name, content);
      }
    }
    return results;
  }

  private void add(String name, JsonElement content) {
    List<JsonObject> list = programs.computeIfAbsent(kind(name), _ -> new ArrayList<>());
    if (content.isJsonArray()) {
      content.getAsJsonArray().forEach(it -> list.add(it.getAsJsonObject()));
    } else {
      list.add(content.getAsJsonObject());
    }
  }

  private static String kind(String name) {
    return name.replaceFirst("-(segmented|virtual|shared|copy|heap|agrona)$", "");
  }

  private static Figure figure(JsonObject json) {
    String[] name = json.get("benchmark").getAsString().split("\\.");
    Map<String, String> params = new LinkedHashMap<>();
    if (json.has("params")) {
      json.getAsJsonObject("params")
          .entrySet()
          .forEach(it -> params.put(it.getKey(), it.getValue().getAsString()));
    }
    Map<String, Double> more = new LinkedHashMap<>();
    json.getAsJsonObject("secondaryMetrics")
        .entrySet()
        .forEach(it -> more.put(it.getKey(), number(it.getValue().getAsJsonObject(), "score")));
    JsonObject primary = json.getAsJsonObject("primaryMetric");
    return new Figure(
        name[name.length - 2] + "." + name[name.length - 1],
        json.get("threads").getAsInt(),
        params,
        number(primary, "score"),
        number(primary, "scoreError"),
        more);
  }

  /** JMH writes "NaN" as a string. */
  static double number(JsonObject json, String name) {
    return json.has(name) ? Double.parseDouble(json.get(name).getAsString()) : Double.NaN;
  }

  /** All figures of JMH. */
  List<Figure> figures() {
    return figures;
  }

  /** The figure of a benchmark with as many threads and these parameters, if it was taken. */
  Optional<Figure> figure(String benchmark, int threads, String... params) {
    return figures.stream()
        .filter(it -> it.benchmark().equals(benchmark) && it.threads() == threads)
        .filter(it -> it.has(params))
        .findFirst();
  }

  /** Its score. */
  OptionalDouble score(String benchmark, int threads, String... params) {
    return figure(benchmark, threads, params).stream().mapToDouble(Figure::score).findFirst();
  }

  /** What a profiler added to it. */
  OptionalDouble more(String metric, String benchmark, int threads, String... params) {
    return figure(benchmark, threads, params).stream()
        .filter(it -> it.more().containsKey(metric))
        .mapToDouble(it -> it.more().get(metric))
        .findFirst();
  }

  /** The sizes for which there are figures of a benchmark, ascending. */
  List<Integer> sizes(String benchmark) {
    return figures.stream()
        .filter(it -> it.benchmark().equals(benchmark) && it.params().containsKey("size"))
        .map(it -> Integer.valueOf(it.params().get("size")))
        .distinct()
        .sorted()
        .toList();
  }

  /** Results of a program that is not of JMH. */
  List<JsonObject> program(String name) {
    return programs.getOrDefault(name, List.of());
  }

  /** The one of a subject. */
  Optional<JsonObject> program(String name, String subject) {
    return program(name).stream()
        .filter(it -> it.get("subject").getAsString().equals(subject))
        .findFirst();
  }
}
