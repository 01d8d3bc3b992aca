package dev.pinnedstore.pager;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.pinnedstore.os.Disk;
import dev.pinnedstore.os.MappingFailedException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A disk in memory that can stop at any call. What was written is in the cache, which mappings
 * show; what was synced is on the medium; between the two, sectors of 512 bytes reach the medium
 * whenever they like, in any order, old or new. After the crash only the medium is left. Safe for
 * threads.
 */
final class SimulatedDisk implements Disk {
  private static final int DEFAULT_BYTES = 3 << 20;
  static final int SECTOR = 512;

  /** What the crash looks like from inside. */
  static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** What the medium does instead of a sync. */
  enum Fault {
    NONE,
    SYNC_FAILS,
    SYNC_LIES
  }

  private final SplittableRandom random;
  private final MemorySegment cache;
  private final byte[] medium;

  /** The arenas of mappings that were asked for. */
  private final List<Arena> arenas = new ArrayList<>();

  /** Blocks of 4096 bytes for which space was taken: to write elsewhere kills on a full disk. */
  private final BitSet space;

  private long size;
  private long calls;
  private long crashAt = Long.MAX_VALUE;
  private boolean crashed;
  private Fault fault = Fault.NONE;
  private long capacity;
  private long syncs;
  private long sizes;
  private boolean holesAllowed;

  SimulatedDisk(SplittableRandom random) {
    this(random, DEFAULT_BYTES);
  }

  SimulatedDisk(SplittableRandom random, int bytes) {
    this(random, new byte[bytes], 0, new BitSet());
  }

  private SimulatedDisk(SplittableRandom random, byte[] medium, long size, BitSet space) {
    this.space = (BitSet) space.clone();
    this.random = random;
    this.medium = medium;
    this.size = size;
    this.capacity = medium.length;
    this.cache = Arena.ofAuto().allocate(medium.length, 4096);
    MemorySegment.copy(medium, 0, cache, JAVA_BYTE, 0, medium.length);
  }

  /** Stops at a call, counted from now: 1 is the next one. */
  synchronized void crashAfter(long more) {
    crashAt = calls + more;
  }

  void setFault(Fault what) {
    fault = what;
  }

  /** Lets writes take their space themselves. */
  void allowHoles(boolean allowed) {
    holesAllowed = allowed;
  }

  void setCapacity(long bytes) {
    capacity = bytes;
  }

  /** Whether a range has its space. */
  boolean hasSpace(long address, long bytes) {
    long at = address - cache.address();
    return space.nextClearBit((int) (at >> 12)) > (at + bytes - 1) >> 12;
  }

  List<Arena> arenas() {
    return arenas;
  }

  long sizes() {
    return sizes;
  }

  long calls() {
    return calls;
  }

  long syncs() {
    return syncs;
  }

  synchronized boolean hasCrashed() {
    return crashed;
  }

  /** The disk after the crash: each sector that was not synced is old or new. */
  synchronized SimulatedDisk afterCrash() {
    crashed = true;
    return imageOfCrash();
  }

  /** The disk as a crash now would leave it. */
  synchronized SimulatedDisk imageOfCrash() {
    byte[] left = medium.clone();
    for (int at = 0; at < size; at += SECTOR) {
      if (random.nextBoolean()) {
        MemorySegment.copy(cache, JAVA_BYTE, at, left, at, SECTOR);
      }
    }
    return new SimulatedDisk(random.split(), left, size, space);
  }

  /** The disk as its medium is, without a crash. */
  synchronized SimulatedDisk copyOfCache() {
    return new SimulatedDisk(random.split(), cache.toArray(JAVA_BYTE), size, space);
  }

  /** The bytes that mappings show, to be damaged. */
  MemorySegment bytes() {
    return cache;
  }

  private void call() {
    if (crashed || ++calls >= crashAt) {
      crashed = true;
      throw new Crash();
    }
    // The system writes back when it likes: here a few sectors at each call.
    for (int i = 0; i < 4 && size > 0; i++) {
      int sector = random.nextInt((int) (size / SECTOR));
      MemorySegment.copy(cache, JAVA_BYTE, (long) sector * SECTOR, medium, sector * SECTOR, SECTOR);
    }
  }

  @Override
  public synchronized long size() {
    sizes++;
    return size;
  }

  @Override
  public synchronized MemorySegment map(long position, long bytes, Arena arena) throws IOException {
    arenas.add(arena);
    if (position + bytes > medium.length) {
      throw new IOException("the simulated disk ends at " + medium.length);
    }
    if (position + bytes > size) {
      call();
      size = position + bytes;
    }
    return cache.asSlice(position, bytes);
  }

  @Override
  public MemorySegment alias(MemorySegment segment, long position, Arena arena) {
    return cache.asSlice(position, segment.byteSize());
  }

  @Override
  public synchronized void allocate(long position, long bytes) throws MappingFailedException {
    call();
    if (position + bytes > capacity) {
      throw new MappingFailedException(
          MappingFailedException.Limit.DISK_SPACE, "simulated", 0, capacity, null);
    }
    space.set((int) (position >> 12), (int) ((position + bytes + 4095) >> 12));
    // As a disk that takes space by writing zeros.
    cache.asSlice(position, bytes).fill((byte) 0);
  }

  @Override
  public synchronized void fillHoles(long position, long bytes) throws MappingFailedException {
    call();
    if (position + bytes > capacity) {
      throw new MappingFailedException(
          MappingFailedException.Limit.DISK_SPACE, "simulated", 0, capacity, null);
    }
    space.set((int) (position >> 12), (int) ((position + bytes + 4095) >> 12));
  }

  @Override
  public synchronized void write(MemorySegment mapping, long offset, byte[] source, int bytes) {
    call();
    long at = mapping.address() - cache.address() + offset;
    if (holesAllowed) {
      space.set((int) (at >> 12), (int) ((at + bytes + 4095) >> 12));
    }
    if (space.nextClearBit((int) (at >> 12)) <= (at + bytes - 1) >> 12) {
      throw new AssertionError("a write at " + at + ", for which no space was taken");
    }
    MemorySegment.copy(source, 0, mapping, JAVA_BYTE, offset, bytes);
  }

  @Override
  public synchronized void sync(MemorySegment mapping, long offset, long bytes) throws IOException {
    call();
    syncs++;
    if (fault == Fault.SYNC_FAILS) {
      throw new IOException("simulated");
    }
    if (fault == Fault.SYNC_LIES) {
      return;
    }
    long from = mapping.address() - cache.address() + offset;
    // The system writes whole pages.
    long end = Math.min(size, (from + bytes + 4095) & -4096L);
    from &= -4096L;
    MemorySegment.copy(cache, JAVA_BYTE, from, medium, (int) from, (int) (end - from));
  }

  @Override
  public synchronized void discard(long position, long bytes) {
    call();
    int firstWhole = (int) ((position + 4095) >> 12);
    space.clear(firstWhole, Math.max(firstWhole, (int) ((position + bytes) >> 12)));
    cache.asSlice(position, bytes).fill((byte) 0);
    Arrays.fill(medium, (int) position, (int) (position + bytes), (byte) 0);
  }

  @Override
  public synchronized void resize(long bytes) {
    call();
    if (bytes < size) {
      space.clear((int) ((bytes + 4095) >> 12), medium.length >> 12);
      cache.asSlice(bytes, size - bytes).fill((byte) 0);
      Arrays.fill(medium, (int) bytes, (int) size, (byte) 0);
    }
    size = bytes;
  }

  @Override
  public void close() {}
}
