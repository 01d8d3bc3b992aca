package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file descriptor of 64-bit Linux. Calls hold the carrier of a virtual thread. Whoever opened it
 * closes it, when no call is under way: the number is given to another file at once.
 */
final class LinuxFile implements FileIo {
  static final int O_RDONLY = 0;
  static final int O_WRONLY = 1;
  static final int O_RDWR = 2;
  static final int O_DSYNC = 0x1000;
  static final int O_SYNC = 0x101000;
  static final int O_CLOEXEC = 0x80000;

  /** Not one number for all processors: 64-bit ARM has its own. */
  static final int O_DIRECT =
      System.getProperty("os.arch", "").equals("aarch64") ? 0x10000 : 0x4000;

  static final int EIO = 5;
  static final int EAGAIN = 11;
  static final int ENOSPC = 28;
  static final int ENOSYS = 38;
  static final int EOPNOTSUPP = 95;

  /** Parts of one call at most, {@code IOV_MAX}. */
  static final int MAX_PARTS = 1024;

  private static final MethodHandle OPEN =
      NativeCalls.bind("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle CLOSE =
      NativeCalls.bind("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle PREAD = one("pread");
  private static final MethodHandle PWRITE = one("pwrite");
  private static final MethodHandle PREADV = many("preadv");
  private static final MethodHandle PWRITEV = many("pwritev");
  private static final MethodHandle FALLOCATE =
      NativeCalls.bind(
          "fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

  /** Null where the C library is older than the call. */
  private static final @Nullable MethodHandle STATX =
      NativeCalls.bindIfThere(
          "statx", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));

  private final Path path;
  private final int descriptor;

  private LinuxFile(Path path, int descriptor) {
    this.path = path;
    this.descriptor = descriptor;
  }

  private static MethodHandle one(String name) {
    return NativeCalls.bind(
        name, FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  }

  private static MethodHandle many(String name) {
    return NativeCalls.bind(
        name, FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG));
  }

  /** Opens a file that is there; null if the system refuses. */
  static @Nullable LinuxFile open(Path path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      long result =
          NativeCalls.call(-1, state -> (int) OPEN.invokeExact(state, name, flags | O_CLOEXEC));
      return result < 0 ? null : new LinuxFile(path, (int) result);
    }
  }

  int descriptor() {
    return descriptor;
  }

  /** Where this file can be opened again, whatever became of its name. */
  Path alias() {
    return Path.of("/proc/self/fd/" + descriptor);
  }

  @Override
  public int maxParts() {
    return MAX_PARTS;
  }

  @Override
  public long read(MemorySegment[] parts, long position) throws IOException {
    long result = transfer(PREAD, PREADV, parts, position);
    return result == 0 ? END : checked("read", result);
  }

  @Override
  public long write(MemorySegment[] parts, long position) throws IOException {
    return checked("write", transfer(PWRITE, PWRITEV, parts, position));
  }

  private long transfer(MethodHandle one, MethodHandle many, MemorySegment[] parts, long position) {
    if (parts.length == 1) {
      MemorySegment part = parts[0];
      long bytes = Math.min(part.byteSize(), ChannelFileIo.MAX_CALL_BYTES);
      return NativeCalls.call(
          -1, state -> (long) one.invokeExact(state, descriptor, part, bytes, position));
    }
    int most = Math.min(parts.length, MAX_PARTS);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment vector = arena.allocate(most * IoVector.BYTES, Long.BYTES);
      int count = IoVector.set(vector, 0, parts, most);
      return NativeCalls.call(
          -1, state -> (long) many.invokeExact(state, descriptor, vector, count, position));
    }
  }

  private long checked(String what, long result) throws IOException {
    if (result >= 0) {
      return result;
    }
    int errno = (int) -result;
    return switch (errno) {
      case Posix.EINTR -> INTERRUPTED;
      case EAGAIN -> 0;
      default -> throw failure(path, what, errno);
    };
  }

  /** Describes a refusal in the words of the JDK where it has some. */
  static IOException failure(Path path, String what, int errno) {
    String words =
        switch (errno) {
          case EIO -> "Input/output error";
          case ENOSPC -> "No space left on device";
          case Posix.EINVAL -> "Invalid argument";
          default -> "refused";
        };
    return new FileSystemException(path.toString(), null, what + ": " + words + ", errno=" + errno);
  }

  /** Takes room; false where the file system has no call for it. */
  boolean allocate(long bytes) throws IOException {
    long result;
    do {
      result =
          NativeCalls.call(
              -1, state -> (int) FALLOCATE.invokeExact(state, descriptor, 0, 0L, bytes));
    } while (result == -Posix.EINTR);
    return allocated(path, (int) -result);
  }

  static boolean allocated(Path path, int errno) throws IOException {
    return switch (errno) {
      case 0 -> true;
      // The file system has no such call; or the kernel, or what emulates it, has none.
      case EOPNOTSUPP, ENOSYS -> false;
      default -> throw failure(path, "allocate", errno);
    };
  }

  /**
   * The multiples that direct I/O needs; 0 if it is not possible, -1 if the kernel does not say.
   */
  int directAlignment() {
    MethodHandle statx = STATX;
    if (statx == null) {
      return -1;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment result = arena.allocate(StatxLayout.BYTES, Long.BYTES);
      MemorySegment empty = arena.allocateFrom("");
      long status =
          NativeCalls.call(
              -1,
              state ->
                  (int)
                      statx.invokeExact(
                          state,
                          descriptor,
                          empty,
                          StatxLayout.AT_EMPTY_PATH,
                          StatxLayout.STATX_DIOALIGN,
                          result));
      return status < 0 ? -1 : StatxLayout.directAlignment(result);
    }
  }

  void close() throws IOException {
    // Never again: the descriptor is gone even if EINTR is reported.
    long result = NativeCalls.call(-1, state -> (int) CLOSE.invokeExact(state, descriptor));
    if (result < 0 && result != -Posix.EINTR) {
      throw failure(path, "close", (int) -result);
    }
  }
}
