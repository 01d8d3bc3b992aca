package dev.pinnedstore;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pinnedstore.pager.Pager;
import dev.pinnedstore.pager.PagerSnippets;
import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import dev.pinnedstore.store.StoreEvent;
import dev.pinnedstore.store.StoreSnippets;
import dev.pinnedstore.store.StoreStats;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** README.md shows code that is compiled and run, commands that exist, and links that lead on. */
class ReadmeTest {
  private static final List<Path> SNIPPETS =
      Stream.of(
              "store/StoreSnippets.java", "buffer/BufferSnippets.java", "pager/PagerSnippets.java")
          .map(Readme.root().resolve("engine-java/src/test/java/dev/pinnedstore")::resolve)
          .toList();
  private static final byte[] MESSAGE = "hello".getBytes(UTF_8);

  private final Readme readme = Readme.read();

  // ---- code

  @Test
  void everyJavaBlockIsARegionOfTheCompiledSnippets() {
    assertThat(readme.blocks("java")).isNotEmpty();
    assertThat(SNIPPETS.stream().flatMap(file -> Readme.regions(file).stream()))
        .containsExactlyInAnyOrderElementsOf(readme.blocks("java"));
  }

  @Test
  void quickstartShowsTheMessageInPlace() {
    List<String> seen = new ArrayList<>();
    StoreSnippets.quickstart(MESSAGE, view -> seen.add(text(view)));
    assertThat(seen).containsExactly("hello");
  }

  @Test
  void handlesInSlotsLeadToTheMessage() {
    List<String> seen = new ArrayList<>();
    try (PinnedStore store = open();
        Arena arena = Arena.ofConfined()) {
      MemorySegment slots = arena.allocate(4L * BlobHandle.BYTES);
      MemorySegment message = MemorySegment.ofArray(MESSAGE);
      StoreSnippets.slots(store, message, slots, view -> seen.add(text(view)));
      assertThat(store.stats().liveBlobs()).isZero();
    }
    assertThat(seen).containsExactly("hello");
  }

  @Test
  void blobsWrittenInPlaceAreWhatTheEncoderWrote() {
    try (PinnedStore store = open()) {
      BlobHandle[] handles = StoreSnippets.inPlace(store, segment -> segment.fill((byte) 7));
      assertThat(handles).hasSize(2);
      for (BlobHandle handle : handles) {
        assertThat(store.resolve(handle)).hasSize(512).containsOnly(7);
      }
    }
  }

  @Test
  void writerAtTheLimitGoesOnWhenRoomIsMade() {
    StoreConfig twoPages = StoreConfig.builder().pageSize(4096).maxPages(2).build();
    try (PinnedStore store = PinnedStore.open(twoPages)) {
      MemorySegment message = MemorySegment.ofArray(new byte[4096]);
      BlobHandle first = store.append(message);
      store.append(message);
      CompletableFuture<BlobHandle> second =
          CompletableFuture.supplyAsync(() -> StoreSnippets.backPressure(store, message));
      store.acknowledge(first);
      assertThat(store.resolve(second.join())).hasSize(4096);
    }
  }

  @Test
  void whatOneStoreAppendsAnotherOneViews(@TempDir Path directory) {
    Backend orders = Backend.shared("orders").directory(directory);
    StoreConfig config = StoreConfig.builder().backend(orders).build();
    List<String> seen = new ArrayList<>();
    StoreSnippets.sharedProducer(
        directory,
        MESSAGE,
        handle -> StoreSnippets.sharedConsumer(config, () -> handle, view -> seen.add(text(view))));
    assertThat(seen).containsExactly("hello");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void observerSeesWhatACycleDid() {
    List<StoreEvent.Kind> log = new ArrayList<>();
    // Where time stands still nobody is fast, and a cycle makes one page.
    StoreConfig config = StoreConfig.builder().pageSize(4096).clock(() -> 0).build();
    try (PinnedStore store = PinnedStore.open(config)) {
      store.append(new byte[4000]);
      StoreStats stats = StoreSnippets.observe(store, event -> log.add(event.kind()));
      assertThat(stats.lifecycleCycles()).isEqualTo(1);
      assertThat(log).containsExactly(StoreEvent.Kind.PAGE_MADE);
      store.append(new byte[4096]);
      store.maintain();
      assertThat(log).as("a closed registration hears nothing").hasSize(1);
    }
  }

  // ---- commands, links, coordinates

  @Test
  void theCommandsStandThere() {
    assertThat(readme.text())
        .contains("\nmvn -q -pl samples/courier -am compile exec:exec\n")
        .contains("`mvn verify`")
        .contains("\nmvn install -DskipTests -pl kotlin-dsl -am\n");
  }

  @Test
  void theCourierPrintsTheseRows() throws Exception {
    Path report = Path.of("src/main/java/dev/pinnedstore/samples/courier/Report.java");
    String source = Files.readString(Readme.root().resolve("samples/courier").resolve(report));
    List<String> rows = new ArrayList<>();
    Matcher row = Pattern.compile("new Row\\(\"([^\"]+)\"").matcher(source);
    while (row.find()) {
      rows.add(row.group(1));
    }
    String printed = readme.section("Two commands");
    assertThat(rows)
        .isNotEmpty()
        .allSatisfy(name -> assertThat(printed).containsPattern("(?m)^" + name + "  +\\S"));
  }

  @Test
  void theMapNamesEveryModuleOfTheBuild() throws Exception {
    List<String> folders = readme.table("| folder |").stream().map(List::getFirst).toList();
    assertThat(folders).contains(modules("").toArray(String[]::new));
    assertThat(folders)
        .allSatisfy(folder -> assertThat(Readme.root().resolve(folder)).isDirectory());
  }

  private static List<String> modules(String parent) throws Exception {
    List<String> modules = new ArrayList<>();
    String pom = Files.readString(Readme.root().resolve(parent).resolve("pom.xml"));
    Matcher module = Pattern.compile("<module>([^<]+)</module>").matcher(pom);
    while (module.find()) {
      List<String> inner = modules(parent + module.group(1) + "/");
      modules.addAll(inner.isEmpty() ? List.of(parent + module.group(1)) : inner);
    }
    return modules;
  }

  @Test
  void linksLeadToFilesAndNoPathIsThatOfSomeMachine() {
    Matcher links = Pattern.compile("]\\((?!https?:)([^)#]+)").matcher(readme.text());
    assertThat(links.results().map(link -> link.group(1)))
        .isNotEmpty()
        .allSatisfy(link -> assertThat(Readme.root().resolve(link)).exists());
    assertThat(readme.text())
        .doesNotContainPattern("(?<![\\w.~])/(home|root|Users|tmp|work|opt|usr|mnt|var)/")
        .doesNotContainPattern("\\b[A-Z]:\\\\")
        .doesNotContain("file:/");
  }

  @Test
  void coordinatesAreThoseOfTheBuild() throws Exception {
    String pom = Files.readString(Readme.root().resolve("pom.xml"));
    Matcher version = Pattern.compile("<version>([^<]+)</version>").matcher(pom);
    assertThat(version.find()).isTrue();
    String current = Pattern.quote(version.group(1));
    assertThat(String.join("\n", readme.blocks("xml")))
        .contains("<artifactId>pinnedstore-engine<", "<artifactId>pinnedstore-kotlin<")
        .containsPattern("<version>" + current + "<")
        .doesNotContainPattern("<version>(?!" + current + "<)");
    assertThat(String.join("\n", readme.blocks("kts")))
        .containsPattern("dev\\.pinnedstore:pinnedstore-engine:" + current + "\"")
        .containsPattern("dev\\.pinnedstore:pinnedstore-kotlin:" + current + "\"")
        .doesNotContainPattern("dev\\.pinnedstore:[\\w-]+:(?!" + current + "\")");
    assertThat(readme.section("Pinned Page Store")).containsPattern("Version " + current + ",");
  }

  @Test
  void pagesAreFoundAgain(@TempDir Path directory) throws Exception {
    Path backup = directory.resolve("backup");
    assertThat(PagerSnippets.quickstart(directory.resolve("pages"), backup, 42)).isEqualTo(42);
    try (Pager pager = Pager.open(backup, 4096)) {
      assertThat(PagerSnippets.more(pager, 21)).isEqualTo(42);
    }
  }

  private static PinnedStore open() {
    return PinnedStore.open(StoreConfig.builder().pageSize(4096).build());
  }

  private static String text(MemorySegment view) {
    return new String(view.toArray(JAVA_BYTE), UTF_8);
  }
}
