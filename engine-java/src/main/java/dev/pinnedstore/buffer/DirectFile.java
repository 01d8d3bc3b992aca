package dev.pinnedstore.buffer;

import dev.pinnedstore.os.FileIo;
import dev.pinnedstore.os.FileOpener;
import dev.pinnedstore.os.NativeTier;
import dev.pinnedstore.os.OpenFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.FileSystemException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A file that is read and written at positions, between its storage and {@link IoSlice}s without a
 * copy where the file system takes direct I/O ({@code O_DIRECT}). Where it does not, I/O is
 * buffered, and {@link #isDirect()} and {@link #capabilities()} say so.
 *
 * <p><b>Alignment.</b> For direct I/O addresses, lengths and positions must be multiples of {@link
 * FileCapabilities#alignment()}, which the file system names; anything else is {@link
 * IllegalArgumentException} before any system call. A file system that needs larger multiples than
 * {@link AlignedBuffer#ALIGNMENT} is read buffered. A buffered file takes all.
 *
 * <p><b>Threads.</b> Safe for threads; operations run side by side, in no order, and two that
 * overlap may mix block by block. (One excepted: {@link #preallocate} where it writes zeros.) An
 * interrupt ends no operation and closes no file; it stays pending. On a platform thread with
 * native access a blocking operation is one system call; otherwise it goes through a {@link
 * java.nio.channels.FileChannel}. On virtual threads the JDK adds a carrier while direct I/O
 * blocks; buffered reads hold theirs.
 *
 * <p><b>Failures.</b> What the system refuses is an {@link IOException} that names the operation,
 * the position and the system's words. A read or write that failed may have moved some of its
 * bytes; the file stays usable. A {@link #sync} that failed does not: see there.
 *
 * <p><b>Memory.</b> A slice is used in place. Closing its buffer meanwhile is safe: the memory is
 * given back when the operation has ended.
 *
 * <p><b>Beside other code.</b> A file takes three or four descriptors, and with a ring two more,
 * the ring's memory and a thread. POSIX drops all locks of a process on a file when it closes any
 * descriptor of it, and {@link #open} and {@link #close} do: a {@link java.nio.channels.FileLock}
 * on the same file is lost unnoticed. Lock another file.
 */
public final class DirectFile implements AutoCloseable {
  private static final Set<OpenOption> ACCEPTED =
      Set.of(
          StandardOpenOption.READ,
          StandardOpenOption.WRITE,
          StandardOpenOption.CREATE,
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.SPARSE,
          StandardOpenOption.DSYNC,
          StandardOpenOption.SYNC,
          FileOption.BUFFERED,
          FileOption.VIRTUAL_THREADS);

  private final Path path;
  private final OpenFile file;
  private final boolean readable;
  private final boolean writable;
  private final Gate gate = new Gate();

  /** Writes and truncations; alone in it is who must find the end of the file where it was. */
  private final Changes changes = new Changes();

  private final Engines engines;
  private final Object syncLock = new Object();

  /** The first failure of a sync; under its lock. */
  private @Nullable IOException syncFailure;

  DirectFile(Path path, OpenFile file, Engines engines, Set<OpenOption> options) {
    this.path = path;
    this.file = file;
    this.engines = engines;
    this.writable = options.contains(StandardOpenOption.WRITE);
    this.readable = options.contains(StandardOpenOption.READ) || !writable;
  }

  /**
   * Opens a file. Tries direct I/O, unless {@link FileOption#BUFFERED} is given.
   *
   * @param path the file
   * @param options of {@link StandardOpenOption} READ, WRITE, CREATE, CREATE_NEW,
   *     TRUNCATE_EXISTING, SPARSE, SYNC and DSYNC, with the meaning that they have for a {@link
   *     java.nio.channels.FileChannel}; and {@link FileOption}s. READ if there is neither READ nor
   *     WRITE
   * @return the file, which the caller closes
   * @throws IOException if it cannot be opened
   * @throws IllegalArgumentException if an option is not one of these
   */
  public static DirectFile open(Path path, OpenOption... options) throws IOException {
    Set<OpenOption> all = new HashSet<>(Arrays.asList(options));
    for (OpenOption option : all) {
      if (!ACCEPTED.contains(option)) {
        throw new IllegalArgumentException("option=" + option + ": must be one of " + ACCEPTED);
      }
    }
    if (!all.contains(StandardOpenOption.WRITE)) {
      all.add(StandardOpenOption.READ);
    }
    boolean direct = !all.remove(FileOption.BUFFERED);
    boolean ring = !all.remove(FileOption.VIRTUAL_THREADS);
    OpenFile file = FileOpener.open(path, all, direct, NativeTier.current());
    return new DirectFile(path, file, Engines.of(path, file, ring), all);
  }

  /**
   * Says whether I/O goes past the system's page cache.
   *
   * @return false where the file system does not take that, or it was not wanted
   */
  public boolean isDirect() {
    return file.bufferedReason().isEmpty();
  }

  /**
   * Returns what this file does, and why not more. The first call makes the ring, if there can be
   * one, as the first asynchronous operation does.
   *
   * @return always the same, unless the ring fails
   */
  public FileCapabilities capabilities() {
    String ringReason = engines.ringReason();
    return new FileCapabilities(
        isDirect(), file.bufferedReason(), file.alignment(), ringReason.isEmpty(), ringReason);
  }

  /**
   * Reads until the slice is full or the file ends.
   *
   * @param target its whole {@link IoSlice#capacity()} is room; {@link IoSlice#withLength} of what
   *     this returns gives the data
   * @param position where in the file, 0 or more
   * @return the bytes read; -1 if the file ends at or before the position; 0 if there is no room
   * @throws IllegalArgumentException if the slice or the position is not aligned, or the memory is
   *     on the heap or read-only
   * @throws IllegalStateException if the buffer of the slice is closed
   * @throws NonReadableChannelException if the file was not opened to be read
   * @throws ClosedChannelException if the file is closed
   * @throws IOException if the system refuses
   */
  public long read(IoSlice target, long position) throws IOException {
    return read(List.of(target), position);
  }

  /**
   * Reads into slices, one after another, until they are full or the file ends. Slices that lie one
   * behind the other in the same buffer are one piece; with native access all pieces are one system
   * call.
   *
   * @param targets as of {@link #read(IoSlice, long)}
   * @param position where in the file, 0 or more
   * @return the bytes read, in all; -1 if the file ends at or before the position; 0 if there is no
   *     room
   * @throws IOException as {@link #read(IoSlice, long)} throws, and so for the rest
   */
  public long read(List<IoSlice> targets, long position) throws IOException {
    return transfer(room(targets, position), position, true);
  }

  /**
   * Reads until the slice is full.
   *
   * @param target as of {@link #read(IoSlice, long)}
   * @param position where in the file, 0 or more
   * @throws EOFException if the file ends before; the slice may have been written
   * @throws IOException as {@link #read(IoSlice, long)} throws, and so for the rest
   */
  public void readFully(IoSlice target, long position) throws IOException {
    long bytes = target.capacity();
    long read = Math.max(read(target, position), 0);
    if (read < bytes) {
      throw new EOFException(
          path + " ends at " + (position + read) + ": wanted " + bytes + " bytes at " + position);
    }
  }

  /**
   * Writes all data of a slice. A file that ends before the position is zeros between.
   *
   * @param source its first {@link IoSlice#length()} bytes are written
   * @param position where in the file, 0 or more
   * @return the bytes written: the length
   * @throws IllegalArgumentException if the slice or the position is not aligned, or the memory is
   *     on the heap
   * @throws IllegalStateException if the buffer of the slice is closed
   * @throws NonWritableChannelException if the file was not opened to be written
   * @throws ClosedChannelException if the file is closed
   * @throws IOException if the system refuses; some of the bytes may have been written
   */
  public long write(IoSlice source, long position) throws IOException {
    return write(List.of(source), position);
  }

  /**
   * Writes the data of slices, one after another. Slices that lie one behind the other in the same
   * buffer are one piece; with native access all pieces are one system call.
   *
   * @param sources as of {@link #write(IoSlice, long)}
   * @param position where in the file, 0 or more
   * @return the bytes written, in all
   * @throws IOException as {@link #write(IoSlice, long)} throws, and so for the rest
   */
  public long write(List<IoSlice> sources, long position) throws IOException {
    return transfer(data(sources, position), position, false);
  }

  /**
   * Begins to read until the slice is full or the file ends. The buffer is held: closed meanwhile,
   * it gives its memory back when the operation has ended. Not to be read or written until then;
   * cancelling the future does not end the operation.
   *
   * <p>At most 128 operations of a file are under way at once in its ring, and as many on virtual
   * threads; others wait for their turn. Functions that depend on the future run on a virtual
   * thread and may block. Once the file is closed the future fails with {@link
   * ClosedChannelException}, or with {@link java.nio.channels.AsynchronousCloseException} if that
   * came while it was under way.
   *
   * @param target as of {@link #read(IoSlice, long)}, of memory for all threads
   * @param position where in the file, 0 or more
   * @return what {@link #read(IoSlice, long)} returns or throws as {@link IOException}, later
   * @throws IllegalArgumentException at once, as {@link #read(IoSlice, long)} throws it, and if the
   *     memory is confined to a thread
   * @throws IllegalStateException at once, if the buffer of the slice is closed
   * @throws NonReadableChannelException if the file was not opened to be read
   */
  public CompletableFuture<Long> readAsync(IoSlice target, long position) {
    return readAsync(List.of(target), position);
  }

  /**
   * Begins to read into slices, one after another; as {@link #readAsync(IoSlice, long)}.
   *
   * @param targets as of {@link #readAsync(IoSlice, long)}
   * @param position where in the file, 0 or more
   * @return what {@link #read(List, long)} returns or throws as {@link IOException}, later
   */
  public CompletableFuture<Long> readAsync(List<IoSlice> targets, long position) {
    return start(room(targets, position), position, true);
  }

  /**
   * Begins to write all data of a slice; as {@link #readAsync(IoSlice, long)}.
   *
   * @param source as of {@link #write(IoSlice, long)}, of memory for all threads; its bytes must
   *     not change until the future is complete
   * @param position where in the file, 0 or more
   * @return what {@link #write(IoSlice, long)} returns or throws as {@link IOException}, later
   * @throws IllegalArgumentException at once, as {@link #write(IoSlice, long)} throws it, and if
   *     the memory is confined to a thread
   * @throws IllegalStateException at once, if the buffer of the slice is closed
   * @throws NonWritableChannelException if the file was not opened to be written
   */
  public CompletableFuture<Long> writeAsync(IoSlice source, long position) {
    return writeAsync(List.of(source), position);
  }

  /**
   * Begins to write the data of slices, one after another; as {@link #writeAsync(IoSlice, long)}.
   *
   * @param sources as of {@link #writeAsync(IoSlice, long)}
   * @param position where in the file, 0 or more
   * @return what {@link #write(List, long)} returns or throws as {@link IOException}, later
   */
  public CompletableFuture<Long> writeAsync(List<IoSlice> sources, long position) {
    return start(data(sources, position), position, false);
  }

  private CompletableFuture<Long> start(Parts parts, long position, boolean read) {
    parts.checkShared();
    if (!gate.enter()) {
      return CompletableFuture.failedFuture(new ClosedChannelException());
    }
    boolean held = false;
    boolean started = false;
    try {
      if (parts.bytes() == 0) {
        return CompletableFuture.completedFuture(0L);
      }
      Transfer transfer = new Transfer(parts, position, read, file.alignment());
      AsyncTransfer operation =
          new AsyncTransfer(transfer, file.control(), gate, changes, this::explain);
      parts.hold();
      held = true;
      if (read) {
        engines.start(operation);
      } else if (changes.tryEnter()) {
        startWrite(operation);
      } else {
        var _ = Thread.startVirtualThread(() -> startWriteLater(operation));
      }
      started = true;
      return operation.future;
    } finally {
      if (!started) {
        if (held) {
          parts.release();
        }
        gate.leave();
      }
    }
  }

  private void startWrite(AsyncTransfer operation) {
    boolean started = false;
    try {
      engines.start(operation);
      started = true;
    } finally {
      if (!started) {
        changes.leave();
      }
    }
  }

  /** Waits on its own thread, not on the one of the user. */
  private void startWriteLater(AsyncTransfer operation) {
    changes.enter();
    try {
      engines.start(operation);
    } catch (RuntimeException | Error e) {
      operation.end(e);
    }
  }

  private Parts room(List<IoSlice> targets, long position) {
    if (!readable) {
      throw new NonReadableChannelException();
    }
    Parts parts = Parts.room(targets, file.alignment());
    checkPosition(position, parts.bytes());
    return parts;
  }

  private Parts data(List<IoSlice> sources, long position) {
    if (!writable) {
      throw new NonWritableChannelException();
    }
    Parts parts = Parts.data(sources, file.alignment());
    checkPosition(position, parts.bytes());
    return parts;
  }

  private void checkPosition(long position, long bytes) {
    if (position < 0 || position > Long.MAX_VALUE - bytes) {
      throw new IllegalArgumentException(
          "position=" + position + ": must be between 0 and " + (Long.MAX_VALUE - bytes));
    }
    Parts.checkMultiple("position", position, file.alignment());
  }

  private long transfer(Parts parts, long position, boolean read) throws IOException {
    enter();
    try {
      if (parts.bytes() == 0) {
        return 0;
      }
      parts.hold();
      try {
        return run(new Transfer(parts, position, read, file.alignment()));
      } finally {
        parts.release();
      }
    } catch (IOException e) {
      throw explain(read ? "read" : "write", parts.bytes(), position, e);
    } finally {
      gate.leave();
    }
  }

  private long run(Transfer transfer) throws IOException {
    FileIo io = Thread.currentThread().isVirtual() ? file.virtual() : file.blocking();
    if (transfer.isRead()) {
      return transfer.run(io, file.control());
    }
    changes.enter();
    try {
      return transfer.run(io, file.control());
    } finally {
      changes.leave();
    }
  }

  private Throwable explain(Transfer transfer, Throwable failure) {
    return failure instanceof IOException e
        ? explain(
            transfer.isRead() ? "read" : "write", transfer.parts().bytes(), transfer.start(), e)
        : failure;
  }

  private IOException explain(String what, long bytes, long position, IOException e) {
    return explain(what + " of " + bytes + " bytes at " + position, e);
  }

  /** Adds where it happened to what the system said. */
  private IOException explain(String what, IOException e) {
    if (e instanceof ClosedChannelException) {
      return e;
    }
    FileSystemException explained =
        new FileSystemException(path.toString(), null, what + ": " + e.getMessage());
    explained.initCause(e);
    return explained;
  }

  /**
   * Returns the size of the file.
   *
   * @return bytes
   * @throws ClosedChannelException if the file is closed
   * @throws IOException if the system refuses
   */
  public long size() throws IOException {
    enter();
    try {
      return file.control().size();
    } catch (IOException e) {
      throw explain("size", e);
    } finally {
      gate.leave();
    }
  }

  /**
   * Makes the file shorter; one that is not longer stays as it is.
   *
   * @param size bytes, 0 or more, aligned or not
   * @throws IllegalArgumentException if the size is negative
   * @throws NonWritableChannelException if the file was not opened to be written
   * @throws ClosedChannelException if the file is closed
   * @throws IOException if the system refuses
   */
  public void truncate(long size) throws IOException {
    checkSize(size);
    enter();
    try {
      changes.enter();
      try {
        file.control().truncate(size);
      } finally {
        changes.leave();
      }
    } catch (IOException e) {
      throw explain("truncate to " + size + " bytes", e);
    } finally {
      gate.leave();
    }
  }

  /**
   * Takes room on the file system for the first bytes of the file, and makes it that long at least;
   * what is new reads as zeros. Later writes there cannot fail for want of room.
   *
   * <p>Cost: a system call on Linux with native access where the file system has one for it. It
   * goes on beside writes, and if there is not room enough the file may be longer than before.
   *
   * <p>Elsewhere zeros are written behind the end of the file, and holes before it stay holes.
   * Writes and truncations through this object wait meanwhile, and if there is not room enough the
   * file is as long as before. Nobody else may write there: zeros may come over it, or it is cut
   * off.
   *
   * @param size bytes, 0 or more, aligned or not
   * @throws IllegalArgumentException if the size is negative
   * @throws NonWritableChannelException if the file was not opened to be written
   * @throws ClosedChannelException if the file is closed
   * @throws IOException if there is not room enough, or the system refuses otherwise
   */
  public void preallocate(long size) throws IOException {
    checkSize(size);
    enter();
    try {
      if (size > 0 && !file.control().allocate(size)) {
        changes.enterAlone();
        try {
          file.control().extend(size);
        } finally {
          changes.leaveAlone();
        }
      }
    } catch (IOException e) {
      throw explain("preallocate", size, 0, e);
    } finally {
      gate.leave();
    }
  }

  private void checkSize(long size) {
    if (size < 0) {
      throw new IllegalArgumentException("size=" + size + ": must be 0 or more bytes");
    }
    if (!writable) {
      throw new NonWritableChannelException();
    }
  }

  /**
   * Makes all that was written durable, data and metadata.
   *
   * @throws IOException as {@link #sync(boolean)} throws
   */
  public void sync() throws IOException {
    sync(true);
  }

  /**
   * Makes all durable that was written by operations that had ended before. Direct I/O needs it as
   * well: it goes past the system's cache, not past that of the device.
   *
   * <p>Once this has failed it fails for ever: the system reports a lost write only once, and a
   * second call could succeed without the bytes. What is then on storage is unknown; open the file
   * anew and look.
   *
   * @param metadata whether times and the like, too; the size, as far as the data need it, in any
   *     case
   * @throws ClosedChannelException if the file is closed
   * @throws IOException if the system refuses, or refused a former sync
   */
  public void sync(boolean metadata) throws IOException {
    enter();
    try {
      // One after another: whoever waits here beside one that fails must fail as well.
      synchronized (syncLock) {
        if (syncFailure != null) {
          throw poisoned(syncFailure);
        }
        try {
          file.control().force(metadata);
        } catch (IOException e) {
          syncFailure = e;
          throw explain("sync", e);
        } catch (RuntimeException | Error e) {
          // The system may have told of a lost write, which it does once only.
          syncFailure = new IOException(e.toString(), e);
          throw e;
        }
      }
    } finally {
      gate.leave();
    }
  }

  private IOException poisoned(IOException cause) {
    FileSystemException refusal =
        new FileSystemException(
            path.toString(), null, "an earlier sync failed: " + cause.getMessage());
    refusal.initCause(cause);
    return refusal;
  }

  /**
   * Closes the file. Asynchronous operations that wait for their turn are ended, those under way
   * are cancelled where the system can, and then it waits until all operations have ended. Syncs
   * nothing. Again it does nothing.
   *
   * @throws IOException if the system reports an error; the file is closed all the same
   */
  @Override
  public void close() throws IOException {
    if (!gate.close()) {
      return;
    }
    try {
      engines.close();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      gate.awaitEmpty();
      file.close();
    }
  }

  private void enter() throws ClosedChannelException {
    if (!gate.enter()) {
      throw new ClosedChannelException();
    }
  }
}
