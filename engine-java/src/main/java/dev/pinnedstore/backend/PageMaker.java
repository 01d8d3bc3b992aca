package dev.pinnedstore.backend;

import dev.pinnedstore.os.MappingFailedException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Gives slots of the directory memory, within the budget, and takes it back. Safe for threads; no
 * lock is held over a system call.
 */
final class PageMaker {
  private static final Logger LOGGER = System.getLogger(PageMaker.class.getName());

  private final FrameSource frames;
  private final BackendEvents events;
  private final CoarseClock clock;
  private final PageDirectory directory;
  private final PageBudget budget;
  private final long pageBytes;
  private final long entriesPerPage;
  private final AtomicLong made = new AtomicLong();
  private final AtomicLong givenBack = new AtomicLong();
  private final AtomicLong stalls = new AtomicLong();
  private final AtomicLong stallNanos = new AtomicLong();
  private volatile @Nullable MappingFailedException refusal;
  private volatile boolean closed;

  PageMaker(
      FrameSource frames,
      BackendEvents events,
      CoarseClock clock,
      PageDirectory directory,
      PageBudget budget,
      long pageBytes) {
    this.frames = frames;
    this.events = events;
    this.clock = clock;
    this.directory = directory;
    this.budget = budget;
    this.pageBytes = pageBytes;
    this.entriesPerPage = pageBytes >> EntryLayout.GRANULE_SHIFT;
  }

  /** Commits a page of the common size; its id, or a refusal. */
  long make(int wanted) {
    return make(wanted, pageBytes, entriesPerPage);
  }

  /** The same in the place of the lifecycle, which counts as a stall. */
  long makeForWriter(int wanted) {
    return makeForWriter(wanted, pageBytes, entriesPerPage);
  }

  /**
   * Commits a page in the place of the lifecycle, which counts as a stall; its id, or a refusal.
   */
  long makeForWriter(int wanted, long bytes, long entries) {
    long start = clock.nanos();
    long id = make(wanted, bytes, entries);
    if (id >= 0) {
      noteStall((int) id, bytes, start);
    }
    return id;
  }

  private void noteStall(int pageId, long bytes, long start) {
    long nanos = clock.nanos() - start;
    stalls.incrementAndGet();
    stallNanos.addAndGet(nanos);
    events.stalled(pageId, bytes, nanos);
  }

  /** Commits one slot for a writer if it is free; zero, or a refusal. */
  long commitExactly(int id) {
    long start = clock.nanos();
    long tableBytes = frames.tableBytes(entriesPerPage);
    long refused = budget.take(pageBytes, tableBytes);
    if (refused != 0) {
      return refused;
    }
    Page page = directory.takeExactly(id);
    if (page == null) {
      budget.give(pageBytes, tableBytes);
      return Codes.TAKEN;
    }
    long committed = commit(page, pageBytes, entriesPerPage);
    if (committed < 0) {
      return committed;
    }
    noteStall(id, pageBytes, start);
    return 0;
  }

  /** Commits a page, which the caller then owns; its id, or a refusal. */
  long make(int wanted, long bytes, long entries) {
    long tableBytes = frames.tableBytes(entries);
    long refused = budget.take(bytes, tableBytes);
    if (refused != 0) {
      return refused;
    }
    Page page = directory.takeFree(wanted);
    if (page == null) {
      budget.give(bytes, tableBytes);
      return Codes.FULL_ADDRESSES;
    }
    return commit(page, bytes, entries);
  }

  /** Commits memory for a slot that the caller owns and whose room is taken from the budget. */
  private long commit(Page page, long bytes, long entries) {
    Frame frame = null;
    try {
      frame = frames.commit(page.id, bytes, entries);
    } catch (MappingFailedException e) {
      refusal = e;
      return Codes.FULL_SYSTEM;
    } catch (IllegalStateException e) {
      if (closed) {
        return Codes.CLOSED;
      }
      throw e;
    } finally {
      if (frame == null) {
        directory.release(page);
        budget.give(bytes, frames.tableBytes(entries));
      }
    }
    page.dirty = false;
    page.frame = frame;
    page.idleSinceNanos = clock.nanos();
    made.incrementAndGet();
    if (closed) {
      // close() may have walked past this page before it had a frame.
      closeLate(frame);
      return Codes.CLOSED;
    }
    return page.id;
  }

  private static void closeLate(Frame frame) {
    try {
      var _ = frame.close();
    } catch (IllegalStateException e) {
      // It went with all the others.
      LOGGER.log(Level.TRACE, "a page was made while its store was closed", e);
    }
  }

  /** Takes a page's memory back and frees its slot; false when it is not possible right now. */
  boolean giveBack(Page page) {
    Frame frame = PagePool.frame(page);
    if (!frame.close()) {
      return false;
    }
    page.frame = null;
    budget.give(frame.dataBytes, frame.tableBytes);
    int id = page.id;
    directory.release(page);
    givenBack.incrementAndGet();
    events.pageGivenBack(id, frame.dataBytes);
    return true;
  }

  long made() {
    return made.get();
  }

  long givenBack() {
    return givenBack.get();
  }

  long stalls() {
    return stalls.get();
  }

  long stallNanos() {
    return stallNanos.get();
  }

  /** The last refusal of the operating system. */
  @Nullable MappingFailedException refusal() {
    return refusal;
  }

  boolean isClosed() {
    return closed;
  }

  /** Makes no page from now on. */
  void stop() {
    closed = true;
  }

  /** Takes all memory back; false while some thread is inside an access. */
  boolean close() {
    List<Frame> committed = new ArrayList<>();
    for (int id = 0; id < directory.size(); id++) {
      Frame frame = directory.at(id).frame;
      if (frame != null) {
        committed.add(frame);
      }
    }
    return frames.close(committed);
  }
}
