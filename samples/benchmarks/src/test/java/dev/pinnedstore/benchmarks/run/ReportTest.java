package dev.pinnedstore.benchmarks.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

class ReportTest {
  @TempDir private Path directory;

  private Run run = new Run("", "", 0, "", "", 0, 0, "", List.of(), List.of());

  @BeforeEach
  void results() throws IOException {
    Files.writeString(
        directory.resolve("jmh-append.json"),
        "["
            + figure("copyIntoWarmRing", "", 200, "0.5")
            + ","
            + figure("append", "\"backend\": \"segmented\", ", 250, "\"NaN\"")
            + "]");
    Files.writeString(directory.resolve("jmh-cut-off.json"), "");
    Files.writeString(
        directory.resolve("latency-copy.json"),
        """
        {"subject": "copy", "p50": 100, "p90": 200, "p99": 300, "p99.9": 400, "p99.99": 500,
         "max": 600, "curve": [[0, 50], [90, 200], [100, 600]]}
        """);
    List<String> failures = List.of("growth: <cut off> & \"no\" time left");
    run = Run.now("samples/benchmarks/run.sh", 61, List.of("-Dx=y"), failures);
    run.write(directory);
  }

  private static String figure(String method, String params, int score, String error) {
    return """
    {"benchmark": "a.b.AppendBenchmark.%s", "threads": 1, "params": {%s"size": "4096"},
     "primaryMetric": {"score": %d, "scoreError": %s},
     "secondaryMetrics": {"gc.alloc.rate.norm": {"score": 1.5}}}
    """
        .formatted(method, params, score, error);
  }

  @Test
  void figuresAreFoundByTheirParameters() throws IOException {
    Results results = Results.read(directory);
    String append = "AppendBenchmark.append";
    assertThat(results.score(append, 1, "backend", "segmented", "size", "4096")).hasValue(250);
    assertThat(results.more("gc.alloc.rate.norm", append, 1, "size", "4096")).hasValue(1.5);
    assertThat(results.score(append, 2, "size", "4096")).isEmpty();
    assertThat(results.score(append, 1, "backend", "virtual")).isEmpty();
    assertThat(results.sizes(append)).containsExactly(4096);
  }

  @Test
  void aContenderIsMeasuredByItsCeiling() throws IOException {
    Comparison comparison = Comparisons.of(Results.read(directory)).getFirst();
    Optional<Bar> store = comparison.bar("store, segmented");
    assertThat(store).get().extracting(comparison::ratio).isEqualTo("0.80");
  }

  @Test
  void aTargetThatIsMissedSaysByHowMuch() throws IOException {
    assertThat(Targets.of(Results.read(directory)))
        .contains(
            new Targets.Row(
                "append, 4 KiB and more, slowest size",
                "segmented",
                "≥ 0.9 of the copy",
                "0.8",
                "missed, × 0.89"))
        .contains(new Targets.Row("append, 64 B", "shared", "≤ 30 ns", "not measured", ""));
  }

  @Test
  void thePageIsWellFormedAndNeedsNothingElse() throws Exception {
    String page = Page.of(Run.read(directory), Results.read(directory));
    String xml = page.substring(page.indexOf("<html"));
    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(xml)));
    assertThat(document.getElementsByTagName("svg").getLength()).isEqualTo(2);
    assertThat(document.getElementsByTagName("script").getLength()).isZero();
    assertThat(document.getElementsByTagName("link").getLength()).isZero();
    assertThat(page.replace("http://www.w3.org/2000/svg", "")).doesNotContain("http", "url(");
  }

  @Test
  void theReadmeChangesBetweenTheMarkersOnly() throws IOException {
    Path readme = directory.resolve("README.md");
    String before = "# Head\n" + ReadmeTable.BEGIN;
    String after = ReadmeTable.END + "\nfoot\n";
    Files.writeString(readme, before + "\nold\n" + after);
    ReadmeTable.write(readme, run, Results.read(directory), "page.html");
    String first = Files.readString(readme);
    assertThat(first).startsWith(before).endsWith(after).doesNotContain("old");
    assertThat(first).contains("`samples/benchmarks/run.sh`", "| 200 ns |", "| 250 ns (0.80) |");
    ReadmeTable.write(readme, run, Results.read(directory), "page.html");
    assertThat(readme).hasContent(first);
  }

  @Test
  void aReadmeWithoutMarkersIsLeftAlone() throws IOException {
    Path readme = directory.resolve("README.md");
    Files.writeString(readme, "text");
    assertThatThrownBy(() -> ReadmeTable.write(readme, run, Results.read(directory), "page.html"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(ReadmeTable.BEGIN);
    assertThat(readme).hasContent("text");
  }
}
