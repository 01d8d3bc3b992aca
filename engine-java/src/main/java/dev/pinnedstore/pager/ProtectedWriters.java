package dev.pinnedstore.pager;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The writers of protected pages. A writer copies the active bytes to the other place and changes
 * them there. Its commit has that place synced, and then the word changed, in one batch with
 * whatever else is pending. A crash before the batch is durable leaves the word, and so the old
 * bytes. Before the next writer takes the place that was active, that commit must be durable.
 */
final class ProtectedWriters {
  private static final int MIN_SWEEP = 1024;

  private final Session session;
  private final ProtectedPages pages;
  private final PagerFile file;
  private final PageTable table;

  /** Pages that have a writer. Under the state lock. */
  private final Set<Long> writing = new HashSet<>();

  /** Changes that committed pages, as long as they may not be durable. Under the state lock. */
  private final Map<Long, Long> commits = new HashMap<>();

  /** Is told of each place before a writer takes it. Under the state lock. */
  private Overwriting overwriting = (page, place) -> {};

  /** Size of {@link #commits} at which what is durable goes. */
  private int sweepAt = MIN_SWEEP;

  /** The segment of a writer. */
  private record Copy(long value) {}

  ProtectedWriters(Session session, ProtectedPages pages) {
    this.session = session;
    this.pages = pages;
    this.file = session.file();
    this.table = file.table();
  }

  /** A place of a page is about to be overwritten. */
  interface Overwriting {
    void of(long page, long place);
  }

  /** Has something called before a place is overwritten, without a lock. Under the state lock. */
  void beforeOverwriting(Overwriting call) {
    overwriting = call;
  }

  /** A page is freed. Under the state lock. */
  void forget(long number) {
    commits.remove(number);
  }

  /** Whether a page has a writer. Under the state lock. */
  boolean isWriting(long number) {
    return writing.contains(number);
  }

  /** Starts a writer: the bytes to change, which are those of now. */
  MemorySegment start(ProtectedPage page) {
    page.verify();
    long[] places = new long[2];
    Overwriting[] before = new Overwriting[1];
    Long commit =
        session.read(
            () -> {
              file.checkUsable();
              long number = page.number();
              places[0] = table.activePlace(number, pages.word(page.value()));
              places[1] = table.partner(places[0]);
              if (writing.contains(number)) {
                throw new IllegalStateException(page + ": has a writer already");
              }
              // Shows the commit before the last, which is overwritten now.
              session.endUse(new ProtectedPages.View(page.value(), places[1]));
              writing.add(number);
              before[0] = overwriting;
              return commits.get(number);
            });
    boolean started = false;
    try {
      if (commit != null) {
        file.await(commit);
      }
      before[0].of(page.number(), places[1]);
      file.extents().page(places[1]).copyFrom(file.extents().page(places[0]));
      MemorySegment copy = session.read(() -> pages.segment(new Copy(page.value()), places[1]));
      started = true;
      return copy;
    } finally {
      if (!started) {
        end(page);
      }
    }
  }

  void commit(ProtectedPage page, MemorySegment copy, Durability durability) {
    int checksum = ProtectedPages.checksum(copy, page.value());
    session.change(
        durability,
        () -> {
          long number = page.number();
          long word = pages.word(page.value());
          session.endUse(new Copy(page.value()));
          file.syncFirst(table.partner(table.activePlace(number, word)));
          table.set(number, PageWord.swapped(word, checksum));
          writing.remove(number);
          commits.put(number, file.changes().current());
          sweepCommits();
        });
  }

  /** Forgets commits that are durable; looks at each of them twice on average. */
  private void sweepCommits() {
    if (commits.size() > sweepAt) {
      commits.values().removeIf(change -> change <= file.changes().durable());
      sweepAt = Math.max(MIN_SWEEP, 2 * commits.size());
    }
  }

  /** Ends a writer that did not commit. */
  void end(ProtectedPage page) {
    file.lock();
    try {
      writing.remove(page.number());
      session.endUse(new Copy(page.value()));
    } finally {
      file.unlock();
    }
  }
}
