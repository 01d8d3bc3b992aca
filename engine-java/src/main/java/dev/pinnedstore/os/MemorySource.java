package dev.pinnedstore.os;

/**
 * Where the memory of pages comes from. Safe for threads; holds nothing that must be closed.
 *
 * <p>A refusal is an exception of {@link #map} wherever the system can say no: memory is asked for
 * with its accounting, and files are filled before they are mapped. One thing it cannot refuse: a
 * container that reaches its memory limit is killed, so stay below {@link
 * Machine#memoryLimitBytes()}.
 */
public interface MemorySource {

  /**
   * Returns the source of a tier.
   *
   * <ul>
   *   <li>{@link NativeTier#GRANTED}: anonymous memory on Linux, macOS and Windows (the latter two
   *       untested), files elsewhere.
   *   <li>{@link NativeTier#DENIED}: one file per mapping, nameless where the system allows that,
   *       in {@code /dev/shm} or else in {@code java.io.tmpdir}. It works whatever was granted.
   * </ul>
   *
   * @param tier the tier
   * @return its source, always the same one
   * @throws IllegalStateException for {@link NativeTier#GRANTED} where native access is not granted
   */
  static MemorySource forTier(NativeTier tier) {
    return switch (tier) {
      case GRANTED -> AnonymousSource.instance();
      case DENIED -> FileSource.instance();
    };
  }

  /**
   * Maps zeroed memory, readable and writable: {@code dataBytes} followed directly by {@code
   * extraBytes}. Not yet resident: {@link Mapping#touch()} makes it so.
   *
   * <p>Cost: granted, one system call (up to four for huge pages). Denied, the file is written
   * once, about 1 ms a MiB, on a thread of this package. A refusal may cost a garbage collection
   * and 100 ms there, which the JDK spends before it gives up.
   *
   * <p>An interrupt of the calling thread does no harm; the thread is still interrupted afterwards.
   *
   * @param dataBytes size of the data part in bytes, a multiple of 4096 from 4096 to 2^61
   * @param extraBytes size of what follows it in bytes, 0 to 2^61
   * @param hugePages whether to ask for huge pages under the data part: then it starts at a
   *     multiple of 2 MiB, if it is that large. A wish: no effect without native access, on other
   *     systems than Linux, or where the kernel has them switched off
   * @return the mapping, which the caller closes
   * @throws MappingFailedException if the operating system refuses
   * @throws IllegalArgumentException if a size is out of its range
   */
  Mapping map(long dataBytes, long extraBytes, boolean hugePages) throws MappingFailedException;

  /**
   * Reserves a range of addresses without memory, on {@link NativeTier#GRANTED} only.
   *
   * <p>Cost: one system call, and 2 MiB more of addresses than asked for.
   *
   * @param bytes size of the range in bytes, a multiple of 2 MiB from 2 MiB to 2^46
   * @return the range, which the caller closes; its address is a multiple of 2 MiB
   * @throws MappingFailedException if the operating system refuses
   * @throws IllegalArgumentException if the size is out of its range
   * @throws IllegalStateException if this source has files only; the message names {@link
   *     NativeTier#flag()}
   */
  default Reservation reserve(long bytes) throws MappingFailedException {
    throw new IllegalStateException(
        "addresses can be reserved in anonymous memory only, which needs " + NativeTier.flag());
  }
}
