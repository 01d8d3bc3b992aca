package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import dev.pinnedstore.os.NativeMemory.Region;
import java.lang.foreign.MemorySegment;

/**
 * Reserved addresses of macOS, after its manual pages. Untested.
 *
 * <p>{@code MADV_FREE} keeps the range valid and does not say what it reads as: its last bytes
 * until the system takes the page, zeros afterwards. So zeros are written first.
 */
final class MacAddressSpace implements AddressSpace {
  private static final int MAP_NORESERVE = 0x40;
  private static final int MADV_FREE = 5;

  @Override
  public Region reserve(long bytes, long spareBytes) throws MappingFailedException {
    long result = Posix.mapUntouchable(bytes + spareBytes, MacMemory.MAP_ANON | MAP_NORESERVE);
    if (result < 0) {
      throw new MappingFailedException(
          result == -Posix.ENOMEM ? Limit.ADDRESS_SPACE : Limit.OTHER,
          "cannot reserve " + bytes + " bytes of addresses, errno=" + -result,
          -1,
          -1,
          null);
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
      throw new MappingFailedException(
          result == -Posix.ENOMEM ? Limit.MEMORY : Limit.OTHER,
          "cannot commit " + part.byteSize() + " bytes, errno=" + -result,
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
    // Refused, the zeros keep their memory.
    var _ = Posix.advise(part, MADV_FREE);
  }
}
