package dev.pinnedstore.pool;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * What Java Flight Recorder sees of pools: one event for each transfer and each wait, none a hit.
 */
final class PoolEvents {
  private PoolEvents() {}

  /** What the events have in common; their duration is that of the operation. */
  @Category("Pinned Page Store")
  @StackTrace(false)
  abstract static class PageEvent extends Event {
    @Label("Page")
    long pageId;

    @Label("Pages")
    int pages;

    @Label("Bytes")
    @DataAmount
    long bytes;

    void end(long id, int count, int pageBytes) {
      end();
      if (shouldCommit()) {
        pageId = id;
        pages = count;
        bytes = (long) count * pageBytes;
        commit();
      }
    }
  }

  @Name("dev.pinnedstore.PagesRead")
  @Label("Pages Read")
  static final class PagesRead extends PageEvent {}

  @Name("dev.pinnedstore.PagesWritten")
  @Label("Pages Written")
  static final class PagesWritten extends PageEvent {}

  @Name("dev.pinnedstore.LatchWait")
  @Label("Latch Wait")
  static final class LatchWait extends PageEvent {}

  @Name("dev.pinnedstore.PoolExhausted")
  @Label("Pool Exhausted")
  static final class PoolExhausted extends PageEvent {}
}
