package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.Callable;

/**
 * A {@link Disk} that is a file. Its channel is used on {@link IoThreads} only, so that an
 * interrupt of a caller cannot close it.
 */
public final class FileDisk implements Disk {
  private static final int CHUNK_BYTES = 1 << 20;

  /** At most what a file system takes at a time. */
  private static final int HOLE_BYTES = 512;

  private volatile Path path;
  private final FileChannel channel;
  private final MapMode mode;

  private FileDisk(Path path, FileChannel channel, MapMode mode) {
    this.path = path;
    this.channel = channel;
    this.mode = mode;
  }

  /**
   * Makes a file that does not exist yet. Its name may be lost in a crash until {@link #moveTo}.
   *
   * @param path where
   * @return the empty file
   * @throws IOException if it exists, or cannot be made
   */
  public static FileDisk create(Path path) throws IOException {
    return open(
        path,
        MapMode.READ_WRITE,
        StandardOpenOption.CREATE_NEW,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
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
   * Gives the file another name in its directory, which no file has, and makes that durable. Also
   * after {@link #close}. A file that somebody makes by that name between the look and the move is
   * replaced: whoever might is kept out by the caller.
   *
   * @param target the new name
   * @throws IOException if there is a file of that name, or the system refuses
   */
  public void moveTo(Path target) throws IOException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
    path = target;
    syncDirectory(target);
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
    if (!isAllocated(position, bytes)) {
      write(bytes, () -> fill(position, bytes));
    }
  }

  /** Takes space without writing, where the system can; what was written stays. */
  private boolean isAllocated(long position, long bytes) throws MappingFailedException {
    if (OperatingSystem.CURRENT != OperatingSystem.LINUX
        || NativeTier.current() != NativeTier.GRANTED) {
      return false;
    }
    int result = LinuxFiles.allocate(path, position, bytes);
    if (result == -LinuxFiles.ENOSPC) {
      throw FileRefusals.of(Limit.DISK_SPACE, directory(), bytes, null);
    }
    // A file system without that call, or another limit, which writing meets and names.
    return result == 0;
  }

  private void write(long bytes, Callable<Long> writing) throws MappingFailedException {
    try {
      IoThreads.call(writing);
    } catch (IOException e) {
      throw FileRefusals.explain(directory(), bytes, e);
    }
  }

  @Override
  public void fillHoles(long position, long bytes) throws MappingFailedException {
    if (!isAllocated(position, bytes)) {
      write(bytes, () -> rewriteZeros(position, bytes));
    }
  }

  /** Writes zeros where zeros are read: a hole is taken, and nothing else changes. */
  private long rewriteZeros(long position, long bytes) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, bytes));
    byte[] zeros = new byte[HOLE_BYTES];
    for (long at = position; at < position + bytes; ) {
      chunk.clear().limit((int) Math.min(chunk.capacity(), position + bytes - at));
      int read = channel.read(chunk, at);
      if (read <= 0) {
        throw new EOFException("the file ends at " + at);
      }
      for (int hole = 0; hole < read; hole += HOLE_BYTES) {
        int length = Math.min(HOLE_BYTES, read - hole);
        if (Arrays.equals(chunk.array(), hole, hole + length, zeros, 0, length)) {
          write(ByteBuffer.wrap(zeros, 0, length), at + hole);
        }
      }
      at += read;
    }
    return bytes;
  }

  private void write(ByteBuffer bytes, long position) throws IOException {
    while (bytes.hasRemaining()) {
      int before = bytes.position();
      channel.write(bytes, position + before);
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
