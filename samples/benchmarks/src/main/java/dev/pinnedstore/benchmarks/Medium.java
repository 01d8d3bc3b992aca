package dev.pinnedstore.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Where a benchmark keeps its files. */
public enum Medium {
  /** {@code /dev/shm}, where it exists. */
  TMPFS(Path.of("/dev/shm")),
  /** The folder that the property {@code pager.disk} names, else the working directory. */
  DISK(Path.of(System.getProperty("pager.disk", "")).toAbsolutePath());

  private final Path root;

  Medium(Path root) {
    this.root = root;
  }

  /** Makes a directory of its own. */
  Path directory() throws IOException {
    Path parent = Files.isDirectory(root) ? root : Path.of(System.getProperty("java.io.tmpdir"));
    return Files.createTempDirectory(parent, "pager-benchmark-");
  }

  /** Deletes a directory and what is in it. */
  static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(Medium::deleteFile);
    }
  }

  private static void deleteFile(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
