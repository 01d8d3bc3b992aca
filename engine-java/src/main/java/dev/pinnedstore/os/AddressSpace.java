package dev.pinnedstore.os;

import dev.pinnedstore.os.NativeMemory.Region;
import java.lang.foreign.MemorySegment;

/**
 * Reserved addresses of one operating system, by native calls; {@link NativeMemory#unmap} gives
 * them back. Implementations are loaded only where native access is granted, and are safe for
 * threads. A segment that is passed in cannot be closed during the call, and is refused when it is.
 */
interface AddressSpace {

  /** Returns the calls of the system that runs here, one that {@link NativeMemory} knows. */
  static AddressSpace current() {
    return switch (OperatingSystem.CURRENT) {
      case LINUX -> new LinuxAddressSpace();
      case MAC -> new MacAddressSpace();
      case WINDOWS -> new WindowsAddressSpace();
      case OTHER ->
          throw new UnsupportedOperationException("no memory calls are known for this system");
    };
  }

  /** Takes addresses that cannot be touched, without memory, and some more to align them in. */
  Region reserve(long bytes, long spareBytes) throws MappingFailedException;

  /** Returns the unit that parts are multiples of, in bytes. */
  long pageBytes();

  /**
   * Makes a reserved part readable and writable, for good: zeros, not resident. Refused, it is as
   * it was.
   */
  void open(MemorySegment part, boolean hugePages) throws MappingFailedException;

  /** Makes an open part resident and all zeros. */
  void populate(MemorySegment part) throws MappingFailedException;

  /** Gives the memory of an open part back, as far as the system takes it, and makes it zeros. */
  void discard(MemorySegment part);
}
