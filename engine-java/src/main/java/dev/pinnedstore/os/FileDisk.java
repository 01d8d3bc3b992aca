package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A {@link Disk} that is a file. Its channel is used on {@link IoThreads} only, so that an
 * interrupt of a caller cannot close it.
 */
public final class FileDisk implements Disk {
  private static final int CHUNK_BYTES = 1 << 20;

  private final Path path;
  private final FileChannel channel;
  private final MapMode mode;

  private FileDisk(Path path, FileChannel channel, MapMode mode) {
    this.path = path;
    this.channel = channel;
    this.mode = mode;
  }

  /**
   * Makes a file that does not exist yet, and its name durable.
   *
   * @param path where
   * @return the empty file
   * @throws IOException if it exists, or cannot be made
   */
  public static FileDisk create(Path path) throws IOException {
    FileDisk disk =
        open(
            path,
            MapMode.READ_WRITE,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    syncDirectory(path);
    return disk;
  }

  /**
   * Opens a file for reading and writing.
   *
   * @param path where it is
   * @return the file
   * @throws IOException if there is none, or it cannot be opened
   */
  public static FileDisk open(Path path) throws IOException {
    return open(path, MapMode.READ_WRITE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /**
   * Opens a file for reading.
   *
   * @param path where it is
   * @return the file
   * @throws IOException if there is none, or it cannot be opened
   */
  public static FileDisk openReadOnly(Path path) throws IOException {
    return open(path, MapMode.READ_ONLY, StandardOpenOption.READ);
  }

  private static FileDisk open(Path path, MapMode mode, StandardOpenOption... options)
      throws IOException {
    return IoThreads.call(() -> new FileDisk(path, FileChannel.open(path, options), mode));
  }

  /**
   * Makes the entry of a file in its directory durable. Without effect on Windows, where
   * directories cannot be opened.
   *
   * @param file whose entry
   * @throws IOException if the system refuses
   */
  public static void syncDirectory(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (OperatingSystem.CURRENT == OperatingSystem.WINDOWS || directory == null) {
      return;
    }
    IoThreads.call(
        () -> {
          try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
            entries.force(true);
          }
          return true;
        });
  }

  @Override
  public long size() throws IOException {
    return IoThreads.call(channel::size);
  }

  @Override
  public MemorySegment map(long position, long bytes, Arena arena)
      throws IOException, MappingFailedException {
    MappingBudget.ofThisProcess().take();
    try {
      return IoThreads.call(
          () -> {
            boolean longer = channel.size() < position + bytes;
            MemorySegment mapping = channel.map(mode, position, bytes, arena);
            if (longer) {
              // A sync of the mapping need not make the new length durable.
              channel.force(true);
            }
            return mapping;
          });
    } catch (IOException e) {
      if (e.getCause() instanceof OutOfMemoryError) {
        throw FileRefusals.explain(directory(), bytes, e);
      }
      throw e;
    }
  }

  @Override
  public MemorySegment alias(MemorySegment segment, long position, Arena arena)
      throws IOException, MappingFailedException {
    return NativeTier.current() == NativeTier.GRANTED
        ? segment.reinterpret(arena, null)
        : map(position, segment.byteSize(), arena);
  }

  @Override
  public void allocate(long position, long bytes) throws MappingFailedException {
    if (OperatingSystem.CURRENT == OperatingSystem.LINUX
        && NativeTier.current() == NativeTier.GRANTED) {
      int result = LinuxFiles.allocate(path, position, bytes);
      if (result == 0) {
        return;
      }
      if (result == -LinuxFiles.ENOSPC) {
        throw FileRefusals.of(Limit.DISK_SPACE, directory(), bytes, null);
      }
      // A file system without that call, or another limit, which writing meets and names.
    }
    try {
      IoThreads.call(() -> fill(position, bytes));
    } catch (IOException e) {
      throw FileRefusals.explain(directory(), bytes, e);
    }
  }

  private long fill(long position, long bytes) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, bytes));
    for (long at = 0; at < bytes; ) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at));
      at += channel.write(zeros, position + at);
    }
    return bytes;
  }

  @Override
  public void write(MemorySegment mapping, long offset, byte[] source, int bytes) {
    MemorySegment.copy(source, 0, mapping, ValueLayout.JAVA_BYTE, offset, bytes);
  }

  @Override
  public void sync(MemorySegment mapping, long offset, long bytes) throws IOException {
    try {
      mapping.asSlice(offset, bytes).force();
    } catch (UncheckedIOException e) {
      throw new IOException("cannot write " + path + " back: " + e.getMessage(), e.getCause());
    }
  }

  @Override
  public void discard(long position, long bytes) {
    if (OperatingSystem.CURRENT == OperatingSystem.LINUX
        && NativeTier.current() == NativeTier.GRANTED) {
      // Some file systems refuse; then the space stays taken, and is used again.
      var _ = LinuxFiles.discard(path, position, bytes);
    }
  }

  @Override
  public void resize(long bytes) throws IOException {
    IoThreads.call(
        () -> {
          long size = channel.size();
          if (bytes < size) {
            channel.truncate(bytes);
          } else if (bytes > size) {
            channel.write(ByteBuffer.wrap(new byte[1]), bytes - 1);
          }
          channel.force(true);
          return bytes;
        });
  }

  @Override
  public void close() throws IOException {
    IoThreads.call(
        () -> {
          channel.close();
          return true;
        });
  }

  private Path directory() {
    Path parent = path.toAbsolutePath().getParent();
    return parent == null ? path : parent;
  }
}
