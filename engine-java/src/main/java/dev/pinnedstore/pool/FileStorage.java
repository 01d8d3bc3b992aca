package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.DirectFile;
import dev.pinnedstore.buffer.FileOption;
import dev.pinnedstore.buffer.IoSlice;
import dev.pinnedstore.os.FileDisk;
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

  private FileStorage(Path path, DirectFile file, FileOption[] options) {
    this.path = path;
    this.file = file;
    this.options = options;
  }

  static FileStorage open(Path path, FileOption... options) throws IOException {
    OpenOption[] all = new OpenOption[options.length + 3];
    System.arraycopy(options, 0, all, 0, options.length);
    all[options.length] = StandardOpenOption.CREATE;
    all[options.length + 1] = StandardOpenOption.READ;
    all[options.length + 2] = StandardOpenOption.WRITE;
    boolean made = Files.notExists(path);
    FileStorage storage = new FileStorage(path, DirectFile.open(path, all), options.clone());
    if (made) {
      FileDisk.syncDirectory(path);
    }
    return storage;
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
    return open(path.resolveSibling(path.getFileName() + AREA_SUFFIX), options);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
