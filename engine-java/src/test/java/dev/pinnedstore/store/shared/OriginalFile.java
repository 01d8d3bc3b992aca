package dev.pinnedstore.store.shared;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A file that the original has mapped, with the descriptor that it keeps open, and the count of its
 * users, the last of which unmaps it.
 *
 * <p>A mapping of Java cannot reach beyond the end of a file. So a file that is too short when it
 * is opened is mapped when it is first touched, if it is long enough by then; if not, the original
 * dies of SIGBUS and this throws {@link OriginalError.Died}.
 */
final class OriginalFile {
  final int id;
  private final FileChannel channel;
  private final long bytes;
  private final Arena arena = Arena.ofShared();
  private final AtomicInteger users = new AtomicInteger(1);
  private volatile @Nullable MemorySegment memory;

  private OriginalFile(int id, FileChannel channel, long bytes) {
    this.id = id;
    this.channel = channel;
    this.bytes = bytes;
  }

  /** O_CREAT | O_EXCL, mode 0600; a name that exists is unlinked and tried once more. */
  static OriginalFile create(Path path, int id, long bytes) {
    FileChannel channel;
    try {
      channel = createNew(path);
    } catch (FileAlreadyExistsException _) {
      try {
        Files.deleteIfExists(path);
        channel = createNew(path);
      } catch (IOException _) {
        throw OriginalError.outOfMemory();
      }
    } catch (IOException _) {
      throw OriginalError.outOfMemory();
    }
    OriginalFile file = new OriginalFile(id, channel, bytes);
    // Mapping beyond the end extends the file as ftruncate does.
    file.map();
    return file;
  }

  private static FileChannel createNew(Path path) throws IOException {
    return FileChannel.open(
        path,
        Set.of(CREATE_NEW, READ, WRITE),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  /** Opens without a look at the length. */
  static OriginalFile open(Path path, int id, long bytes) {
    try {
      return new OriginalFile(id, FileChannel.open(path, READ, WRITE), bytes);
    } catch (IOException _) {
      throw OriginalError.outOfMemory();
    }
  }

  MemorySegment memory() {
    MemorySegment mapped = memory;
    return mapped == null ? mapIfLongEnough() : mapped;
  }

  private synchronized MemorySegment mapIfLongEnough() {
    MemorySegment mapped = memory;
    if (mapped == null) {
      try {
        if (channel.size() < bytes) {
          throw new OriginalError.Died("SIGBUS");
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      mapped = map();
    }
    return mapped;
  }

  private MemorySegment map() {
    try {
      MemorySegment mapped = channel.map(MapMode.READ_WRITE, 0, bytes, arena);
      memory = mapped;
      return mapped;
    } catch (IOException _) {
      throw OriginalError.outOfMemory();
    }
  }

  /** Counts one more user; the caller keeps another from leaving meanwhile. */
  void enter() {
    int _ = users.incrementAndGet();
  }

  void leave() {
    if (users.decrementAndGet() == 0) {
      arena.close();
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  // ---- fields

  int getAcquire(int field) {
    return (int) OriginalLayout.INT.getAcquire(memory(), (long) field);
  }

  void set(int field, int value) {
    OriginalLayout.INT.set(memory(), (long) field, value);
  }

  void setRelease(int field, int value) {
    OriginalLayout.INT.setRelease(memory(), (long) field, value);
  }

  boolean compareAndSet(int field, int expected, int value) {
    return OriginalLayout.INT.compareAndSet(memory(), (long) field, expected, value);
  }

  boolean weakCompareAndSet(int field, int expected, int value) {
    return OriginalLayout.INT.weakCompareAndSet(memory(), (long) field, expected, value);
  }

  /** Adds one; returns the new value. */
  int increment(int field) {
    return (int) OriginalLayout.INT.getAndAdd(memory(), (long) field, 1) + 1;
  }

  /** Adds one with release semantics. */
  void incrementRelease(int field) {
    int _ = (int) OriginalLayout.INT.getAndAddRelease(memory(), (long) field, 1);
  }

  long getLong(int field) {
    return (long) OriginalLayout.LONG.getAcquire(memory(), (long) field);
  }

  void setLong(int field, long value) {
    OriginalLayout.LONG.set(memory(), (long) field, value);
  }

  void setLongRelease(int field, long value) {
    OriginalLayout.LONG.setRelease(memory(), (long) field, value);
  }

  void compareAndSetLong(int field, long expected, long value) {
    boolean _ = OriginalLayout.LONG.compareAndSet(memory(), (long) field, expected, value);
  }
}
