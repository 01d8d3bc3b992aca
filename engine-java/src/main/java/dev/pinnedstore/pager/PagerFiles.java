package dev.pinnedstore.pager;

import dev.pinnedstore.os.Disk;
import dev.pinnedstore.os.FileDisk;
import dev.pinnedstore.os.LockFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Makes and opens the files of pagers, under their lock. A file that is made appears under its name
 * when it is whole and durable; what a crash leaves of one before has the suffix {@code
 * .unfinished}, and is deleted by whoever makes it next, unless somebody has it open.
 */
final class PagerFiles {
  private static final long DEFAULT_LOG_BYTES = (1 << 20) - Geometry.LOG_POSITION;

  private PagerFiles() {}

  /** A file, and what lets go of its lock. */
  record Opened(PagerFile file, LockFile.Hold lock) {}

  /** Fills a disk that is empty, and closes it if that fails. */
  interface Filling<T> {
    T fill(FileDisk disk) throws IOException;
  }

  static Geometry geometry(long pageSize) {
    return new Geometry(Long.numberOfTrailingZeros(pageSize), DEFAULT_LOG_BYTES);
  }

  static Opened create(Path path, long pageSize) throws IOException {
    Geometry.checkPageSize(pageSize);
    LockFile.Hold lock = lock(path);
    @Nullable PagerFile[] made = new @Nullable PagerFile[1];
    boolean done = false;
    try {
      PagerFile file = make(path, disk -> made[0] = create(disk, geometry(pageSize)));
      LockFile.made(path);
      done = true;
      return new Opened(file, lock);
    } finally {
      if (!done) {
        close(made[0], lock);
      }
    }
  }

  private static void close(@Nullable PagerFile file, LockFile.Hold lock) {
    try {
      if (file != null) {
        file.close();
      }
    } finally {
      lock.close();
    }
  }

  static Opened open(Path path, long pageSize, PagerOptions options) throws IOException {
    Geometry.checkPageSize(pageSize);
    LockFile.Hold lock = lock(path);
    PagerFile file = null;
    try {
      file = open(FileDisk.open(path), pageSize, options);
      return new Opened(file, lock);
    } finally {
      if (file == null) {
        lock.close();
      }
    }
  }

  private static LockFile.Hold lock(Path path) throws IOException {
    LockFile.Hold lock = LockFile.tryWrite(path);
    if (lock == null) {
      throw new PagerLockedException(path + ": is open for writing already");
    }
    return lock;
  }

  /** Makes a file that does not exist, while nobody else makes it or has it open. */
  static <T> T makeLocked(Path target, Filling<T> filling) throws IOException {
    refuseExisting(target);
    try (LockFile.Hold _ = lock(target)) {
      return make(target, filling);
    }
  }

  /** Makes a file that does not exist, which has its name when it is filled. Under its lock. */
  private static <T> T make(Path target, Filling<T> filling) throws IOException {
    refuseExisting(target);
    Path unfinished = target.resolveSibling(target.getFileName() + ".unfinished");
    deleteUnused(unfinished);
    boolean done = false;
    try {
      FileDisk disk = FileDisk.create(unfinished);
      T filled = filling.fill(disk);
      disk.moveTo(target);
      done = true;
      return filled;
    } finally {
      if (!done) {
        Files.deleteIfExists(unfinished);
      }
    }
  }

  private static void refuseExisting(Path target) throws IOException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
  }

  /** Deletes what a crash left; a pager may have been made by that name, and be open. */
  private static void deleteUnused(Path unfinished) throws IOException {
    if (Files.exists(unfinished, LinkOption.NOFOLLOW_LINKS)) {
      try (LockFile.Hold _ = lock(unfinished)) {
        Files.delete(unfinished);
      }
    }
  }

  /** Makes an empty file; closes the disk if that fails. */
  static PagerFile create(Disk disk, Geometry geometry) throws IOException {
    PagerFile file = null;
    try {
      file = Creation.create(disk, geometry);
      return file;
    } finally {
      if (file == null) {
        disk.close();
      }
    }
  }

  /** Opens a file as the options want it; closes the disk if that fails. */
  static PagerFile open(Disk disk, long pageSize, PagerOptions options) throws IOException {
    PagerFile file = null;
    boolean done = false;
    try {
      file = Recovery.open(disk, pageSize);
      prepare(file, options);
      done = true;
      return file;
    } finally {
      if (!done) {
        close(disk, file);
      }
    }
  }

  private static void close(Disk disk, @Nullable PagerFile file) throws IOException {
    if (file != null) {
      file.close();
    } else {
      disk.close();
    }
  }

  private static void prepare(PagerFile file, PagerOptions options) {
    if (file.isSparse() && !options.sparse()) {
      file.fillHoles();
    }
    if (options.verified()) {
      VerifyReport report = new Verifier(file, () -> {}).verify();
      if (!report.problems().isEmpty()) {
        throw new PagerCorruptException("file", "the file is damaged: " + report.problems());
      }
    }
  }
}
