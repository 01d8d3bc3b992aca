package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.DirectFile;
import dev.pinnedstore.buffer.FileOption;
import dev.pinnedstore.buffer.IoSlice;
import dev.pinnedstore.os.FileDisk;
import dev.pinnedstore.os.LockFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Pages in a file of the system. */
final class FileStorage implements PageStorage {
  private static final String AREA_SUFFIX = ".dwb";

  private final Path path;
  private final DirectFile file;
  private final FileOption[] options;

  /** Of the file and its area, both; null for the area. */
  private final LockFile.@Nullable Hold lock;

  private FileStorage(
      Path path, DirectFile file, FileOption[] options, LockFile.@Nullable Hold lock) {
    this.path = path;
    this.file = file;
    this.options = options;
    this.lock = lock;
  }

  static FileStorage open(Path path, FileOption... options) throws IOException {
    LockFile.Hold lock = LockFile.tryWrite(path);
    if (lock == null) {
      throw new PoolLockedException(path + ": another pool has it, in this process or another");
    }
    boolean done = false;
    try {
      FileStorage storage = open(path, options, lock);
      done = true;
      return storage;
    } finally {
      if (!done) {
        lock.close();
      }
    }
  }

  private static FileStorage open(Path path, FileOption[] options, LockFile.@Nullable Hold lock)
      throws IOException {
    OpenOption[] all = new OpenOption[options.length + 3];
    System.arraycopy(options, 0, all, 0, options.length);
    all[options.length] = StandardOpenOption.CREATE;
    all[options.length + 1] = StandardOpenOption.READ;
    all[options.length + 2] = StandardOpenOption.WRITE;
    DirectFile file = DirectFile.open(path, all);
    boolean done = false;
    try {
      // Also if it was there: whoever made it may have died before this.
      FileDisk.syncDirectory(path);
      done = true;
      return new FileStorage(path, file, options.clone(), lock);
    } finally {
      if (!done) {
        file.close();
      }
    }
  }

  @Override
  public long size() throws IOException {
    return file.size();
  }

  @Override
  public long read(List<IoSlice> targets, long position) throws IOException {
    return file.read(targets, position);
  }

  @Override
  public long write(List<IoSlice> sources, long position) throws IOException {
    return file.write(sources, position);
  }

  @Override
  public void sync() throws IOException {
    // Data and the size; times do not matter.
    file.sync(false);
  }

  @Override
  public CompletableFuture<Long> readAsync(List<IoSlice> targets, long position) {
    return file.readAsync(targets, position);
  }

  @Override
  public CompletableFuture<Long> writeAsync(List<IoSlice> sources, long position) {
    return file.writeAsync(sources, position);
  }

  @Override
  public @Nullable PageStorage doubleWriteArea() throws IOException {
    return open(areaPath(), options, null);
  }

  /** Whether an area is there already. */
  boolean hasArea() {
    return Files.exists(areaPath());
  }

  private Path areaPath() {
    return path.resolveSibling(path.getFileName() + AREA_SUFFIX);
  }

  @Override
  public void close() throws IOException {
    try {
      file.close();
    } finally {
      if (lock != null) {
        lock.close();
      }
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
