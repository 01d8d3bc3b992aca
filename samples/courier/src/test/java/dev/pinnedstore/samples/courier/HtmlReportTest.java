package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.pinnedstore.store.StoreEvent.Kind;
import java.io.StringReader;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The page is well formed, needs nothing else, and draws inside its charts, whatever was seen. */
class HtmlReportTest {
  private static final Pattern NUMBER = Pattern.compile("-?[0-9]+(\\.[0-9]+)?");
  private static final Machine MACHINE = new Machine("Linux 6", 2, 24L << 30, "JVM 25", true);

  private static String page(String directory, List<Outcome> outcomes, String... notes) {
    FileList files = new FileList(Path.of(directory), List.of(), 0, 0);
    ZonedDateTime date = ZonedDateTime.of(2026, 11, 21, 12, 0, 0, 0, ZoneOffset.UTC);
    return HtmlReport.of(files, 2, outcomes, List.of(notes), MACHINE, date);
  }

  private static Document parse(String page) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(page)));
  }

  static Stream<List<Outcome>> outcomes() {
    Histogram some = new Histogram(10_000_000_000L, 3);
    for (int i = 1; i <= 10_000; i++) {
      some.recordValue(i * (long) i);
    }
    Histogram one = new Histogram(10_000_000_000L, 3);
    one.recordValue(1);
    Histogram wide = new Histogram(3_600_000_000_000L, 3);
    wide.recordValue(0);
    wide.recordValue(3_600_000_000_000L);
    Timeline single = new Timeline();
    single.sample(0, 0, 0);
    Timeline year = new Timeline();
    for (int i = 0; i < 1_000; i++) {
      year.sample(i * 31_536_000_000_000L, 1L << (i % 50), 1L << 51);
      year.event(Kind.STALL, i * 31_536_000_000_000L, 1_000_000_000L);
    }
    return Stream.of(
        List.of(),
        List.of(Outcomes.of(0, 0, new Histogram(1_000, 3))),
        List.of(Outcomes.of(1, 1, one, single)),
        List.of(Outcomes.between(new Processes(1, 2, 3, 4, 5))),
        List.of(Outcomes.of(1 << 20, 5_000_000, some, year), Outcomes.of(1, 1, wide)));
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void everyCoordinateIsInsideItsViewBox(List<Outcome> outcomes) throws Exception {
    NodeList charts = parse(page("/jdk", outcomes)).getElementsByTagName("svg");
    assertThat(charts.getLength()).isEqualTo(2 * outcomes.size());
    for (int i = 0; i < charts.getLength(); i++) {
      Element chart = (Element) charts.item(i);
      List<Double> box = numbers(chart.getAttribute("viewBox"));
      NodeList inside = chart.getElementsByTagName("*");
      for (int j = 0; j < inside.getLength(); j++) {
        Element element = (Element) inside.item(j);
        for (String name : List.of("x", "x1", "x2")) {
          assertInside(element, name, box.get(2));
        }
        for (String name : List.of("y", "y1", "y2")) {
          assertInside(element, name, box.get(3));
        }
        assertThat(numbers(element.getAttribute("d")))
            .allSatisfy(value -> assertThat(value).isBetween(0.0, box.get(2)));
        assertThat(element.getAttribute("d") + element.getAttribute("width")).doesNotContain("NaN");
      }
    }
  }

  private static void assertInside(Element element, String attribute, double most) {
    assertThat(numbers(element.getAttribute(attribute)))
        .as("%s of %s", attribute, element.getTagName())
        .allSatisfy(value -> assertThat(value).isBetween(0.0, most));
  }

  private static List<Double> numbers(String text) {
    List<Double> numbers = new ArrayList<>();
    Matcher matcher = NUMBER.matcher(text);
    while (matcher.find()) {
      numbers.add(Double.valueOf(matcher.group()));
    }
    return numbers;
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void thePageNeedsNothingElse(List<Outcome> outcomes) throws Exception {
    String page = page("/jdk", outcomes);
    Document document = parse(page);
    for (String name : List.of("script", "link", "img", "iframe", "object")) {
      assertThat(document.getElementsByTagName(name).getLength()).as(name).isZero();
    }
    assertThat(page.replace("http://www.w3.org/2000/svg", ""))
        .doesNotContain("http:", "https:", "url(", "@import");
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  void everyChartSaysWhatItShowsToThoseWhoDoNotSeeIt(List<Outcome> outcomes) throws Exception {
    NodeList charts = parse(page("/jdk", outcomes)).getElementsByTagName("svg");
    for (int i = 0; i < charts.getLength(); i++) {
      Element chart = (Element) charts.item(i);
      assertThat(chart.getAttribute("role")).isEqualTo("img");
      assertThat(chart.getElementsByTagName("title").item(0).getTextContent()).isNotBlank();
      assertThat(chart.getElementsByTagName("desc").item(0).getTextContent()).isNotBlank();
    }
  }

  @Test
  void namesAreTextAndNeverMarkup() throws Exception {
    String directory = "/a <b>&\"'</b>\u0001<script>alert(1)</script>";
    Document document = parse(page(directory, List.of(), "virtual: <left> out"));
    assertThat(document.getElementsByTagName("script").getLength()).isZero();
    assertThat(document.getElementsByTagName("code").item(0).getTextContent())
        .isEqualTo(directory.replace('\u0001', '\uFFFD'));
    assertThat(document.getElementsByTagName("main").item(0).getTextContent())
        .contains("virtual: <left> out");
  }

  @Test
  void markupThatIsNotClosedIsAFault() {
    assertThatIllegalStateException().isThrownBy(new Markup().open("p")::toString);
  }
}
