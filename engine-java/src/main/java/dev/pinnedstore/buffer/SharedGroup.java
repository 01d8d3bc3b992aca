package dev.pinnedstore.buffer;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** One Arena for shared buffers that were made one after another; {@link SharedGroups}. */
final class SharedGroup {
  final Arena arena = Arena.ofShared();

  /** Memory of members that are closed and held by no operation. */
  final List<Block> retired = new ArrayList<>();

  /** Buffers in {@link #arena}, and their bytes. */
  int members;

  long memberBytes;

  /** Whether more buffers may join. */
  boolean open = true;

  boolean isComplete() {
    return !open && members == retired.size();
  }

  /** The memory of one buffer. */
  record Block(long address, long bytes) {}
}
