package dev.pinnedstore.os;

import dev.pinnedstore.os.MappingFailedException.Limit;
import java.lang.foreign.MemorySegment;

/** Anonymous memory of macOS, after its manual pages. Untested; no huge pages. */
final class MacMemory implements NativeMemory {
  static final int MAP_ANON = 0x1000;

  @Override
  public Region map(long bytes, boolean hugePages) throws MappingFailedException {
    long result = Posix.mapAnonymous(bytes, MAP_ANON);
    if (result < 0) {
      throw new MappingFailedException(
          result == -Posix.ENOMEM ? Limit.MEMORY : Limit.OTHER,
          "cannot map " + bytes + " bytes, errno=" + -result,
          Machine.freeMemoryBytes(),
          Machine.memoryLimitBytes(),
          null);
    }
    return new Region(result, bytes);
  }

  @Override
  public boolean unmap(Region region) {
    return Posix.unmap(region.address(), region.bytes()) == 0;
  }

  @Override
  public void populate(MemorySegment segment) {
    NativeMemory.populateByWriting(segment);
  }
}
