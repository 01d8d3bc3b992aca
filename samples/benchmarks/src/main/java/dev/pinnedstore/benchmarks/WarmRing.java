package dev.pinnedstore.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A ring of resident memory, into which blobs are merely copied: the ceiling of every append. */
@State(Scope.Thread)
public class WarmRing {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory = Sources.warmRing(arena);
  private long position;

  /** Copies a blob behind the last one, and returns where it is. */
  long copy(MemorySegment source) {
    long size = source.byteSize();
    long at = position;
    MemorySegment.copy(source, 0, memory, at, size);
    position = at + 2 * size > Sources.RING_BYTES ? 0 : at + size;
    return at;
  }

  /** A byte of what was copied. */
  byte read(long at) {
    return memory.get(ValueLayout.JAVA_BYTE, at);
  }

  /** Frees the ring. */
  @TearDown
  public void close() {
    arena.close();
  }
}
