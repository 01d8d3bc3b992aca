package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Pages of mapped files, without a restricted call. One file, one descriptor and one mapping per
 * page, and a mapping more for each alias.
 */
final class FileSource implements MemorySource {
  private final Path directory;

  /** Takes pages from a directory; its real path is what the system calls its files by. */
  FileSource(Path directory) throws IOException {
    this.directory = directory.toRealPath();
  }

  /** Returns the one source of this JVM. */
  static MemorySource instance() {
    return Instance.SOURCE;
  }

  @Override
  public Mapping map(long dataBytes, long extraBytes, boolean hugePages)
      throws MappingFailedException {
    Extent extent = new Extent(dataBytes, extraBytes);
    long bytes = extent.totalBytes();
    // A file system filled to the brim makes others fail, so what cannot fit is refused before a
    // byte is written. One without a size says 0.
    File disk = directory.toFile();
    if (disk.getTotalSpace() > 0 && disk.getUsableSpace() < bytes) {
      throw FileRefusals.of(Limit.DISK_SPACE, directory, bytes, null);
    }
    try {
      return open(extent);
    } catch (IOException e) {
      throw FileRefusals.explain(directory, bytes, e);
    }
  }

  private Mapping open(Extent extent) throws IOException, MappingFailedException {
    PageFile file = PageFile.create(directory);
    Arena arena = Arena.ofShared();
    Mapping mapping = null;
    try {
      file.fill(extent.totalBytes());
      mapping =
          new FileMapping(
              file, arena, file.map(MapMode.READ_WRITE, 0, extent.totalBytes(), arena), extent);
      return mapping;
    } finally {
      if (mapping == null) {
        arena.close();
        file.close();
      }
    }
  }

  private static final class Instance {
    static final FileSource SOURCE = make();

    private static FileSource make() {
      Path memory = Path.of("/dev/shm");
      boolean usable = Files.isDirectory(memory) && Files.isWritable(memory);
      try {
        return new FileSource(usable ? memory : Path.of(System.getProperty("java.io.tmpdir")));
      } catch (IOException e) {
        throw new UncheckedIOException("java.io.tmpdir is no directory to keep pages in", e);
      }
    }
  }
}
