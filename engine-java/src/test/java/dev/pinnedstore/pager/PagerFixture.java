package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** A pager file of small pages, reopened and damaged at will. Runs in both tiers. */
@Tag("contract")
abstract class PagerFixture {
  static final int PAGE = 1024;

  @TempDir(factory = MemoryDirectory.class)
  Path directory;

  Path path;
  Pager pager;

  @BeforeEach
  void createPager() throws IOException {
    path = directory.resolve("pages");
    pager = Pager.create(path, PAGE, options());
  }

  /** The options of a test class. */
  PagerOptions options() {
    return PagerOptions.defaults();
  }

  @AfterEach
  void closePager() {
    pager.close();
  }

  final void reopen() throws IOException {
    pager.close();
    pager = Pager.open(path, PAGE, options());
  }

  /** Flips a bit of the file, which is closed. */
  final void damage(long position) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    bytes[(int) position] ^= 1;
    Files.write(path, bytes);
  }

  static void set(Pager pager, PageId id, int value) {
    pager.page(id).set(JAVA_BYTE, 0, (byte) value);
  }

  static int get(Pager pager, PageId id) {
    return pager.page(id).get(JAVA_BYTE, 0);
  }

  static void commit(ProtectedPage page, int value) {
    try (ProtectedPage.Writer writer = page.writer()) {
      writer.segment().set(JAVA_BYTE, 0, (byte) value);
      writer.commit();
    }
  }

  static int get(ProtectedPage page) {
    return page.segment().get(JAVA_BYTE, 0);
  }

  static <T> List<T> list(Iterable<T> items) {
    return new ArrayList<>(StreamSupport.stream(items.spliterator(), false).toList());
  }
}
