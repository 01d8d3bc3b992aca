package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Names the limit behind an {@link IOException}. The JDK gives the system's words and no code, and
 * those may be in another language: then the limit is OTHER, and the words are in the message.
 */
final class FileRefusals {
  private FileRefusals() {}

  static MappingFailedException explain(Path directory, long bytes, IOException e) {
    if (e.getCause() instanceof OutOfMemoryError && "Map failed".equals(e.getMessage())) {
      String said = "cannot map " + bytes + " bytes of a file in " + directory;
      return OperatingSystem.CURRENT == OperatingSystem.LINUX
          ? LinuxLimits.ofThisProcess().explain(bytes, said, e)
          : new MappingFailedException(Limit.MEMORY, said, -1, -1, e);
    }
    return of(limit(directory, bytes, String.valueOf(e.getMessage())), directory, bytes, e);
  }

  /** Describes a refused file; the figures are those of the file system now. */
  static MappingFailedException of(
      Limit limit, Path directory, long bytes, @Nullable IOException e) {
    File disk = directory.toFile();
    boolean space = limit == Limit.DISK_SPACE;
    return new MappingFailedException(
        limit,
        "cannot make a page file of "
            + bytes
            + " bytes in "
            + directory
            + (e == null ? "" : ", " + e.getMessage()),
        space ? disk.getUsableSpace() : -1,
        space ? disk.getTotalSpace() : -1,
        e);
  }

  private static Limit limit(Path directory, long bytes, String message) {
    String words = message.toLowerCase(Locale.ROOT);
    if (words.contains("too many open files")) {
      return Limit.OPEN_FILES;
    }
    boolean full =
        words.contains("no space left")
            || words.contains("quota")
            || words.contains("not enough space");
    File disk = directory.toFile();
    return full || (disk.getTotalSpace() > 0 && disk.getUsableSpace() < bytes)
        ? Limit.DISK_SPACE
        : Limit.OTHER;
  }
}
