package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Memory of buffers without a restricted call: small pieces from the arena's own allocator, which
 * zeroes them, and large ones as private mappings of one empty file.
 *
 * <p>A private mapping of a hole reads as zeros, is not resident until it is touched, and takes no
 * room in the file system when it is written. The file is in {@code java.io.tmpdir}, or in {@code
 * /var/tmp}: not on a tmpfs, where touching a hole takes memory that stays with the file, and ends
 * the JVM once the file system is full. If both are one, the arena's allocator has to do.
 */
final class ArenaMemory implements BufferMemory {
  /** From this size on a mapping is cheaper than zeroing. */
  static final long MAPPED_BYTES = 1L << 20;

  private static final ArenaMemory INSTANCE =
      new ArenaMemory(Path.of(System.getProperty("java.io.tmpdir")), Path.of("/var/tmp"));

  /** Null if there is no good one. */
  private final @Nullable Path directory;

  /** Made when it is first needed, and open as long as the JVM lives; under the lock. */
  private @Nullable PageFile file;

  /** Size of the file. It only grows, and under the lock: shrunk, it would end its readers. */
  private long fileBytes;

  /** Takes the first directory that is good for it. */
  ArenaMemory(Path... directories) {
    Path found = null;
    for (Path each : directories) {
      if (found == null && !isMemory(each)) {
        found = each;
      }
    }
    this.directory = found;
  }

  private static boolean isMemory(Path directory) {
    try {
      String type = Files.getFileStore(directory).type();
      return type.equals("tmpfs") || type.equals("ramfs");
    } catch (IOException e) {
      // A container hides its mount from the JDK; or it is not there, which is told when it is
      // used.
      return false;
    }
  }

  static ArenaMemory instance() {
    return INSTANCE;
  }

  @Override
  public MemorySegment take(long bytes, boolean zeroed, Arena arena) throws MappingFailedException {
    Path holes = directory;
    try {
      return bytes < MAPPED_BYTES || holes == null
          ? arena.allocate(bytes, Machine.pageBytes())
          : map(holes, bytes, arena);
    } catch (OutOfMemoryError e) {
      throw new MappingFailedException(
          Limit.MEMORY,
          "cannot allocate " + bytes + " bytes, " + e.getMessage(),
          Machine.freeMemoryBytes(),
          Machine.memoryLimitBytes(),
          e);
    }
  }

  private MemorySegment map(Path where, long bytes, Arena arena) throws MappingFailedException {
    try {
      return holes(where, bytes).map(MapMode.PRIVATE, 0, bytes, arena);
    } catch (IOException e) {
      throw FileRefusals.explain(where, bytes, e);
    }
  }

  /** Returns the file, large enough. */
  private synchronized PageFile holes(Path where, long bytes) throws IOException {
    PageFile holes = file;
    if (holes == null) {
      holes = PageFile.create(where.toRealPath());
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
