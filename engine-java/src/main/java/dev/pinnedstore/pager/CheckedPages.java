package dev.pinnedstore.pager;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Gives each use of a page segments that end with it: an alias of the page in an Arena of its own,
 * closed when the page is freed. Safe for threads.
 */
final class CheckedPages {
  private final Extents extents;
  private final ConcurrentHashMap<PageId, Use> uses = new ConcurrentHashMap<>();

  private record Use(Arena arena, MemorySegment bytes) {}

  CheckedPages(Extents extents) {
    this.extents = extents;
  }

  MemorySegment page(PageId id) {
    return uses.computeIfAbsent(
            id,
            page -> {
              Arena arena = Arena.ofShared();
              return new Use(arena, extents.alias(page.number(), arena));
            })
        .bytes();
  }

  /**
   * Ends the use of a page.
   *
   * @throws IllegalStateException if a thread is in a native call with its segment
   */
  void end(PageId id) {
    Use use = uses.remove(id);
    if (use != null) {
      use.arena().close();
    }
  }

  void close() {
    uses.keySet().forEach(this::end);
  }
}
