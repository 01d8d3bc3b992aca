package dev.pinnedstore.backend;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Runs code while a native call holds a segment, as a system call of another thread would: the code
 * is the comparison function of the C library's {@code bsearch}, which only reads.
 */
final class Acquired {
  private static final FunctionDescriptor COMPARE =
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS);

  private Acquired() {}

  static void during(MemorySegment segment, Runnable action) throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle search =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("bsearch"),
            FunctionDescriptor.of(
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS));
    MethodHandle compare =
        MethodHandles.lookup()
            .findStatic(
                Acquired.class,
                "compare",
                MethodType.methodType(
                    int.class, Runnable.class, MemorySegment.class, MemorySegment.class))
            .bindTo(action);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found =
          (MemorySegment)
              search.invokeExact(
                  segment, segment, 1L, 1L, linker.upcallStub(compare, COMPARE, arena));
      if (found.address() != segment.address()) {
        throw new AssertionError("bsearch did not compare");
      }
    }
  }

  @SuppressWarnings("unused") // Called by the C library.
  private static int compare(Runnable action, MemorySegment key, MemorySegment element) {
    action.run();
    return 0;
  }
}
