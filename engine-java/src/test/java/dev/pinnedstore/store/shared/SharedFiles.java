package dev.pinnedstore.store.shared;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The files of a test's namespaces in shared memory. After the test it closes, in reverse order,
 * what the test opened, and then no file of its namespaces may be left.
 */
final class SharedFiles implements BeforeEachCallback, AfterEachCallback {
  static final Path DIRECTORY = Path.of("/dev/shm");

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final List<String> namespaces = new ArrayList<>();

  @Override
  public void beforeEach(ExtensionContext context) {
    assumeTrue(Files.isWritable(DIRECTORY), "needs " + DIRECTORY);
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    try {
      closeAll();
      for (String namespace : namespaces) {
        assertThat(names(namespace)).as("files left of %s", namespace).isEmpty();
      }
    } finally {
      for (String namespace : namespaces) {
        remove(namespace);
      }
      namespaces.clear();
    }
  }

  /** A name that nobody has. */
  String namespace() {
    String namespace =
        "pinnedstore-test-"
            + ProcessHandle.current().pid()
            + "-"
            + Long.toHexString(ThreadLocalRandom.current().nextLong());
    namespaces.add(namespace);
    return namespace;
  }

  /** To be closed after the test at the latest. */
  <T extends AutoCloseable> T opened(T resource) {
    opened.push(resource);
    return resource;
  }

  /** Closes what is open now. */
  void closeAll() throws Exception {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }

  /** Names without the namespace, in order. */
  static List<String> names(String namespace) throws IOException {
    String prefix = namespace + "_";
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith(prefix))
          .map(name -> name.substring(prefix.length()))
          .sorted()
          .toList();
    }
  }

  static boolean exists(String namespace, String name) {
    return Files.exists(path(namespace, name));
  }

  static Path path(String namespace, String name) {
    return DIRECTORY.resolve(namespace + "_" + name);
  }

  static byte[] read(String namespace, String name) throws IOException {
    return Files.readAllBytes(path(namespace, name));
  }

  static OriginalLayout.Control control(String namespace) throws IOException {
    return OriginalLayout.Control.of(read(namespace, "ctrl"));
  }

  static OriginalLayout.Header header(String namespace, int id) throws IOException {
    return OriginalLayout.Header.of(read(namespace, "data_" + Integer.toUnsignedString(id)));
  }

  /** Writes the files of a snapshot, mode 0600. */
  static void write(String namespace, Vector.Snapshot snapshot) throws IOException {
    for (Vector.Image file : snapshot.files()) {
      write(namespace, file.name(), file.bytes());
    }
  }

  /** Writes a file, mode 0600. */
  static void write(String namespace, String name, byte[] bytes) throws IOException {
    Path path = path(namespace, name);
    Files.createFile(
        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.write(path, bytes);
  }

  /** Overwrites a field of 4 bytes. */
  static void patch(String namespace, String name, int offset, int value) throws IOException {
    patch(namespace, name, offset, ByteBuffer.allocate(4).order(LITTLE_ENDIAN).putInt(0, value));
  }

  /** Overwrites a field of 8 bytes. */
  static void patchLong(String namespace, String name, int offset, long value) throws IOException {
    patch(namespace, name, offset, ByteBuffer.allocate(8).order(LITTLE_ENDIAN).putLong(0, value));
  }

  private static void patch(String namespace, String name, int offset, ByteBuffer bytes)
      throws IOException {
    try (FileChannel file = FileChannel.open(path(namespace, name), WRITE)) {
      int _ = file.write(bytes, offset);
    }
  }

  /** What a test leaves on purpose, as a process of the original that was killed would. */
  static void remove(String namespace) throws IOException {
    for (String name : names(namespace)) {
      Files.deleteIfExists(path(namespace, name));
    }
  }
}
