package dev.pinnedstore.samples.courier;

import dev.pinnedstore.store.PinnedStore;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.function.Supplier;

/** Surroundings that tests set up and look at afterwards; everything is real unless replaced. */
final class Stage {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private boolean isTerminal;
  private boolean nativeAccess;
  private Path shared = Path.of("/nowhere");
  private Path html;
  private FileOpener opener = FileOpener.OF_FILES;
  private Supplier<PieceChecksum> checksums = PieceChecksum::crc32c;

  Stage onTerminal() {
    isTerminal = true;
    return this;
  }

  Stage opening(FileOpener opener) {
    this.opener = opener;
    return this;
  }

  Stage checking(Supplier<PieceChecksum> checksums) {
    this.checksums = checksums;
    return this;
  }

  /** Both backends, and a page with charts. */
  Stage withNativeAccess(Path page) {
    nativeAccess = PinnedStore.class.getModule().isNativeAccessEnabled();
    html = page;
    return this;
  }

  /** The shared backend, whose files go there. */
  Stage withShared(Path directory) {
    shared = directory;
    nativeAccess = PinnedStore.class.getModule().isNativeAccessEnabled();
    return this;
  }

  Surroundings surroundings() {
    return new Surroundings(
        new PrintWriter(out),
        new PrintWriter(err),
        isTerminal,
        nativeAccess,
        shared,
        html,
        opener,
        checksums);
  }

  Screen screen() {
    return new Screen(surroundings());
  }

  int run(String... args) {
    return Courier.run(surroundings(), args);
  }

  int deliver(Path directory) {
    return run("--dir", directory.toString());
  }

  String out() {
    return out.toString();
  }

  String err() {
    return err.toString();
  }

  /** The figure in a row of the table, of the first backend. */
  String figure(String row) {
    return out()
        .lines()
        .filter(line -> line.startsWith(row + "  "))
        .findFirst()
        .map(line -> line.substring(row.length()).strip())
        .orElseThrow(() -> new AssertionError("no row '" + row + "' in:\n" + out()));
  }
}
