package dev.pinnedstore.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file whose bytes are locks between processes, held until they are released or their process
 * ends, however it ends.
 *
 * <p>POSIX locks belong to the process, and closing any descriptor of the file drops them all. So a
 * JVM opens the file once, here, however many of its stores use it, and nothing else in it may open
 * the file. Within the JVM a byte is held by one caller at a time too. Safe for threads. A call
 * costs a system call and a hand-over to a thread that nobody interrupts.
 */
public final class LockBytes {
  /** Every lock file that this JVM has open. Guards all of them. */
  private static final Map<Object, LockBytes> OPEN = new HashMap<>();

  private final Path path;
  private final Object key;
  private final FileChannel channel;
  private final Map<Long, FileLock> held = new HashMap<>();
  private int users;

  private LockBytes(Path path, Object key, FileChannel channel) {
    this.path = path;
    this.key = key;
    this.channel = channel;
  }

  /**
   * Opens the file, and makes it, empty, where there is none.
   *
   * @param path the file
   * @return the file, to be closed by the caller
   * @throws SharedFileException when it is no plain file of this user
   * @throws IOException when it cannot be opened
   */
  public static LockBytes open(Path path) throws IOException {
    synchronized (OPEN) {
      while (true) {
        LockBytes found = openOnce(path);
        if (found != null) {
          found.users++;
          return found;
        }
      }
    }
  }

  /** Null when it was just made, or another process makes or removes it at this moment. */
  private static @Nullable LockBytes openOnce(Path path) throws IOException {
    Object before = SharedFiles.key(path);
    if (before == null) {
      try {
        // Opened anew, as what the name leads to now may be another's file already.
        IoThreads.call(
            () -> {
              FileChannel.open(path, SharedFiles.options(true), SharedFiles.ownerOnly(path))
                  .close();
              return true;
            });
        return null;
      } catch (FileAlreadyExistsException e) {
        return null;
      }
    }
    LockBytes known = OPEN.get(before);
    if (known != null) {
      return known;
    }
    try {
      var _ = SharedFiles.size(path);
      FileChannel opened = IoThreads.call(() -> FileChannel.open(path, SharedFiles.options(false)));
      // The same before and after: it is the one that was opened.
      return keep(path, before.equals(SharedFiles.key(path)) ? before : null, opened);
    } catch (NoSuchFileException e) {
      return null;
    } catch (SharedFileException e) {
      if (e.problem() == SharedFileException.Problem.MISSING) {
        return null;
      }
      throw e;
    }
  }

  private static @Nullable LockBytes keep(Path path, @Nullable Object key, FileChannel channel)
      throws IOException {
    if (key == null) {
      channel.close();
      return null;
    }
    LockBytes lock = new LockBytes(path, key, channel);
    OPEN.put(key, lock);
    return lock;
  }

  /**
   * Says whether the name still leads to this file.
   *
   * @return false when it was removed or replaced
   * @throws IOException when the file system refuses
   */
  public boolean isCurrent() throws IOException {
    return key.equals(SharedFiles.key(path));
  }

  /**
   * Takes a byte if nobody has it.
   *
   * @param position which, at or beyond the end of the file too
   * @return false when another process has it, or another caller in this one
   * @throws IOException when the file system refuses
   */
  public boolean tryLock(long position) throws IOException {
    synchronized (OPEN) {
      if (held.containsKey(position)) {
        return false;
      }
      FileLock lock = lock(position);
      if (lock == null) {
        return false;
      }
      held.put(position, lock);
      return true;
    }
  }

  private @Nullable FileLock lock(long position) throws IOException {
    try {
      return IoThreads.call(() -> channel.tryLock(position, 1, false));
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  /**
   * Releases a byte that the caller has taken.
   *
   * @param position which
   * @throws IOException when the file system refuses
   */
  public void unlock(long position) throws IOException {
    synchronized (OPEN) {
      FileLock lock = Objects.requireNonNull(held.remove(position), "not locked");
      IoThreads.call(
          () -> {
            lock.release();
            return true;
          });
    }
  }

  /**
   * Returns the file's size.
   *
   * @return bytes
   * @throws IOException when the file system refuses
   */
  public long size() throws IOException {
    return IoThreads.call(channel::size);
  }

  /**
   * Writes zeros over the whole file, which has this length then.
   *
   * @param bytes the length
   * @throws MappingFailedException when the file system has no room
   */
  public void clear(long bytes) throws MappingFailedException {
    try {
      IoThreads.call(
          () -> {
            channel.truncate(0);
            java.nio.ByteBuffer zeros = java.nio.ByteBuffer.allocate((int) Math.min(bytes, 65536));
            for (long at = 0; at < bytes; ) {
              zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at));
              at += channel.write(zeros, at);
            }
            return bytes;
          });
    } catch (IOException e) {
      throw FileRefusals.explain(SharedFiles.directory(path), bytes, e);
    }
  }

  /**
   * Maps the file.
   *
   * @param bytes how much, from the start
   * @param arena how long
   * @return a writable segment
   * @throws IOException when the file system refuses
   * @throws MappingFailedException when the process may not map more
   */
  public MemorySegment map(long bytes, Arena arena) throws IOException, MappingFailedException {
    MappingBudget.ofThisProcess().take();
    return IoThreads.call(() -> channel.map(MapMode.READ_WRITE, 0, bytes, arena));
  }

  /**
   * Closes the file once nobody in this JVM uses it.
   *
   * @throws IOException when the file system refuses
   */
  public void close() throws IOException {
    synchronized (OPEN) {
      if (--users == 0) {
        OPEN.remove(key);
        IoThreads.call(
            () -> {
              channel.close();
              return true;
            });
      }
    }
  }
}
