package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Memory of buffers without a restricted call: small pieces from the arena's own allocator, which
 * zeroes them, and large ones as private mappings of one empty file.
 *
 * <p>A private mapping of a hole reads as zeros, is not resident until it is touched, and takes no
 * room in the file system when it is written. The file is in {@code java.io.tmpdir} rather than in
 * {@code /dev/shm}, where even reading a hole takes memory.
 */
final class ArenaMemory implements BufferMemory {
  /** From this size on a mapping is cheaper than zeroing. */
  static final long MAPPED_BYTES = 1L << 20;

  private static final ArenaMemory INSTANCE =
      new ArenaMemory(Path.of(System.getProperty("java.io.tmpdir")));

  private final Path directory;

  /** Made when it is first needed, and open as long as the JVM lives; under the lock. */
  private @Nullable PageFile file;

  /** Size of the file. It only grows, and under the lock: shrunk, it would end its readers. */
  private long fileBytes;

  ArenaMemory(Path directory) {
    this.directory = directory;
  }

  static ArenaMemory instance() {
    return INSTANCE;
  }

  @Override
  public MemorySegment take(long bytes, boolean zeroed, Arena arena) throws MappingFailedException {
    try {
      return bytes < MAPPED_BYTES
          ? arena.allocate(bytes, Machine.pageBytes())
          : holes(bytes).map(MapMode.PRIVATE, 0, bytes, arena);
    } catch (IOException e) {
      throw FileRefusals.explain(directory, bytes, e);
    } catch (OutOfMemoryError e) {
      throw new MappingFailedException(
          Limit.MEMORY,
          "cannot allocate " + bytes + " bytes, " + e.getMessage(),
          Machine.freeMemoryBytes(),
          Machine.memoryLimitBytes(),
          e);
    }
  }

  /** Returns the file, large enough. */
  private synchronized PageFile holes(long bytes) throws IOException {
    PageFile holes = file;
    if (holes == null) {
      holes = PageFile.create(directory.toRealPath());
      file = holes;
    }
    if (fileBytes < bytes) {
      long size = Math.max(bytes, Math.min(Long.highestOneBit(bytes) << 1, MAX_BYTES));
      holes.extendTo(size);
      fileBytes = size;
    }
    return holes;
  }

  @Override
  public void release(long address, long bytes) {
    // Went with its arena.
  }

  @Override
  public boolean outlivesArena() {
    return false;
  }
}
