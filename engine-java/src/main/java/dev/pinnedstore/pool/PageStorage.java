package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.FileOption;
import dev.pinnedstore.buffer.IoSlice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Where the pages of one file are: bytes at positions. Safe for threads. The pool reads and writes
 * whole pages at multiples of its page size, never the same page twice at once, and closes it.
 */
public interface PageStorage extends AutoCloseable {
  /**
   * Opens a file past the system's page cache, with io_uring for asynchronous operations, as far as
   * the system takes these; makes it if there is none. Beside it, under its name and {@code .dwb},
   * is its double-write area, if the pool has {@link BufferPoolConfig#doubleWrite()}, and under its
   * name and {@code .lock} the lock that is held until the storage is closed, or the process ends:
   * one pool has a file, since another would not see what it writes.
   *
   * @param path the file
   * @param options {@link FileOption#BUFFERED} to use the system's page cache, {@link
   *     FileOption#VIRTUAL_THREADS} to do without io_uring
   * @return the file
   * @throws PoolLockedException if another pool has it, in this process or another
   * @throws IOException if it cannot be opened
   */
  static PageStorage file(Path path, FileOption... options) throws IOException {
    return FileStorage.open(path, options);
  }

  /**
   * Returns storage in memory, empty, that goes with the pool: for tests.
   *
   * @return storage without a double-write area
   */
  static PageStorage memory() {
    return new MemoryStorage();
  }

  /**
   * Returns how long the file is.
   *
   * @return bytes
   * @throws IOException if the system refuses
   */
  long size() throws IOException;

  /**
   * Reads until the slices are full or the file ends.
   *
   * @param targets where to, one after another
   * @param position where in the file
   * @return the bytes read; 0 or -1 at the end of the file
   * @throws IOException if the system refuses
   */
  long read(List<IoSlice> targets, long position) throws IOException;

  /**
   * Writes all data of slices; the file grows as needed.
   *
   * @param sources what, one after another
   * @param position where in the file
   * @return the bytes written: all
   * @throws IOException if the system refuses; some may have been written, and some in part
   */
  long write(List<IoSlice> sources, long position) throws IOException;

  /**
   * Makes all durable that was written before.
   *
   * @throws IOException if the system refuses; what is durable then is unknown
   */
  void sync() throws IOException;

  /**
   * Begins to read; as {@link #read}, which it calls unless overridden. Uses the memory until the
   * future is complete, and not any longer.
   *
   * @param targets where to
   * @param position where in the file
   * @return the bytes read, later
   */
  default CompletableFuture<Long> readAsync(List<IoSlice> targets, long position) {
    try {
      return CompletableFuture.completedFuture(read(targets, position));
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Begins to write; as {@link #write}, which it calls unless overridden. Uses the memory until the
   * future is complete, and not any longer.
   *
   * @param sources what
   * @param position where in the file
   * @return the bytes written, later
   */
  default CompletableFuture<Long> writeAsync(List<IoSlice> sources, long position) {
    try {
      return CompletableFuture.completedFuture(write(sources, position));
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Returns other storage on which pages are written first, so that a crash while they are written
   * to their places can be repaired. Asked for once, when a pool opens.
   *
   * @return storage that the pool closes; null where a write cannot be torn
   * @throws IOException if it cannot be opened
   */
  default @Nullable PageStorage doubleWriteArea() throws IOException {
    return null;
  }

  /**
   * Closes the file, without a sync.
   *
   * @throws IOException if the system reports an error
   */
  @Override
  void close() throws IOException;
}
