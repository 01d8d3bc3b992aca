package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The page faults of a thread since it started. For tests and benchmarks: two of these show what
 * the code between them cost. On Linux with native access only.
 *
 * @param minorFaults faults that were served without I/O
 * @param majorFaults faults that waited for I/O
 */
public record ThreadUsage(long minorFaults, long majorFaults) {

  /**
   * Says whether {@link #current()} works here.
   *
   * @return true on Linux where native access is granted
   */
  public static boolean available() {
    return OperatingSystem.CURRENT == OperatingSystem.LINUX
        && NativeTier.current() == NativeTier.GRANTED;
  }

  /**
   * Returns the figures of the calling thread; on a virtual thread those of its carrier. One system
   * call.
   *
   * @return the figures until now
   * @throws UnsupportedOperationException where {@link #available()} is false
   */
  public static ThreadUsage current() {
    if (!available()) {
      throw new UnsupportedOperationException("needs Linux and " + NativeTier.flag());
    }
    return Calls.usage();
  }

  /** Initialised only where native access is granted. */
  private static final class Calls {
    private static final int RUSAGE_THREAD = 1;

    // struct rusage of 64-bit Linux: two timevals, four longs, ru_minflt, ru_majflt, eight longs.
    private static final long SIZE = 144;
    private static final long MINOR_FAULTS = 64;
    private static final long MAJOR_FAULTS = 72;

    private static final MethodHandle GETRUSAGE =
        NativeCalls.bind("getrusage", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));

    private Calls() {}

    static ThreadUsage usage() {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment usage = arena.allocate(SIZE, Long.BYTES);
        long result =
            NativeCalls.call(-1, state -> (int) GETRUSAGE.invokeExact(state, RUSAGE_THREAD, usage));
        if (result != 0) {
          throw new IllegalStateException("getrusage failed, errno=" + -result);
        }
        return new ThreadUsage(
            usage.get(JAVA_LONG, MINOR_FAULTS), usage.get(JAVA_LONG, MAJOR_FAULTS));
      }
    }
  }
}
