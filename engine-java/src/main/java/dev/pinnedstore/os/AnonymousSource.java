package dev.pinnedstore.os;

import dev.pinnedstore.os.NativeMemory.Region;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Pages of anonymous memory, by native calls. */
final class AnonymousSource implements MemorySource {
  private final NativeMemory memory;
  private final AddressSpace space;

  /** Regions whose addresses the system would not take back; they hold no memory. */
  private final Queue<Region> stuck = new ConcurrentLinkedQueue<>();

  AnonymousSource(NativeMemory memory) {
    this(memory, AddressSpace.current());
  }

  AnonymousSource(NativeMemory memory, AddressSpace space) {
    this.memory = memory;
    this.space = space;
  }

  /** Returns the one source of this JVM, made of files where the system is not known. */
  static MemorySource instance() {
    if (NativeTier.current() != NativeTier.GRANTED) {
      throw new IllegalStateException("native access is not granted: " + NativeTier.flag());
    }
    return Instance.SOURCE;
  }

  @Override
  public Mapping map(long dataBytes, long extraBytes, boolean hugePages)
      throws MappingFailedException {
    Extent extent = new Extent(dataBytes, extraBytes);
    return new AnonymousMapping(this, memory.map(extent.totalBytes(), hugePages), extent);
  }

  @Override
  public Reservation reserve(long bytes) throws MappingFailedException {
    return AnonymousReservation.reserve(this, space, bytes);
  }

  NativeMemory memory() {
    return memory;
  }

  /** Gives a region back, and tries one again that was refused before. */
  void unmap(Region region) {
    Region older = stuck.poll();
    if (!memory.unmap(region)) {
      stuck.add(region);
    }
    if (older != null && !memory.unmap(older)) {
      stuck.add(older);
    }
  }

  /** Initialised only where native access is granted. */
  private static final class Instance {
    static final MemorySource SOURCE = make();

    private static MemorySource make() {
      NativeMemory memory = NativeMemory.current();
      return memory == null ? FileSource.instance() : new AnonymousSource(memory);
    }
  }
}
