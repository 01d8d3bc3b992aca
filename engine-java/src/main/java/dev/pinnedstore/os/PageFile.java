package dev.pinnedstore.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An open file that backs one page and that nobody else can open: it has no name, or goes with its
 * last use. Safe for threads. Its channel is used on {@link IoThreads} only, but for confined
 * arenas where there is no way to open the file once more.
 */
final class PageFile {
  static final String PREFIX = "pinnedstore-page-";

  private static final boolean NAMELESS = OperatingSystem.CURRENT != OperatingSystem.WINDOWS;
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  private final Path directory;
  private final Path name;
  private final FileChannel channel;

  /** A path that opens this file once more; found when it is first needed. Under the lock. */
  private @Nullable Path alias;

  private PageFile(Path directory, Path name, FileChannel channel) {
    this.directory = directory;
    this.name = name;
    this.channel = channel;
  }

  /** Makes an empty file. A JVM that is killed inside this call may leave it behind, empty. */
  static PageFile create(Path directory) throws IOException {
    Path name = directory.resolve(PREFIX + UUID.randomUUID());
    Set<OpenOption> options = new HashSet<>();
    options.add(StandardOpenOption.CREATE_NEW);
    options.add(StandardOpenOption.READ);
    options.add(StandardOpenOption.WRITE);
    if (!NAMELESS) {
      options.add(StandardOpenOption.DELETE_ON_CLOSE);
    }
    FileChannel channel = FileChannel.open(name, options, ownerOnly(directory));
    try {
      if (NAMELESS) {
        Files.delete(name);
      }
      return new PageFile(directory, name, channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Writes zeros, so that every byte has its place on the file system before it is mapped. */
  void fill(long bytes) throws IOException {
    IoThreads.call(
        () -> {
          ByteBuffer zeros = Zeros.BUFFER.duplicate();
          for (long at = 0; at < bytes; ) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at));
            at += channel.write(zeros, at);
          }
          return bytes;
        });
  }

  /** Makes the file longer; what lies between is a hole. Not for use beside itself. */
  void extendTo(long bytes) throws IOException {
    IoThreads.call(() -> channel.write(ByteBuffer.wrap(new byte[1]), bytes - 1));
  }

  /** Maps a range of the file for as long as an arena lives. */
  MemorySegment map(MapMode mode, long offset, long bytes, Arena arena)
      throws IOException, MappingFailedException {
    MappingBudget.ofThisProcess().take();
    if (Arenas.isConfined(arena)) {
      return mapHere(mode, offset, bytes, arena);
    }
    return IoThreads.call(() -> channel.map(mode, offset, bytes, arena));
  }

  /**
   * Maps on this thread, as only the owner of a confined arena can. An interrupt during the call
   * costs the channel that is used, so it is one opened for this call, and the call is made again.
   * The JDK then leaks what it had mapped; there is no way to get at it.
   *
   * <p>Where the file cannot be opened again (macOS), the interrupt costs the page's own channel:
   * the page keeps its bytes and gets no alias any more.
   */
  private MemorySegment mapHere(MapMode mode, long offset, long bytes, Arena arena)
      throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      Path path = alias();
      if (path == null) {
        return channel.map(mode, offset, bytes, arena);
      }
      while (true) {
        try (FileChannel again =
            FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
          // Still ours, so it was ours when it was opened again: a descriptor that is closed soon
          // stands for another file.
          if (!channel.isOpen()) {
            throw new ClosedChannelException();
          }
          return again.map(mode, offset, bytes, arena);
        } catch (ClosedByInterruptException e) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Returns where the file is, or was when it had a name. */
  Path directory() {
    return directory;
  }

  /** Closes the file; what is mapped stays so. */
  void close() throws IOException {
    channel.close();
  }

  /**
   * Finds the path once, under a lock: a search beside {@link #mapHere} of another thread could
   * take that call's descriptor for ours, and that one is closed soon.
   */
  private synchronized @Nullable Path alias() throws IOException {
    if (alias == null) {
      alias = NAMELESS ? findDescriptor() : name;
    }
    return alias;
  }

  /** Finds our descriptor, which stays the same while the channel is open; null where it cannot. */
  private @Nullable Path findDescriptor() throws IOException {
    if (!Files.isDirectory(DESCRIPTORS)) {
      return null;
    }
    Path target = Path.of(name + " (deleted)");
    try (DirectoryStream<Path> open = Files.newDirectoryStream(DESCRIPTORS)) {
      for (Path descriptor : open) {
        try {
          if (Files.readSymbolicLink(descriptor).equals(target)) {
            return descriptor;
          }
        } catch (NoSuchFileException e) {
          // Closed by another thread since it was listed.
        }
      }
    }
    return null;
  }

  private static FileAttribute<?>[] ownerOnly(Path directory) {
    return directory.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  /** One buffer for all; each user takes a duplicate. */
  private static final class Zeros {
    static final ByteBuffer BUFFER = ByteBuffer.allocateDirect(1 << 20).asReadOnlyBuffer();
  }
}
