package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A leaf of a map as those see it who have no lock. Its fields are final: whoever finds it sees the
 * words as they were when it was read, or newer ones.
 */
final class Leaf {
  final long[] words;

  /** The bytes of the pages that it tells about; null unless one extent has them all. */
  final @Nullable MemorySegment pages;

  Leaf(long[] words, @Nullable MemorySegment pages) {
    this.words = words;
    this.pages = pages;
  }

  /** The word with an index in the map. */
  long word(long index) {
    return words[(int) index & (WordMap.LEAF_WORDS - 1)];
  }
}
