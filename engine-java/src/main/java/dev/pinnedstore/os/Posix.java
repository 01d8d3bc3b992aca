package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The memory calls of 64-bit POSIX systems. A result below zero is the negated {@code errno}: no
 * address of a process has the top bit set.
 */
final class Posix {
  static final int EPERM = 1;
  static final int EINTR = 4;
  static final int ENOMEM = 12;
  static final int EINVAL = 22;

  private static final int PROT_NONE = 0;
  private static final int PROT_READ_WRITE = 1 | 2;
  private static final int MAP_PRIVATE = 2;

  private static final MethodHandle MMAP =
      NativeCalls.bind(
          "mmap",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MUNMAP =
      NativeCalls.bind("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle MADVISE =
      NativeCalls.bind("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

  private static final MethodHandle MPROTECT =
      NativeCalls.bind("mprotect", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle GETPAGESIZE =
      NativeCalls.bind("getpagesize", FunctionDescriptor.of(JAVA_INT));

  private static final long PAGE_BYTES =
      NativeCalls.call(-1, state -> (int) GETPAGESIZE.invokeExact(state));

  private Posix() {}

  /** Returns the page of this system in bytes; 16384 on some, 65536 on others. */
  static long pageBytes() {
    return PAGE_BYTES;
  }

  /** Maps private anonymous memory wherever the system likes; the address or an error. */
  static long mapAnonymous(long bytes, int anonymousFlag) {
    return map(bytes, PROT_READ_WRITE, anonymousFlag);
  }

  /** Maps private memory without access to it; the address or an error. */
  static long mapUntouchable(long bytes, int flags) {
    return map(bytes, PROT_NONE, flags);
  }

  private static long map(long bytes, int protection, int flags) {
    return NativeCalls.call(
        -1,
        state ->
            (long) MMAP.invokeExact(state, 0L, bytes, protection, MAP_PRIVATE | flags, -1, 0L));
  }

  /** Makes readable and writable; zero or an error. The segment cannot be closed meanwhile. */
  static int allowAccess(MemorySegment segment) {
    return (int)
        NativeCalls.call(
            -1,
            state ->
                (int) MPROTECT.invokeExact(state, segment, segment.byteSize(), PROT_READ_WRITE));
  }

  /** Unmaps; zero or an error. */
  static int unmap(long address, long bytes) {
    return (int) NativeCalls.call(-1, state -> (int) MUNMAP.invokeExact(state, address, bytes));
  }

  /** Advises; zero or an error. The segment cannot be closed meanwhile. */
  static int advise(MemorySegment segment, int advice) {
    return (int)
        NativeCalls.call(
            -1, state -> (int) MADVISE.invokeExact(state, segment, segment.byteSize(), advice));
  }
}
