package dev.pinnedstore.pager;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives each use of a page segments that end with it: an alias of its bytes in an Arena of its own,
 * closed when the use ends. Under the state lock, so that what ends a use finds every segment.
 */
final class CheckedPages {
  private final Extents extents;
  private final Map<Object, Use> uses = new HashMap<>();

  private record Use(Arena arena, MemorySegment bytes) {}

  CheckedPages(Extents extents) {
    this.extents = extents;
  }

  /**
   * The segment of a use, which is new, or still that of an earlier call.
   *
   * @param use what is used, and by whom
   */
  MemorySegment segment(Object use, long page, long offset, long bytes) {
    Use known = uses.get(use);
    if (known == null) {
      Arena arena = Arena.ofShared();
      boolean done = false;
      try {
        known = new Use(arena, extents.alias(page, offset, bytes, arena));
        uses.put(use, known);
        done = true;
      } finally {
        if (!done) {
          arena.close();
        }
      }
    }
    return known.bytes();
  }

  /**
   * Ends a use, if there is a segment of it.
   *
   * @throws IllegalStateException if a thread is in a native call with that; then it lives on, and
   *     can be ended later
   */
  void end(Object use) {
    Use known = uses.get(use);
    if (known != null) {
      known.arena().close();
      uses.remove(use);
    }
  }

  /**
   * Ends all uses.
   *
   * @throws IllegalStateException if a thread is in a native call with a segment; the others have
   *     ended all the same
   */
  void close() {
    List<Object> all = new ArrayList<>(uses.keySet());
    IllegalStateException inUse = null;
    for (Object use : all) {
      try {
        end(use);
      } catch (IllegalStateException e) {
        inUse = e;
      }
    }
    if (inUse != null) {
      throw inUse;
    }
  }
}
