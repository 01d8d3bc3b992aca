package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import dev.pinnedstore.os.SharedFileException.Problem;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Named files by which processes of one user share memory.
 *
 * <p>They are made for their owner alone (mode 0600) and never through a symbolic link, and those
 * of another user are refused before they are opened. Every call is a handful of system calls, on a
 * thread that nobody interrupts. Safe for threads.
 */
public final class SharedFiles {
  private static final Path SELF = Path.of("/proc/self");
  private static final LinkOption[] NO_LINKS = {LinkOption.NOFOLLOW_LINKS};

  private SharedFiles() {}

  /**
   * Makes a file that does not exist, and takes its space on the file system: touching a mapping of
   * what is backed cannot fail for want of space. A process that is killed here leaves the file.
   *
   * @param path where
   * @param length its size in bytes, at least 1
   * @param backedBytes how much of it is written with zeros, from its start; the rest is a hole
   * @param head what it begins with, shorter than {@code backedBytes}
   * @return false when there is such a file already
   * @throws MappingFailedException when the file system has no room, or the process no descriptor
   * @throws IOException when the file cannot be made for another reason
   */
  public static boolean create(Path path, long length, long backedBytes, byte[] head)
      throws IOException, MappingFailedException {
    checkRoom(directory(path), backedBytes, length);
    FileChannel channel;
    try {
      channel = IoThreads.call(() -> FileChannel.open(path, options(true), ownerOnly(path)));
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (IOException e) {
      throw FileRefusals.explain(directory(path), length, e);
    }
    boolean made = false;
    try {
      IoThreads.call(() -> fill(channel, length, backedBytes, head));
      made = true;
    } catch (IOException e) {
      throw FileRefusals.explain(directory(path), length, e);
    } finally {
      channel.close();
      if (!made) {
        var _ = delete(path);
      }
    }
    return true;
  }

  /**
   * Refuses where a file system has no room now, as far as it tells.
   *
   * @param directory where
   * @param backedBytes how much room is needed
   * @param length the size of the file that would be made
   * @throws MappingFailedException when there is less
   */
  public static void checkRoom(Path directory, long backedBytes, long length)
      throws MappingFailedException {
    File disk = directory.toFile();
    if (disk.getTotalSpace() > 0 && disk.getUsableSpace() < backedBytes) {
      throw FileRefusals.of(Limit.DISK_SPACE, directory, length, null);
    }
  }

  private static long fill(FileChannel channel, long length, long backedBytes, byte[] head)
      throws IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(Math.clamp(backedBytes, 1, 1 << 20));
    block.put(0, head);
    for (long at = 0; at < backedBytes; ) {
      int bytes = (int) Math.min(block.capacity(), backedBytes - at);
      block.clear().limit(bytes);
      while (block.hasRemaining()) {
        at += channel.write(block, at);
      }
      if (at <= block.capacity()) {
        block.clear().put(0, new byte[head.length]);
      }
    }
    if (length > backedBytes) {
      var _ = channel.write(ByteBuffer.wrap(new byte[1]), length - 1);
    }
    return length;
  }

  /**
   * Gives a file a second name, or says that this name is taken.
   *
   * @param existing the file
   * @param name its second name
   * @return false when there is such a file already
   * @throws IOException when the file system refuses
   */
  public static boolean link(Path existing, Path name) throws IOException {
    try {
      Files.createLink(name, existing);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  /**
   * Gives a file another name, in the place of any file that has it.
   *
   * @param from the file
   * @param to its name from now on
   * @throws IOException when the file system refuses
   */
  public static void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Takes a name away; what is mapped stays.
   *
   * @param path the name
   * @return whether there was such a file
   * @throws IOException when the file system refuses
   */
  public static boolean delete(Path path) throws IOException {
    return Files.deleteIfExists(path);
  }

  /**
   * Says whether there is something of that name, be it a link that leads nowhere.
   *
   * @param path the name
   * @return whether
   */
  public static boolean exists(Path path) {
    return Files.exists(path, NO_LINKS);
  }

  /**
   * Lists the names in a directory that begin with a prefix.
   *
   * @param directory where
   * @param prefix what they begin with
   * @return names without the directory, in no order
   * @throws IOException when it cannot be read
   */
  public static List<String> list(Path directory, String prefix) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        if (name.startsWith(prefix)) {
          names.add(name);
        }
      }
    } catch (java.nio.file.DirectoryIteratorException e) {
      throw e.getCause();
    }
    return names;
  }

  /**
   * Returns the size of a plain file of this user.
   *
   * @param path the file
   * @return bytes
   * @throws SharedFileException when it is missing, no plain file, or another user's
   * @throws IOException when the file system refuses
   */
  public static long size(Path path) throws IOException {
    BasicFileAttributes found;
    try {
      found = Files.readAttributes(path, BasicFileAttributes.class, NO_LINKS);
    } catch (NoSuchFileException e) {
      throw missing(path);
    }
    if (!found.isRegularFile()) {
      throw new SharedFileException(Problem.SHAPE, path, "must be a plain file and is none");
    }
    checkOwner(path);
    return found.size();
  }

  /**
   * Reads the first bytes of a file, as many as it has.
   *
   * @param path the file
   * @param bytes how many
   * @return at most so many bytes
   * @throws SharedFileException as {@link #size}
   * @throws IOException when the file system refuses
   */
  public static byte[] read(Path path, int bytes) throws IOException {
    var _ = size(path);
    return IoThreads.call(
        () -> {
          try (FileChannel channel = FileChannel.open(path, options(false))) {
            ByteBuffer head = ByteBuffer.allocate(bytes);
            while (head.hasRemaining() && channel.read(head, head.position()) >= 0) {}
            byte[] read = new byte[head.position()];
            head.get(0, read);
            return read;
          } catch (NoSuchFileException e) {
            throw missing(path);
          }
        });
  }

  /**
   * Maps a whole file, readable and writable, and keeps no descriptor.
   *
   * @param path the file
   * @param bytes its size
   * @return the mapping, to be closed by the caller
   * @throws SharedFileException as {@link #size}, and when the file has another size
   * @throws MappingFailedException when the process may not map more
   * @throws IOException when the file system refuses
   */
  public static SharedMapping map(Path path, long bytes)
      throws IOException, MappingFailedException {
    checkLength(path, size(path), bytes);
    MappingBudget.ofThisProcess().take();
    Arena arena = Arena.ofShared();
    MemorySegment base = null;
    try {
      Object identity = identity(path);
      MemorySegment mapped = mapOnce(path, 0, bytes, bytes, arena);
      if (!leadsTo(path, identity)) {
        // Replaced at this moment: which of the two is mapped cannot be told.
        throw missing(path);
      }
      base = mapped;
      return new SharedMapping(path, identity, base, arena);
    } catch (SharedFileException e) {
      throw e;
    } catch (IOException e) {
      throw FileRefusals.explain(directory(path), bytes, e);
    } finally {
      if (base == null) {
        arena.close();
      }
    }
  }

  /** Maps a part of a file of a given length for as long as an arena lives. */
  static MemorySegment mapOnce(Path path, long offset, long bytes, long length, Arena arena)
      throws IOException {
    return Arenas.isConfined(arena)
        ? mapHere(path, offset, bytes, length, arena)
        : IoThreads.call(() -> openAndMap(path, offset, bytes, length, arena));
  }

  /** On this thread, as only the owner of a confined arena can; again when it is interrupted. */
  private static MemorySegment mapHere(Path path, long offset, long bytes, long length, Arena arena)
      throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return openAndMap(path, offset, bytes, length, arena);
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

  private static MemorySegment openAndMap(
      Path path, long offset, long bytes, long length, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(path, options(false))) {
      checkLength(path, channel.size(), length);
      return channel.map(MapMode.READ_WRITE, offset, bytes, arena);
    } catch (NoSuchFileException e) {
      throw missing(path);
    }
  }

  /**
   * Returns what a name leads to: equal as long as it is the same file.
   *
   * @param path the name
   * @return something to compare; the path itself where the file system has nothing
   * @throws SharedFileException when there is no such file
   * @throws IOException when the file system refuses
   */
  public static Object identity(Path path) throws IOException {
    Object key = key(path);
    if (key == null && !exists(path)) {
      throw missing(path);
    }
    return key == null ? path : key;
  }

  /**
   * Says whether a name leads to a file.
   *
   * @param path the name
   * @param identity the file's {@link #identity}
   * @return false when there is none of that name, or another
   * @throws IOException when the file system refuses
   */
  public static boolean leadsTo(Path path, Object identity) throws IOException {
    Object key = key(path);
    return key == null ? identity.equals(path) && exists(path) : identity.equals(key);
  }

  /**
   * Returns the length of a file, whatever it is.
   *
   * @param path the file
   * @return bytes, 0 when there is none
   */
  public static long lengthOrZero(Path path) {
    return path.toFile().length();
  }

  /** Stands for a file as long as it exists, whatever its name; null where there is none. */
  static @Nullable Object key(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, NO_LINKS).fileKey();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  static Set<OpenOption> options(boolean create) {
    return create
        ? Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)
        : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
  }

  static FileAttribute<?>[] ownerOnly(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  static Path directory(Path path) {
    Path parent = path.toAbsolutePath().getParent();
    return parent == null ? path : parent;
  }

  private static void checkLength(Path path, long found, long bytes) throws IOException {
    if (found != bytes) {
      throw new SharedFileException(
          Problem.SHAPE, path, "length=" + found + ": must be " + bytes + " bytes");
    }
  }

  /** By the number of the user where the system has one; Windows is not asked. */
  private static void checkOwner(Path path) throws IOException {
    if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")
        || !Files.exists(SELF)) {
      return;
    }
    Object owner;
    try {
      owner = Files.getAttribute(path, "unix:uid", NO_LINKS);
    } catch (NoSuchFileException e) {
      throw missing(path);
    }
    Object user = Files.getAttribute(SELF, "unix:uid");
    if (!user.equals(owner)) {
      throw new SharedFileException(
          Problem.OWNER, path, "owner uid=" + owner + ": must be that of this process, " + user);
    }
  }

  private static SharedFileException missing(Path path) {
    return new SharedFileException(Problem.MISSING, path, "does not exist");
  }
}
