package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import dev.pinnedstore.os.NativeMemory.Region;
import java.lang.foreign.MemorySegment;

/**
 * Reserved addresses of 64-bit Linux.
 *
 * <p>{@code PROT_NONE} with {@code MAP_NORESERVE}: only RLIMIT_AS counts them. Opening them counts
 * for RLIMIT_DATA, and as committed where {@code vm.overcommit_memory} is 2, which ignores {@code
 * MAP_NORESERVE}. They are never made inaccessible again, so neither count falls.
 */
final class LinuxAddressSpace implements AddressSpace {
  private static final int MAP_NORESERVE = 0x4000;

  private final LinuxMemory memory = new LinuxMemory();

  @Override
  public Region reserve(long bytes, long spareBytes) throws MappingFailedException {
    // What lies before the open part, the open part, and what lies behind it.
    for (int mapping = 0; mapping < 3; mapping++) {
      MappingBudget.ofThisProcess().take();
    }
    long result =
        Posix.mapUntouchable(bytes + spareBytes, LinuxMemory.MAP_ANONYMOUS | MAP_NORESERVE);
    if (result < 0) {
      String said = "cannot reserve " + bytes + " bytes of addresses, errno=" + -result;
      throw result == -Posix.ENOMEM
          ? LinuxLimits.ofThisProcess().explainReserve(bytes + spareBytes, said)
          : new MappingFailedException(Limit.OTHER, said, -1, -1, null);
    }
    return new Region(result, bytes + spareBytes);
  }

  @Override
  public long pageBytes() {
    return Posix.pageBytes();
  }

  @Override
  public void open(MemorySegment part, boolean hugePages) throws MappingFailedException {
    int result = Posix.allowAccess(part);
    if (result != 0) {
      String said = "cannot commit " + part.byteSize() + " bytes, errno=" + -result;
      throw result == -Posix.ENOMEM
          ? LinuxLimits.ofThisProcess().explainCommit(part.byteSize(), said)
          : new MappingFailedException(Limit.OTHER, said, -1, -1, null);
    }
    if (hugePages) {
      // Refused by a kernel without huge pages, and then small ones have to do.
      var _ = Posix.advise(part, LinuxMemory.MADV_HUGEPAGE);
    }
  }

  @Override
  public void populate(MemorySegment part) throws MappingFailedException {
    // Also takes away the zero page that a late reader left: a huge page would not replace it.
    discard(part);
    memory.populate(part);
  }

  @Override
  public void discard(MemorySegment part) {
    if (Posix.advise(part, LinuxMemory.MADV_DONTNEED) != 0) {
      // Locked, by mlockall for one.
      part.fill((byte) 0);
    }
  }
}
