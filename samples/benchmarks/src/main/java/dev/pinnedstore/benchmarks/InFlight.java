package dev.pinnedstore.benchmarks;

import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** How many blobs are kept, and whose turn it is: the same for the store and all its peers. */
@State(Scope.Thread)
public class InFlight {
  int count;
  private long position;

  /** Counts. */
  @Setup
  public void count(Blob blob) {
    count = Math.min(1024, Sources.inFlight(blob.size));
  }

  /** The slot of the next blob; the oldest one is in it once all are taken. */
  int next() {
    return (int) (position++ % count);
  }

  /** Whether the slot that {@link #next()} returned holds a blob. */
  boolean isFull() {
    return position > count;
  }
}
