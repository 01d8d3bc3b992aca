package dev.pinnedstore.pool;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * What a lookup does beside a hit: waits for a page that others hold, or loads it. A miss is won by
 * the one CAS from absent to busy; the others wait for its end. Where it fails, the word is absent
 * again, and the next one tries for itself and gets its own exception.
 */
final class PageLoader {
  private final PoolParts parts;
  private final PageLatches latches;
  private final Replacement replacement;
  private final FrameSupply supply;
  private final ReadAhead readAhead;

  PageLoader(
      PoolParts parts,
      PageLatches latches,
      Replacement replacement,
      FrameSupply supply,
      ReadAhead readAhead) {
    this.parts = parts;
    this.latches = latches;
    this.replacement = replacement;
    this.supply = supply;
    this.readAhead = readAhead;
  }

  /**
   * Pins a page, shared or exclusively; loads it if need be.
   *
   * @param kind of the access, for the counters
   * @return its frame
   */
  int pin(long id, boolean exclusive, int kind) {
    long[] words = parts.words(id);
    int slot = PageTable.slot(id);
    long deadline = 0;
    while (true) {
      long word = PageWordLayout.get(words, slot);
      int latch = PageWordLayout.latch(word);
      if (latch == PageWordLayout.ABSENT) {
        long busy = PageWordLayout.withLatch(word, PageWordLayout.BUSY);
        if (PageWordLayout.cas(words, slot, word, busy)) {
          parts.counters.misses[kind].increment();
          return load(id, words, slot, exclusive);
        }
      } else if (exclusive ? latch == PageWordLayout.RESIDENT : PageWordLayout.canPin(word)) {
        long pinned =
            PageWordLayout.withLatch(word, exclusive ? PageWordLayout.EXCLUSIVE : latch + 1);
        if (PageWordLayout.cas(words, slot, word, pinned)) {
          PageWordLayout.fenceAfterTaking();
          if ((pinned & PageWordLayout.USED) == 0) {
            used(id, words, slot, pinned);
          }
          return PageWordLayout.frame(word);
        }
      } else {
        deadline = deadline == 0 ? System.nanoTime() + limit() : deadline;
        latches.await(words, slot, id, word, deadline, exclusive ? "exclusive pin" : "shared pin");
      }
    }
  }

  private long limit() {
    return parts.config.latchTimeout().toNanos();
  }

  /**
   * Notes the first use of a page since the policy was last told.
   *
   * @param word the word as it was
   */
  void used(long id, long[] words, int slot, long word) {
    int frame = PageWordLayout.frame(word);
    if ((parts.frames.flags(frame) & FrameTable.AHEAD) != 0) {
      // The use that it was loaded for, which the policy knows of: no hit yet.
      int flags = parts.frames.change(frame, 0, FrameTable.AHEAD | FrameTable.MARKER);
      if ((flags & FrameTable.MARKER) != 0) {
        readAhead.reached(id);
      }
      return;
    }
    long before = (long) PageWordLayout.WORD.getAndBitwiseOr(words, slot, PageWordLayout.USED);
    if ((before & PageWordLayout.USED) != 0 || !PageWordLayout.isSame(before, word)) {
      // Told by another thread; or it is another page's by now, which is then taken for used: a
      // guess of the policy may be wrong, a page never is.
      return;
    }
    if (!parts.accesses.offerUsed(frame)) {
      PageWordLayout.WORD.getAndBitwiseAnd(words, slot, ~PageWordLayout.USED);
    }
  }

  private int load(long id, long[] words, int slot, boolean exclusive) {
    int frame = FreeFrames.NONE;
    boolean loaded = false;
    try {
      PoolFile file = parts.file(id);
      file.checkUsable();
      readAhead.missed(id);
      frame = supply.take();
      read(id, file, frame);
      admit(id, frame);
      loaded = true;
    } catch (IOException e) {
      throw parts.failure("cannot read page " + id, e);
    } catch (IllegalStateException e) {
      throw parts.isGone ? new BufferPoolClosedException() : e;
    } finally {
      if (!loaded) {
        giveUp(id, words, slot, frame);
      }
    }
    place(id, words, slot, frame, exclusive);
    return frame;
  }

  private void admit(long id, int frame) {
    parts.frames.pageId(frame, id);
    replacement.admit(frame);
  }

  private void giveUp(long id, long[] words, int slot, int frame) {
    if (frame != FreeFrames.NONE) {
      supply.give(frame);
    }
    parts.publish(words, slot, id, PageWordLayout::absent);
  }

  private void place(long id, long[] words, int slot, int frame, boolean exclusive) {
    int latch = exclusive ? PageWordLayout.EXCLUSIVE : PageWordLayout.RESIDENT + 1;
    parts.publish(words, slot, id, word -> PageWordLayout.placed(word, frame, latch));
  }

  private void read(long id, PoolFile file, int frame) throws IOException {
    PoolEvents.PagesRead event = new PoolEvents.PagesRead();
    event.begin();
    long start = System.nanoTime();
    long number = PageIds.pageNumber(id);
    long bytes = PoolFile.read(file.storage, parts.frames.slice(frame), file.position(number));
    long took = System.nanoTime() - start;
    parts.counters.ioWaitNanos.add(took);
    parts.counters.readLatency.add(took);
    parts.counters.pageReads.increment();
    event.end(id, 1, parts.config.pageSize());
    accept(id, frame, bytes);
  }

  /** Lets a page in that was read, if its bytes are its own. */
  void accept(long id, int frame, long bytes) throws IOException {
    MemorySegment page = parts.frames.whole(frame);
    long read = Math.max(bytes, 0);
    if (read < page.byteSize()) {
      // Behind the end of the file, where a page is zeros; the rest of a page that was cut is not.
      page.asSlice(read).fill((byte) 0);
    }
    if (!parts.config.checksums()) {
      return;
    }
    String fault = PageTrailerLayout.fault(page, PageIds.pageNumber(id));
    if (fault.isEmpty()) {
      parts.frames.lsn(frame, PageTrailerLayout.lsn(page));
      return;
    }
    restore(id, frame, fault);
  }

  private void restore(long id, int frame, String fault) throws IOException {
    MemorySegment page = parts.frames.whole(frame);
    page.fill((byte) 0);
    WriteAheadLog wal = parts.wal;
    long lsn = wal == null ? -1 : wal.restore(id, parts.frames.data(frame, true));
    if (lsn < 0) {
      throw new CorruptPageException(id, fault);
    }
    parts.counters.restoredPages.increment();
    parts.frames.lsn(frame, lsn);
    // Storage has other bytes still.
    parts.frames.change(frame, FrameTable.DIRTY, 0);
    parts.frames.lowerRecoveryLsn(frame, lsn);
    parts.counters.dirtyFrames.incrementAndGet();
  }

  /** Makes a page of zeros behind all others of a file, pinned exclusively; returns its id. */
  long create(PoolFile file) {
    if (parts.closed) {
      throw new BufferPoolClosedException();
    }
    int frame = supply.take();
    long id;
    long[] words;
    boolean claimed = false;
    try {
      do {
        id = PageIds.of(file.number, file.takePage());
        words = parts.words(id);
        // Somebody may just have pinned that page; then it is not a new one.
        claimed = claim(words, PageTable.slot(id));
      } while (!claimed);
    } finally {
      if (!claimed) {
        supply.give(frame);
      }
    }
    int slot = PageTable.slot(id);
    boolean admitted = false;
    try {
      parts.frames.whole(frame).fill((byte) 0);
      admit(id, frame);
      admitted = true;
    } finally {
      if (!admitted) {
        giveUp(id, words, slot, frame);
      }
    }
    place(id, words, slot, frame, true);
    return id;
  }

  /** Makes an absent page busy, if it is absent now. */
  private static boolean claim(long[] words, int slot) {
    long word = PageWordLayout.get(words, slot);
    return PageWordLayout.latch(word) == PageWordLayout.ABSENT
        && PageWordLayout.cas(
            words, slot, word, PageWordLayout.withLatch(word, PageWordLayout.BUSY));
  }
}
