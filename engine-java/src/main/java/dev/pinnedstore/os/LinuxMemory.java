package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.lang.foreign.MemorySegment;

/**
 * Anonymous memory of 64-bit Linux.
 *
 * <p>Mapped without {@code MAP_NORESERVE}: what the kernel will not promise it refuses in {@code
 * mmap}, where the alternative is to be killed while touching. (With {@code vm.overcommit_memory}=0
 * only a single request beyond all memory and swap is refused; with 2, every one beyond the commit
 * limit.)
 */
final class LinuxMemory implements NativeMemory {
  static final int MAP_ANONYMOUS = 0x20;
  static final int MADV_DONTNEED = 4;
  static final int MADV_HUGEPAGE = 14;
  private static final int MADV_POPULATE_WRITE = 23;
  private static final int ENOSYS = 38;

  private static final long HUGE_PAGE_BYTES = 2L << 20;

  /** The largest page that a Linux kernel is built with: what is unmapped alone starts at one. */
  private static final long MAX_PAGE_BYTES = 64L << 10;

  @Override
  public Region map(long bytes, boolean hugePages) throws MappingFailedException {
    return hugePages && bytes >= HUGE_PAGE_BYTES ? mapHuge(bytes) : mapAnywhere(bytes);
  }

  private static Region mapAnywhere(long bytes) throws MappingFailedException {
    MappingBudget.ofThisProcess().take();
    long result = Posix.mapAnonymous(bytes, MAP_ANONYMOUS);
    if (result < 0) {
      String said = "cannot map " + bytes + " bytes, errno=" + -result;
      throw result == -Posix.ENOMEM
          ? LinuxLimits.ofThisProcess().explain(bytes, said, null)
          : new MappingFailedException(Limit.OTHER, said, -1, -1, null);
    }
    return new Region(result, bytes);
  }

  /** Maps more than was asked for, and unmaps what lies before and behind the aligned part. */
  private static Region mapHuge(long bytes) throws MappingFailedException {
    long wanted = alignUp(bytes, MAX_PAGE_BYTES);
    Region wide = mapAnywhere(wanted + HUGE_PAGE_BYTES);
    long start = alignUp(wide.address(), HUGE_PAGE_BYTES);
    long end = start + wanted;
    trim(wide.address(), start);
    trim(end, wide.address() + wide.bytes());
    // The whole region, so that it stays one mapping. Refused by a kernel without huge pages, and
    // then small ones have to do.
    var _ = Posix.advise(segment(start, wanted), MADV_HUGEPAGE);
    return new Region(start, wanted);
  }

  /** Unmaps address space that nobody has touched; refused, it stays taken and costs no memory. */
  private static void trim(long from, long to) {
    if (from < to) {
      var _ = Posix.unmap(from, to - from);
    }
  }

  @Override
  public boolean unmap(Region region) {
    if (Posix.unmap(region.address(), region.bytes()) == 0) {
      return true;
    }
    // The kernel merges neighbours, and will not split them beyond vm.max_map_count.
    var _ = Posix.advise(segment(region.address(), region.bytes()), MADV_DONTNEED);
    return false;
  }

  @Override
  public void populate(MemorySegment segment) throws MappingFailedException {
    int result;
    do {
      result = Posix.advise(segment, MADV_POPULATE_WRITE);
    } while (result == -Posix.EINTR);
    switch (-result) {
      case 0 -> {}
      // Older than 5.14, an emulated kernel, or a filter of system calls.
      case Posix.EINVAL, Posix.EPERM, ENOSYS -> NativeMemory.populateByWriting(segment);
      default ->
          throw new MappingFailedException(
              result == -Posix.ENOMEM ? Limit.MEMORY : Limit.OTHER,
              "cannot make " + segment.byteSize() + " bytes resident, errno=" + -result,
              Machine.freeMemoryBytes(),
              Machine.memoryLimitBytes(),
              null);
    }
  }

  @SuppressWarnings("restricted")
  private static MemorySegment segment(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  private static long alignUp(long value, long unit) {
    return (value + unit - 1) & -unit;
  }
}
