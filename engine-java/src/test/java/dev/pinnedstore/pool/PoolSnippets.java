package dev.pinnedstore.pool;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.nio.file.Path;

/** The examples of README.md and of the documentation. */
public final class PoolSnippets {
  private PoolSnippets() {}

  /** Writes a page and reads it in both ways; returns what they read. */
  public static long[] pool(Path path, long number) {
    // @start region="pool"
    try (BufferPool pool = BufferPool.builder().file(path).frames(1000).build()) {
      long id;
      try (PageGuard page = pool.newPage()) { // zeros, pinned exclusively
        id = page.pageId();
        page.segment().set(JAVA_LONG, 0, number);
        page.markDirty(1); // the LSN of the change; any number where there is no log
      }
      pool.flush(id); // on the medium

      long pinned;
      try (PageGuard page = pool.pin(id)) { // stays in its frame, read-only
        pinned = page.segment().get(JAVA_LONG, 0);
      }
      long seen = pool.readOptimisticLong(id, page -> page.get(JAVA_LONG, 0)); // pins nothing
      return new long[] {pinned, seen};
    } // writes what is dirty
    // @end
  }
}
