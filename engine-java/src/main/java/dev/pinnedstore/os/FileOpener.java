package dev.pinnedstore.os;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Opens files for direct I/O, or for buffered I/O where the file system does not take that.
 *
 * <p>On Linux with native access a file is opened by a system call and then, as {@code
 * /proc/self/fd/N}, through channels: all of them are surely the same file, also when it has been
 * renamed or deleted since. Elsewhere a channel that is opened again must find the same file key.
 */
public final class FileOpener {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final Set<OpenOption> CREATING =
      Set.of(
          StandardOpenOption.CREATE,
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.SPARSE);

  private FileOpener() {}

  /**
   * Opens a file.
   *
   * @param path where it is
   * @param options of the standard ones those that {@link FileChannel} takes, {@code APPEND} and
   *     {@code DELETE_ON_CLOSE} excepted
   * @param direct whether to try direct I/O
   * @param tier whether native calls may be used
   * @return the open file
   * @throws IOException if it cannot be opened at all
   */
  public static OpenFile open(Path path, Set<OpenOption> options, boolean direct, NativeTier tier)
      throws IOException {
    // Creates the file, and refuses what is to be refused, as users know it.
    try (FileChannel _ = FileChannel.open(path, options)) {
      Set<OpenOption> again = new HashSet<>(options);
      again.removeAll(CREATING);
      if (!direct) {
        return open(path, again, tier, 1, "buffered I/O was asked for");
      }
      String reason;
      try {
        Set<OpenOption> past = new HashSet<>(again);
        past.add(directOption());
        return open(path, past, tier, usable(blockBytes(path)), "");
      } catch (UnsupportedOperationException | IOException e) {
        reason = "no direct I/O here: " + e.getMessage();
      }
      return open(path, again, tier, 1, reason);
    }
  }

  private static OpenFile open(
      Path path, Set<OpenOption> options, NativeTier tier, int alignment, String reason)
      throws IOException {
    List<Closeable> opened = new ArrayList<>();
    OpenFile file = null;
    try {
      file = open(path, options, tier, alignment, reason, opened);
      return file;
    } finally {
      if (file == null) {
        closeAll(opened);
      }
    }
  }

  private static OpenFile open(
      Path path,
      Set<OpenOption> options,
      NativeTier tier,
      int alignment,
      String reason,
      List<Closeable> opened)
      throws IOException {
    LinuxFile raw = openNative(path, options, tier);
    int multiple = alignment;
    Path name = path;
    Object key = fileKey(path);
    if (raw != null) {
      opened.add(raw::close);
      name = raw.alias();
      if (key != null && !key.equals(fileKey(name))) {
        throw new FileSystemException(
            path.toString(),
            null,
            "the system finds another file of that name, or it was replaced");
      }
      key = null;
      if (reason.isEmpty()) {
        // The larger is a multiple of the other. What the kernel takes by itself may be less; the
        // channel of virtual threads holds to the block size of the file store.
        multiple = Math.max(alignment, usable(directAlignment(raw)));
      }
    }
    Set<OpenOption> plain = new HashSet<>(options);
    plain.removeIf(FileOpener::isDirect);
    FileChannel anchor = FileChannel.open(name, plain);
    opened.add(anchor);
    Path found = name;
    Object known = key;
    ChannelFileIo virtual = new ChannelFileIo(() -> openSame(found, options, known));
    opened.add(virtual::close);
    return new OpenFile(
        raw == null ? virtual : raw,
        virtual,
        ports(path, options, opened),
        new ChannelControl(anchor, raw),
        multiple,
        reason,
        raw == null ? -1 : raw.descriptor(),
        () -> closeAll(opened));
  }

  /** Untested; the JDK hands {@code DIRECT} on to Windows here as it does for other channels. */
  private static @Nullable AsyncIo ports(Path path, Set<OpenOption> options, List<Closeable> opened)
      throws IOException {
    if (OperatingSystem.CURRENT != OperatingSystem.WINDOWS) {
      return null;
    }
    PortsIo ports = new PortsIo(AsynchronousFileChannel.open(path, options, null));
    opened.add(ports);
    return ports;
  }

  /** Opens by a system call; null where that is not possible, and then a channel has to do. */
  private static @Nullable LinuxFile openNative(
      Path path, Set<OpenOption> options, NativeTier tier) {
    if (tier != NativeTier.GRANTED
        || OperatingSystem.CURRENT != OperatingSystem.LINUX
        || !path.getFileSystem().equals(FileSystems.getDefault())
        || !Files.isDirectory(DESCRIPTORS)) {
      return null;
    }
    boolean reads = options.contains(StandardOpenOption.READ);
    boolean writes = options.contains(StandardOpenOption.WRITE);
    int flags = !writes ? LinuxFile.O_RDONLY : reads ? LinuxFile.O_RDWR : LinuxFile.O_WRONLY;
    flags |= options.stream().anyMatch(FileOpener::isDirect) ? LinuxFile.O_DIRECT : 0;
    flags |= options.contains(StandardOpenOption.DSYNC) ? LinuxFile.O_DSYNC : 0;
    flags |= options.contains(StandardOpenOption.SYNC) ? LinuxFile.O_SYNC : 0;
    // Absolute: the JDK takes a relative name from user.dir, and the system from elsewhere.
    return LinuxFile.open(path.toAbsolutePath(), flags);
  }

  /** Found by its name, which javac warns of: the JDK keeps it in a module of its own. */
  private static OpenOption directOption() {
    try {
      for (Object option :
          Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
        if (option instanceof OpenOption found && isDirect(found)) {
          return found;
        }
      }
    } catch (ClassNotFoundException e) {
      throw new UnsupportedOperationException("this JVM has none", e);
    }
    throw new UnsupportedOperationException("this JVM has none");
  }

  private static boolean isDirect(OpenOption option) {
    return option instanceof Enum<?> value && value.name().equals("DIRECT");
  }

  /** What the file store names; a page where a container hides its mount from the JDK. */
  private static int blockBytes(Path path) {
    try {
      return Math.clamp(Files.getFileStore(path).getBlockSize(), 1, Integer.MAX_VALUE);
    } catch (IOException | UnsupportedOperationException e) {
      return Machine.pageBytes();
    }
  }

  /** What the kernel says, 1 if that is nothing. */
  private static int directAlignment(LinuxFile raw) {
    int said = raw.directAlignment();
    if (said == 0) {
      throw new UnsupportedOperationException("statx names no alignment for it");
    }
    return Math.max(said, 1);
  }

  /** Refuses multiples that the addresses of buffers are not. */
  static int usable(int alignment) {
    if (alignment < 1 || Machine.pageBytes() % alignment != 0) {
      throw new UnsupportedOperationException(
          "it takes multiples of "
              + alignment
              + " bytes, and buffers begin at multiples of "
              + Machine.pageBytes());
    }
    return alignment;
  }

  private static @Nullable Object fileKey(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  private static FileChannel openSame(Path path, Set<OpenOption> options, @Nullable Object key)
      throws IOException {
    FileChannel channel = FileChannel.open(path, options);
    if (key == null || key.equals(fileKey(path))) {
      return channel;
    }
    channel.close();
    throw new FileSystemException(
        path.toString(), null, "is another file since an interrupt closed the channel to it");
  }

  /** Closes in the order of opening; what one throws stops no other. */
  private static void closeAll(List<Closeable> opened) throws IOException {
    IOException thrown = null;
    for (Closeable each : opened) {
      try {
        each.close();
      } catch (IOException e) {
        if (thrown == null) {
          thrown = e;
        } else {
          thrown.addSuppressed(e);
        }
      }
    }
    if (thrown != null) {
      throw thrown;
    }
  }
}
