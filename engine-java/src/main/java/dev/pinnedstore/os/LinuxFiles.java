package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * Takes space for files on Linux without writing it. Loaded only where native access is granted.
 */
final class LinuxFiles {
  private static final int O_RDWR_CLOEXEC = 2 | 0x80000;
  static final int ENOSPC = 28;

  private static final int FALLOC_FL_KEEP_SIZE = 1;
  private static final int FALLOC_FL_PUNCH_HOLE = 2;

  private static final MethodHandle OPEN =
      NativeCalls.bind("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle CLOSE =
      NativeCalls.bind("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle FALLOCATE =
      NativeCalls.bind(
          "fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

  private LinuxFiles() {}

  /**
   * Takes the space; zero or a negated {@code errno}. The JDK gives no file descriptor, so the file
   * is opened once more: it must keep its name while it is open.
   */
  static int allocate(Path path, long position, long bytes) {
    return fallocate(path, FALLOC_FL_KEEP_SIZE, position, bytes);
  }

  /** Gives space back; zero or a negated {@code errno}. */
  static int discard(Path path, long position, long bytes) {
    return fallocate(path, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, position, bytes);
  }

  private static int fallocate(Path path, int mode, long position, long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toAbsolutePath().toString());
      int file =
          (int) NativeCalls.call(-1, state -> (int) OPEN.invokeExact(state, name, O_RDWR_CLOEXEC));
      if (file < 0) {
        return file;
      }
      long result = -Posix.EINTR;
      while (result == -Posix.EINTR) {
        result =
            NativeCalls.call(
                -1, state -> (int) FALLOCATE.invokeExact(state, file, mode, position, bytes));
      }
      // A descriptor without pending writes: nothing can fail here that matters.
      var _ = NativeCalls.call(-1, state -> (int) CLOSE.invokeExact(state, file));
      return (int) result;
    }
  }
}
