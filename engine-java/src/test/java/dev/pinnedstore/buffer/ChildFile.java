package dev.pinnedstore.buffer;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.nio.file.Path;

/** Writes a page to a file, named as it is told, in a JVM of its own. */
final class ChildFile {
  private ChildFile() {}

  public static void main(String... args) throws Exception {
    try (DirectFile file = DirectFile.open(Path.of(args[0]), CREATE, READ, WRITE);
        AlignedBuffer page = AlignedBuffer.page()) {
      System.out.println(file.write(page.slice(), 0));
    }
  }
}
