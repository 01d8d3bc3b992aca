package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.pinnedstore.os.MappingFailedException.Limit;
import dev.pinnedstore.os.NativeMemory.Region;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Reserved addresses of Windows, after the documentation of {@code VirtualAlloc} and {@code
 * VirtualUnlock}. Untested.
 *
 * <p>Opened memory stays committed. To decommit it would end a JVM that reads it through an old
 * alias, and after {@code DiscardVirtualMemory} or {@code MEM_RESET} it would read as anything. So
 * zeros are written, and the pages are taken out of the working set, which is what {@code
 * VirtualUnlock} does to pages that are not locked: the system compresses them, or pages them out.
 */
@SuppressWarnings("restricted")
final class WindowsAddressSpace implements AddressSpace {
  private static final int MEM_COMMIT = 0x1000;
  private static final int MEM_RESERVE = 0x2000;
  private static final int PAGE_NOACCESS = 1;
  private static final int PAGE_READWRITE = 4;

  /** On each processor that runs Java there. */
  private static final long PAGE_BYTES = 4096;

  private static final MethodHandle VIRTUAL_ALLOC =
      NativeCalls.bind(
          WindowsMemory.KERNEL,
          "VirtualAlloc",
          FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT));
  private static final MethodHandle VIRTUAL_UNLOCK =
      NativeCalls.bind(
          WindowsMemory.KERNEL,
          "VirtualUnlock",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));

  @Override
  public Region reserve(long bytes, long spareBytes) throws MappingFailedException {
    long result = allocate(MemorySegment.NULL, bytes + spareBytes, MEM_RESERVE, PAGE_NOACCESS);
    if (result <= 0) {
      throw new MappingFailedException(
          WindowsMemory.isOutOfMemory(result) ? Limit.ADDRESS_SPACE : Limit.OTHER,
          "cannot reserve " + bytes + " bytes of addresses, GetLastError=" + -result,
          -1,
          -1,
          null);
    }
    return new Region(result, bytes + spareBytes);
  }

  @Override
  public long pageBytes() {
    return PAGE_BYTES;
  }

  @Override
  public void open(MemorySegment part, boolean hugePages) throws MappingFailedException {
    long result = allocate(part, part.byteSize(), MEM_COMMIT, PAGE_READWRITE);
    if (result <= 0) {
      throw new MappingFailedException(
          WindowsMemory.isOutOfMemory(result) ? Limit.MEMORY : Limit.OTHER,
          "cannot commit " + part.byteSize() + " bytes, GetLastError=" + -result,
          Machine.freeMemoryBytes(),
          Machine.memoryLimitBytes(),
          null);
    }
  }

  @Override
  public void populate(MemorySegment part) {
    part.fill((byte) 0);
  }

  @Override
  public void discard(MemorySegment part) {
    part.fill((byte) 0);
    // Reports failure, ERROR_NOT_LOCKED, where it does what is wanted here.
    var _ =
        NativeCalls.call(
            0, state -> (int) VIRTUAL_UNLOCK.invokeExact(state, part, part.byteSize()));
  }

  private static long allocate(MemorySegment at, long bytes, int kind, int protection) {
    return NativeCalls.call(
        0, state -> (long) VIRTUAL_ALLOC.invokeExact(state, at, bytes, kind, protection));
  }
}
