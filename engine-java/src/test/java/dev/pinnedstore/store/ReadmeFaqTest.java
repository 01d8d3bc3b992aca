package dev.pinnedstore.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pinnedstore.Readme;
import dev.pinnedstore.backend.shared.CellsTakenException;
import dev.pinnedstore.os.MappingLostException;
import dev.pinnedstore.os.NativeTier;
import dev.pinnedstore.store.StoreFullException.Limit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** The FAQ of README.md quotes messages that the code really gives, and leaves none out. */
class ReadmeFaqTest {
  private static final String STORE = "The store";
  private static final String LOG = "The log and the JVM";
  private static final String DENY = "--illegal-native-access=deny";
  private static final MemorySegment SLOT = MemorySegment.ofArray(new byte[30]);

  private final Readme readme = Readme.read();

  // ---- messages of exceptions

  @Test
  void everyMessageOfAnExceptionIsExplainedAndEveryExplanationHasItsMessage() {
    Set<String> explained = new HashSet<>();
    refusals().forEach(refusal -> explained.add(explanation(STORE, message(refusal))));
    for (Limit limit : EnumSet.complementOf(EnumSet.of(Limit.MAX_PAGES, Limit.MAX_BYTES))) {
      StoreFullException full = new StoreFullException(limit, -1, 1, 2, 3, null);
      explained.add(explanation(STORE, full.getMessage()));
    }
    assertThat(readme.messages(STORE)).containsExactlyInAnyOrderElementsOf(explained);
  }

  private static List<ThrowingCallable> refusals() {
    StoreConfig.Builder config = StoreConfig.builder();
    return List.of(
        () -> fill(StoreConfig.builder().pageSize(4096).maxPages(1).build()),
        () -> fill(StoreConfig.builder().pageSize(4096).maxBytes(4096).build()),
        () -> with(store -> store.append(new byte[8193])),
        () -> {
          // One that is really too large takes 2 GiB of memory.
          throw BlobTooLargeException.forArray(3, 2);
        },
        () -> with(store -> store.append(new byte[0])),
        () -> with(ReadmeFaqTest::viewAfterAcknowledge),
        () -> with(store -> store.view(new BlobHandle(0, 64, 5, 1, 1))),
        () -> with(ReadmeFaqTest::appendAfterClose),
        () -> with(ReadmeFaqTest::readAfterClose),
        () -> with(store -> store.append(8, window -> elsewhere(() -> write(window)))),
        () -> with(store -> write(store.view(store.append(new byte[8])))),
        () -> with(ReadmeFaqTest::publishTwice),
        () -> with(ReadmeFaqTest::startTwice),
        () -> with(store -> store.startLifecycle(Duration.ZERO)),
        () -> PinnedStore.open(virtual(2 << 20).build(), NativeTier.DENIED),
        () -> config.pageSize(100),
        () -> Backend.virtual(1),
        () -> virtual(2 << 20).pageSize(4 << 20).build(),
        () -> config.prefetchThreshold(80),
        () -> config.decayTimeout(Duration.ZERO),
        () -> config.ttl(Duration.ZERO),
        () -> config.maxPages(0),
        () -> config.maxBytes(0),
        () -> StoreConfig.builder().pageSize(8192).maxBytes(4096).build(),
        () -> StoreConfig.builder().backend(Backend.shared("a")).maxBytes(4096).build(),
        () -> StoreConfig.builder().backend(Backend.shared("a")).pageSize(4096).build(),
        () -> StoreConfig.builder().backend(Backend.shared("a")).maxPages(1).build(),
        () -> Backend.shared("a/b"),
        () -> Backend.shared("a").chunkSize(1),
        () -> Backend.shared("a").maxChunks(0),
        () -> PinnedStore.attach(SharedStores.newNamespace(), StoreConfig.defaults()),
        SharedStores::openWhatIsInUse,
        () -> SharedStores.attachToControl(8, 2),
        () -> SharedStores.attachToControl(32, 1),
        SharedStores::appendWithoutControl,
        () -> {
          // One that is really cut off is for a JVM of its own.
          throw MappingLostException.of("a chunk", new InternalError("unsafe memory access"));
        },
        () -> {
          // One that is really so takes half a minute.
          throw Refusals.lost(new CellsTakenException(Path.of("/dev/shm/NS_lock"), 0));
        },
        () -> BlobHandle.fromBytes(new byte[3]),
        () -> BlobHandle.fromHex("00"),
        () -> BlobHandle.fromHex("z".repeat(48)),
        () -> with(store -> store.view(SLOT, 10)),
        () -> with(store -> store.view(SLOT.asSlice(0, 10), 0)),
        () -> with(store -> store.append(SLOT, SLOT.asReadOnly(), 0)),
        () -> with(ReadmeFaqTest::appendToAForeignSlot),
        () -> with(ReadmeFaqTest::appendToADeadSlot));
  }

  private static StoreConfig.Builder virtual(long reserveBytes) {
    return StoreConfig.builder().backend(Backend.virtual(reserveBytes));
  }

  private static void fill(StoreConfig config) {
    try (PinnedStore store = PinnedStore.open(config)) {
      store.append(new byte[4096]);
      store.append(new byte[1]);
    }
  }

  private static void with(Consumer<PinnedStore> use) {
    StoreConfig config = StoreConfig.builder().pageSize(4096).maxBytes(8192).build();
    try (PinnedStore store = PinnedStore.open(config)) {
      use.accept(store);
    }
  }

  private static void viewAfterAcknowledge(PinnedStore store) {
    BlobHandle handle = store.append(new byte[8]);
    store.acknowledge(handle);
    store.view(handle);
  }

  private static void appendAfterClose(PinnedStore store) {
    store.close();
    store.append(new byte[8]);
  }

  private static void readAfterClose(PinnedStore store) {
    MemorySegment view = store.view(store.append(new byte[8]));
    store.close();
    view.get(JAVA_BYTE, 0);
  }

  private static void publishTwice(PinnedStore store) {
    try (Reservation room = store.reserve(8)) {
      room.publish();
      room.publish();
    }
  }

  private static void startTwice(PinnedStore store) {
    store.startLifecycle();
    store.startLifecycle();
  }

  private static void appendToAForeignSlot(PinnedStore store) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment slot = arena.allocate(BlobHandle.BYTES);
      elsewhere(() -> store.append(SLOT, slot, 0));
    }
  }

  private static void appendToADeadSlot(PinnedStore store) {
    Arena arena = Arena.ofConfined();
    MemorySegment slot = arena.allocate(BlobHandle.BYTES);
    arena.close();
    store.append(SLOT, slot, 0);
  }

  private static void write(MemorySegment segment) {
    segment.set(JAVA_BYTE, 0, (byte) 1);
  }

  /** Runs on another thread, and throws here what was thrown there. */
  private static void elsewhere(Runnable action) {
    try {
      CompletableFuture.runAsync(action).join();
    } catch (CompletionException e) {
      throw (RuntimeException) e.getCause();
    }
  }

  // ---- limits of the system, each really run into by a child

  @Test
  void openFilesRunOutAsTold() throws Exception {
    runsOut(Limit.OPEN_FILES, "ulimit -n 64;", DENY, "pages");
  }

  @Test
  void addressSpaceRunsOutAsTold() throws Exception {
    runsOut(
        Limit.ADDRESS_SPACE, "ulimit -v 6000000;", "--enable-native-access=ALL-UNNAMED", "large");
  }

  @Test
  void fileThatCannotBeMadeIsToldAsMemory() throws Exception {
    runsOut(Limit.MEMORY, "ulimit -f 1000;", DENY, "large");
  }

  @Test
  void mappingsRunOutAsTold() throws Exception {
    Path limit = Path.of("/proc/sys/vm/max_map_count");
    assumeTrue(Files.exists(limit), "the system counts mappings");
    long most = Long.parseLong(Files.readAllLines(limit).getFirst());
    assumeTrue(most < 80_000, "vm.max_map_count is small enough to be reached soon");
    runsOut(Limit.MAP_COUNT, "", DENY, "windows");
  }

  @Test
  void fileSystemRunsOutAsTold() throws Exception {
    assumeTrue(isLinux() && ReadmeChild.mayMount(), "may mount in a namespace of its own");
    isTold(Limit.DISK_SPACE, ReadmeChild.runOnSmallTmpfs(DENY, "pages"));
  }

  private void runsOut(Limit limit, String prefix, String option, String what) throws Exception {
    assumeTrue(isLinux(), "sets limits by a Linux shell");
    isTold(limit, ReadmeChild.run(prefix, option, what));
  }

  private void isTold(Limit limit, String printed) {
    String prefix = limit + " ";
    List<String> told = printed.lines().filter(line -> line.startsWith(prefix)).toList();
    assertThat(told).as(printed).hasSize(1);
    explanation(STORE, told.getFirst().substring(prefix.length()));
  }

  private static boolean isLinux() {
    return System.getProperty("os.name").startsWith("Linux");
  }

  // ---- the log, the JVM, the build

  @Test
  void everyLineOfTheLogIsExplainedAndEveryExplanationHasItsLine() throws Exception {
    String wrong = "--enable-native-access=dev.pinnedstore.engine -Duser.language=en";
    String printed = ReadmeChild.run("", wrong, "log");
    for (String message : readme.messages(LOG)) {
      if (!message.contains("class file version")) {
        assertThat(printed.lines().map(line -> line.replaceFirst("^WARNING: ", "")))
            .as(printed)
            .anyMatch(Readme.pattern(message).asMatchPredicate());
      }
    }
    assertThat(printed)
        .as("a restricted call of somebody else opens native access to all")
        .contains("native access before=false after=true");
  }

  @Test
  void anOlderJvmSaysWhatIsTold() throws Exception {
    byte[] type = PinnedStore.class.getResourceAsStream("PinnedStore.class").readAllBytes();
    int major = type[7];
    type[7] = 120;
    ClassLoader loader =
        new ClassLoader() {
          @Override
          protected Class<?> findClass(String name) {
            return defineClass(null, type, 0, type.length);
          }
        };
    String message = message(() -> loader.loadClass("dev.pinnedstore.FromTheFuture"));
    explanation(LOG, message.replace("version 120.0", "version " + major + ".0"));
  }

  @Test
  void theBuildSaysWhatIsTold() throws Exception {
    String pom = Files.readString(Readme.root().resolve("pom.xml"));
    assertThat(readme.messages("The build"))
        .isNotEmpty()
        .allSatisfy(message -> assertThat(pom).contains("<id>" + message + "</id>"));
  }

  // ---- helpers

  /** The one message of a section that a real one matches. */
  private String explanation(String section, String message) {
    List<String> found =
        readme.messages(section).stream()
            .filter(entry -> Readme.pattern(entry).matcher(message).matches())
            .toList();
    assertThat(found).as("what README.md says about: %s", message).hasSize(1);
    return found.getFirst();
  }

  private static String message(ThrowingCallable refusal) {
    Throwable thrown = catchThrowable(refusal);
    assertThat(thrown).as("a refusal").isNotNull();
    return String.valueOf(thrown.getMessage());
  }
}
