package dev.pinnedstore.samples.courier;

import java.io.Console;
import java.io.PrintWriter;
import java.util.function.Supplier;

/**
 * What the courier meets outside of itself, so that a test can put something else in its place.
 *
 * @param out where the table and the progress bar go
 * @param err where problems go
 * @param isTerminal whether somebody watches
 * @param opener opens the files
 * @param checksums makes the consumers' checksums, one for each thread
 */
record Surroundings(
    PrintWriter out,
    PrintWriter err,
    boolean isTerminal,
    FileOpener opener,
    Supplier<PieceChecksum> checksums) {

  /** The process as it was started. */
  static Surroundings ofProcess() {
    Console console = System.console();
    return new Surroundings(
        new PrintWriter(System.out, true),
        new PrintWriter(System.err, true),
        console != null && console.isTerminal(),
        FileOpener.OF_FILES,
        PieceChecksum::crc32c);
  }
}
