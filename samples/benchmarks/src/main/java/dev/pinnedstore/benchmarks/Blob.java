package dev.pinnedstore.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The bytes of a blob, in native memory. */
@State(Scope.Benchmark)
public class Blob {
  /** Bytes of a blob. */
  @Param({"64", "1024", "4096", "65536", "1048576"})
  public int size;

  private final Arena arena = Arena.ofShared();
  MemorySegment source = MemorySegment.NULL;

  /** Makes the bytes. */
  @Setup
  public void fill() {
    source = Sources.random(arena, size);
  }

  /** Frees them. */
  @TearDown
  public void close() {
    arena.close();
  }
}
