package dev.pinnedstore.os;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A lock among processes and within this one: one writer, any number of readers beside it, and a
 * moment without readers. Safe for threads; whoever gets a {@link Hold} closes it.
 *
 * <p>A file has one lock by whatever path leads to it; within this process also by a new name that
 * it gets while it is held. Other processes look beside the new name, and find another lock: a file
 * must not be moved while somebody may have it. Each hard link would have a lock of its own as
 * well, so a file that has more than one name is refused.
 *
 * <p>It is an empty file of its own beside the file that it guards, opened once in a JVM and never
 * otherwise: a POSIX lock is lost when <em>any</em> channel on its file is closed in the process.
 * The file stays; to delete it would race with the next opener. Byte 0 belongs to the writer, byte
 * 1 to the readers. The system lets go when the process ends, however it ends.
 */
public final class LockFile {
  /** By the key of the lock file, which is the same by whatever path. */
  private static final Map<Object, LockFile> OPEN = new HashMap<>();

  private final Path path;
  private final Object key;
  private final FileChannel channel;

  /** Whether the writer's place can be taken; readers need no right to write. */
  private final boolean writable;

  /** The key of what is guarded, or its path as long as it does not exist. */
  private Object guarded;

  private int holds;
  private int readers;
  private @Nullable FileLock readLock;
  private @Nullable FileLock writeLock;

  private LockFile(Path path, Object key, Object guarded, FileChannel channel, boolean writable) {
    this.path = path;
    this.key = key;
    this.guarded = guarded;
    this.channel = channel;
    this.writable = writable;
  }

  /** A hold. */
  public interface Hold extends AutoCloseable {
    /** Lets go; the second call does nothing. */
    @Override
    void close();
  }

  /**
   * Takes the writer's place.
   *
   * @param file what is guarded
   * @return the hold, or null if another thread or process has it
   * @throws IOException if the lock file cannot be used, or the file has more than one hard link
   */
  public static @Nullable Hold tryWrite(Path file) throws IOException {
    refuseLinks(file);
    synchronized (OPEN) {
      LockFile lock = open(file);
      try {
        if (!lock.writable) {
          throw new AccessDeniedException(lock.path.toString());
        }
        if (lock.writeLock == null) {
          lock.writeLock = IoThreads.call(() -> lock.channel.tryLock(0, 1, false));
          if (lock.writeLock != null) {
            return lock.hold(lock::endWrite);
          }
        }
        return null;
      } finally {
        lock.release();
      }
    }
  }

  /**
   * Takes one of the readers' places.
   *
   * @param file what is guarded
   * @return the hold, or null while somebody keeps readers out
   * @throws IOException if the lock file cannot be used, or the file has more than one hard link
   */
  public static @Nullable Hold tryRead(Path file) throws IOException {
    refuseLinks(file);
    synchronized (OPEN) {
      LockFile lock = open(file);
      try {
        if (lock.readers == 0) {
          lock.readLock = lock.tryLockReaders(true);
        }
        if (lock.readLock == null) {
          return null;
        }
        lock.readers++;
        return lock.hold(lock::endRead);
      } finally {
        lock.release();
      }
    }
  }

  /**
   * Keeps readers out.
   *
   * @param file what is guarded
   * @return the hold, or null if there are readers, of this process or another
   * @throws IOException if the lock file cannot be used
   */
  public static @Nullable Hold tryExcludeReaders(Path file) throws IOException {
    synchronized (OPEN) {
      LockFile lock = open(file);
      try {
        FileLock exclusive = lock.readers == 0 ? lock.tryLockReaders(false) : null;
        if (exclusive == null) {
          return null;
        }
        // Until then tryRead of this process finds no lock to share and counts no reader.
        return lock.hold(() -> unlock(exclusive));
      } finally {
        lock.release();
      }
    }
  }

  /**
   * Tells that a file exists now which did not when its writer's place was taken; it is known by
   * whatever name from now on.
   *
   * @param file what is guarded
   * @throws IOException if it cannot be found
   */
  public static void made(Path file) throws IOException {
    synchronized (OPEN) {
      Path real = real(file);
      LockFile lock = OPEN.get(key(lockOf(real)));
      if (lock != null) {
        lock.guarded = key(real);
      }
    }
  }

  /**
   * Whoever opened the file by another name did so before that one existed, or is refused as well;
   * whoever comes by it now is refused here.
   */
  private static void refuseLinks(Path file) throws IOException {
    // Of the file system, not of the store: that one cannot be found in every chroot or container.
    if (Files.exists(file) && file.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      int links = (int) Files.getAttribute(file, "unix:nlink");
      if (links > 1) {
        throw new FileSystemException(
            file.toString(),
            null,
            "links=" + links + ": must be 1, as each hard link would have a lock of its own");
      }
    }
  }

  private static LockFile open(Path file) throws IOException {
    Path real = real(file);
    LockFile lock = find(real);
    if (lock == null) {
      Object guarded = key(real);
      lock = IoThreads.call(() -> openFile(lockOf(real), guarded));
      OPEN.put(lock.key, lock);
    }
    lock.holds++;
    return lock;
  }

  /** The lock that a file has already, by this name or another. */
  private static @Nullable LockFile find(Path real) throws IOException {
    Object guarded = key(real);
    for (LockFile lock : OPEN.values()) {
      if (lock.guarded.equals(guarded)) {
        return lock;
      }
    }
    return OPEN.get(key(lockOf(real)));
  }

  private static LockFile openFile(Path path, Object guarded) throws IOException {
    FileChannel channel;
    boolean writable = true;
    try {
      channel =
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (FileSystemException e) {
      // No right to write, or a medium that nobody can write: enough to read beside a writer.
      if (!Files.isReadable(path)) {
        throw e;
      }
      channel = FileChannel.open(path, StandardOpenOption.READ);
      writable = false;
    }
    boolean done = false;
    try {
      LockFile lock = new LockFile(path, key(path), guarded, channel, writable);
      done = true;
      return lock;
    } finally {
      if (!done) {
        channel.close();
      }
    }
  }

  /** What a file has whatever its name; the path where there is no such thing, or no file. */
  private static Object key(Path path) throws IOException {
    try {
      Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
      return key == null ? path : key;
    } catch (NoSuchFileException e) {
      return path;
    }
  }

  private static Path real(Path file) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    Path name = file.getFileName();
    if (parent == null || name == null) {
      throw new IOException(file + ": is not the path of a file");
    }
    return Files.exists(file) ? file.toRealPath() : parent.toRealPath().resolve(name);
  }

  private static Path lockOf(Path real) {
    return real.resolveSibling(real.getFileName() + ".lock");
  }

  private @Nullable FileLock tryLockReaders(boolean shared) throws IOException {
    return IoThreads.call(
        () -> {
          try {
            return channel.tryLock(1, 1, shared);
          } catch (OverlappingFileLockException e) {
            // Readers of this process are kept out right now.
            return null;
          }
        });
  }

  private Hold hold(Runnable end) {
    holds++;
    return new Hold() {
      private boolean closed;

      @Override
      public void close() {
        synchronized (OPEN) {
          if (!closed) {
            closed = true;
            end.run();
            release();
          }
        }
      }
    };
  }

  private void endWrite() {
    FileLock lock = writeLock;
    writeLock = null;
    if (lock != null) {
      unlock(lock);
    }
  }

  private void endRead() {
    FileLock lock = readLock;
    if (--readers == 0 && lock != null) {
      readLock = null;
      unlock(lock);
    }
  }

  private static void unlock(FileLock lock) {
    try {
      lock.release();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void release() {
    if (--holds > 0) {
      return;
    }
    OPEN.remove(key);
    try {
      IoThreads.call(
          () -> {
            channel.close();
            return true;
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
