package dev.pinnedstore.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.file.Path;

/** Fills a small file system, in a JVM of its own, and prints what it is told. */
final class ChildDisk {
  private static final int BLOCK = 4096;

  private ChildDisk() {}

  public static void main(String... args) throws Exception {
    try (DirectFile file = DirectFile.open(Path.of(args[0], "data"), CREATE, READ, WRITE);
        AlignedBuffer page = AlignedBuffer.shared(BLOCK)) {
      page.segment().fill((byte) 7);
      file.write(page.slice(), 0);
      String said = args[1].equals("preallocate") ? preallocate(file) : write(file, page);
      page.segment().fill((byte) 0);
      file.readFully(page.slice(), 0);
      System.out.println(
          said + ", size " + file.size() + ", byte " + page.segment().get(JAVA_BYTE, 100));
    }
  }

  private static String preallocate(DirectFile file) throws IOException {
    file.preallocate(64 * BLOCK);
    String said = "room for 64 pages";
    try {
      file.preallocate(64L << 20);
    } catch (IOException e) {
      said += ", then " + words(e);
    }
    // What was not taken is free again.
    file.preallocate(128 * BLOCK);
    return said;
  }

  private static String write(DirectFile file, AlignedBuffer page) throws IOException {
    String said = "";
    long at = BLOCK;
    while (said.isEmpty()) {
      try {
        at += file.write(page.slice(), at);
      } catch (IOException e) {
        said = words(e);
      }
    }
    file.truncate(BLOCK);
    file.writeAsync(page.slice(), BLOCK).join();
    return said;
  }

  private static String words(IOException e) {
    return e.getMessage().contains("No space left on device") ? "no space" : e.toString();
  }
}
