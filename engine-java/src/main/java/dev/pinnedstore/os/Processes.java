package dev.pinnedstore.os;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Looks at other processes, as far as the system shows them: those of this user, on Linux. */
public final class Processes {
  private Processes() {}

  /**
   * Says whether a process has a file mapped. Reads the mappings of every process that may be
   * looked at; one in another container, or of another user, is not seen. False where there is no
   * {@code /proc}.
   *
   * @param file the file, by the name that it was opened with
   * @return whether one was found
   * @throws IOException when the processes cannot be listed
   */
  public static boolean anyMaps(Path file) throws IOException {
    Path proc = Path.of("/proc");
    if (!Files.isDirectory(proc.resolve("self"))) {
      return false;
    }
    String name = " " + file.toAbsolutePath();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : all) {
        if (maps(process, name)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean maps(Path process, String name) {
    try (Stream<String> lines = Files.lines(process.resolve("maps"))) {
      return lines.anyMatch(line -> line.endsWith(name));
    } catch (IOException | UncheckedIOException e) {
      // It has ended, or is not ours to look at.
      return false;
    }
  }
}
