package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * Committed memory of Windows, after the documentation of {@code VirtualAlloc}. Untested; no large
 * pages, which need a privilege there.
 */
@SuppressWarnings("restricted")
final class WindowsMemory implements NativeMemory {
  private static final int MEM_COMMIT_RESERVE = 0x1000 | 0x2000;
  private static final int MEM_RELEASE = 0x8000;
  private static final int PAGE_READWRITE = 4;
  private static final int ERROR_NOT_ENOUGH_MEMORY = 8;
  private static final int ERROR_COMMITMENT_LIMIT = 1455;

  static final SymbolLookup KERNEL = SymbolLookup.libraryLookup("kernel32", Arena.global());
  private static final MethodHandle VIRTUAL_ALLOC =
      NativeCalls.bind(
          KERNEL,
          "VirtualAlloc",
          FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT));
  private static final MethodHandle VIRTUAL_FREE =
      NativeCalls.bind(
          KERNEL, "VirtualFree", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  @Override
  public Region map(long bytes, boolean hugePages) throws MappingFailedException {
    long result =
        NativeCalls.call(
            0,
            state ->
                (long)
                    VIRTUAL_ALLOC.invokeExact(
                        state, 0L, bytes, MEM_COMMIT_RESERVE, PAGE_READWRITE));
    if (result <= 0) {
      throw new MappingFailedException(
          isOutOfMemory(result) ? Limit.MEMORY : Limit.OTHER,
          "cannot map " + bytes + " bytes, GetLastError=" + -result,
          Machine.freeMemoryBytes(),
          Machine.memoryLimitBytes(),
          null);
    }
    return new Region(result, bytes);
  }

  /** Says whether a failed call ended for want of memory, or of addresses. */
  static boolean isOutOfMemory(long result) {
    return result == -ERROR_NOT_ENOUGH_MEMORY || result == -ERROR_COMMITMENT_LIMIT;
  }

  @Override
  public boolean unmap(Region region) {
    return NativeCalls.call(
            0, state -> (int) VIRTUAL_FREE.invokeExact(state, region.address(), 0L, MEM_RELEASE))
        > 0;
  }

  @Override
  public void populate(MemorySegment segment) {
    NativeMemory.populateByWriting(segment);
  }
}
