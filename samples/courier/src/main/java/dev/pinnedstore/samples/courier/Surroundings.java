package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.PinnedStore;
import java.io.Console;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the courier meets outside of itself, so that a test can put something else in its place.
 *
 * @param out where the table and the progress bar go
 * @param err where problems go
 * @param isTerminal whether somebody watches
 * @param nativeAccess whether the engine may call native code
 * @param shared where the files of shared stores go
 * @param html where the page with the charts goes unless told otherwise; null for nowhere
 * @param opener opens the files
 * @param checksums makes the consumers' checksums, one for each thread
 */
record Surroundings(
    PrintWriter out,
    PrintWriter err,
    boolean isTerminal,
    boolean nativeAccess,
    Path shared,
    @Nullable Path html,
    FileOpener opener,
    Supplier<PieceChecksum> checksums) {

  /** The build names a file in its own folder with it. */
  private static final String HTML = "courier.html";

  /** Memory that looks like files, on Linux. */
  private static final Path SHARED = Path.of("/dev/shm");

  /** The process as it was started. */
  static Surroundings ofProcess() {
    Console console = System.console();
    String html = System.getProperty(HTML);
    return new Surroundings(
        new PrintWriter(System.out, true),
        new PrintWriter(System.err, true),
        console != null && console.isTerminal(),
        PinnedStore.class.getModule().isNativeAccessEnabled(),
        SHARED,
        html == null ? null : Path.of(html),
        FileOpener.OF_FILES,
        PieceChecksum::crc32c);
  }
}
