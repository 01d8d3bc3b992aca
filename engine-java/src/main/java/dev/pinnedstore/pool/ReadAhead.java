package dev.pinnedstore.pool;

import dev.pinnedstore.buffer.IoSlice;
import dev.pinnedstore.os.AbandonedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Reads pages before anybody asks for them: windows behind sequential readers, and prefetches.
 * Pages side by side are one read. Takes frames only of clean pages, never waits for one, and gives
 * up silently: whoever then wants the page meets the failure itself.
 */
final class ReadAhead {
  private final PoolParts parts;
  private final Replacement replacement;
  private final FrameSupply supply;

  /** Calls and runs that may use frames still. */
  private final AtomicInteger underWay = new AtomicInteger();

  /** Checks and lets pages in; set once, since it needs this. */
  private Arrival arrival = (id, frame, bytes) -> {};

  /** Pages of one read at most: several reads at once are faster than a long one. */
  private static final int LONGEST_RUN = 32;

  /** What becomes of a page that was read. */
  @FunctionalInterface
  interface Arrival {
    void accept(long id, int frame, long bytes) throws IOException;
  }

  ReadAhead(PoolParts parts, Replacement replacement, FrameSupply supply) {
    this.parts = parts;
    this.replacement = replacement;
    this.supply = supply;
  }

  void onArrival(Arrival listener) {
    arrival = listener;
  }

  /** Tells of a miss, and begins to read what will follow. */
  void missed(long id) {
    ReadAheadStreams streams = parts.file(id).streams;
    if (!streams.isOff()) {
      follow(id, streams.missed(PageIds.pageNumber(id)));
    }
  }

  /** Tells that the first page of a window is used. */
  void reached(long id) {
    follow(id, parts.file(id).streams.reached(PageIds.pageNumber(id)));
  }

  private void follow(long id, long plan) {
    PoolFile file = parts.file(id);
    long first = ReadAheadStreams.first(plan);
    // Behind the end there is nothing to read.
    long count = Math.min(ReadAheadStreams.count(plan), file.pages() - first);
    if (plan != ReadAheadStreams.NOTHING && count > 0) {
      var _ = read(file, first, (int) count, true);
    }
  }

  /**
   * Begins to read the absent ones of some pages.
   *
   * @param marked whether using the first of them starts the next window
   * @return how many pages were read, later
   */
  CompletableFuture<Integer> read(PoolFile file, long first, int count, boolean marked) {
    underWay.incrementAndGet();
    try {
      return readRuns(file, first, count, marked);
    } finally {
      ended();
    }
  }

  private void ended() {
    if (underWay.decrementAndGet() == 0 && parts.closed) {
      synchronized (underWay) {
        underWay.notifyAll();
      }
    }
  }

  /** Waits until no page arrives any more, for so long; after the pool was marked as closed. */
  void awaitEnd(long nanos) {
    long end = System.nanoTime() + nanos;
    boolean interrupted = false;
    synchronized (underWay) {
      long left = nanos;
      while (underWay.get() > 0 && left > 0) {
        try {
          TimeUnit.NANOSECONDS.timedWait(underWay, left);
        } catch (InterruptedException e) {
          interrupted = true;
        }
        left = end - System.nanoTime();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private CompletableFuture<Integer> readRuns(
      PoolFile file, long first, int count, boolean marked) {
    List<CompletableFuture<Integer>> runs = new ArrayList<>();
    int mark = marked ? FrameTable.MARKER : 0;
    for (int done = 0; done < count; ) {
      Run run = new Run(file, first + done, mark);
      int scanned = run.claimOrGiveBack(Math.min(count - done, LONGEST_RUN));
      done += scanned;
      if (!run.slices.isEmpty()) {
        mark = 0;
        runs.add(run.start());
      }
      if (run.isStopped) {
        break;
      }
    }
    return sum(runs);
  }

  /** Adds up numbers that come later. */
  static CompletableFuture<Integer> sum(List<CompletableFuture<Integer>> parts) {
    CompletableFuture<Integer> all =
        parts.isEmpty() ? CompletableFuture.completedFuture(0) : parts.getFirst();
    for (int i = 1; i < parts.size(); i++) {
      all = all.thenCombine(parts.get(i), Integer::sum);
    }
    return all;
  }

  /** Pages side by side that are absent, in frames that need not be. */
  private final class Run {
    final List<IoSlice> slices = new ArrayList<>();
    private final List<Integer> frames = new ArrayList<>();
    private final PoolFile file;
    private final int mark;
    private long first;

    /** Whether the system may read into the frames still, though nobody waits for it any more. */
    private boolean isAbandoned;

    /** Whether there was no frame, and so will be none for the next run. */
    boolean isStopped;

    Run(PoolFile file, long first, int mark) {
      this.file = file;
      this.first = first;
      this.mark = mark;
    }

    int claimOrGiveBack(int most) {
      boolean done = false;
      try {
        int seen = claim(most);
        done = true;
        return seen;
      } finally {
        if (!done) {
          for (int i = 0; i < frames.size(); i++) {
            giveBack(PageIds.of(file.number, first + i), frames.get(i));
          }
        }
      }
    }

    private void giveBack(long id, int frame) {
      if (!isAbandoned) {
        supply.give(frame);
      }
      parts.publish(parts.table.get(id), PageTable.slot(id), id, PageWordLayout::absent);
    }

    /**
     * Makes pages busy up to the first resident one behind an absent one; returns how many it saw.
     */
    int claim(int most) {
      int seen = 0;
      while (seen < most && !isStopped) {
        if (claimOne(PageIds.of(file.number, first + frames.size()))) {
          seen++;
        } else if (frames.isEmpty()) {
          seen++;
          first++;
        } else {
          return seen;
        }
      }
      return seen;
    }

    private boolean claimOne(long id) {
      long[] words = parts.table.find(id);
      words = words == null ? parts.table.make(id) : words;
      int slot = PageTable.slot(id);
      long word = PageWordLayout.get(words, slot);
      if (PageWordLayout.latch(word) != PageWordLayout.ABSENT || parts.closed) {
        isStopped |= parts.closed;
        return false;
      }
      int frame = supply.takeNow(true);
      if (frame == FreeFrames.NONE) {
        isStopped = true;
        return false;
      }
      long busy = PageWordLayout.withLatch(word, PageWordLayout.BUSY);
      if (!PageWordLayout.cas(words, slot, word, busy)) {
        supply.give(frame);
        return false;
      }
      frames.add(frame);
      slices.add(parts.frames.slice(frame));
      return true;
    }

    CompletableFuture<Integer> start() {
      underWay.incrementAndGet();
      long start = System.nanoTime();
      PoolEvents.PagesRead event = new PoolEvents.PagesRead();
      event.begin();
      CompletableFuture<Long> read;
      try {
        file.checkUsable();
        read = file.storage.readAsync(slices, file.position(first));
      } catch (IOException | RuntimeException e) {
        read = CompletableFuture.failedFuture(e);
      }
      return read.handle(
          (bytes, failure) -> {
            try {
              parts.counters.readLatency.add(System.nanoTime() - start);
              isAbandoned = AbandonedException.isCauseOf(failure);
              event.end(PageIds.of(file.number, first), frames.size(), parts.config.pageSize());
              return arrive(failure == null ? Math.max(0, bytes) : -1);
            } finally {
              ended();
            }
          });
    }

    /** Lets in what came whole; negative if nothing did. No page is left busy, whatever happens. */
    private int arrive(long bytes) {
      int arrived = 0;
      Throwable thrown = null;
      for (int i = 0; i < frames.size(); i++) {
        long left = bytes - (long) i * parts.config.pageSize();
        long id = PageIds.of(file.number, first + i);
        try {
          arrived += arriveOne(id, frames.get(i), left, i == 0 ? mark : 0) ? 1 : 0;
        } catch (RuntimeException | Error e) {
          // Of the policy, or of a log that was to restore the page.
          thrown = thrown == null ? e : thrown;
        }
      }
      parts.counters.pageReads.add(arrived);
      parts.counters.aheadPages.add(arrived);
      if (thrown != null) {
        throw new CompletionException(thrown);
      }
      return arrived;
    }

    private boolean arriveOne(long id, int frame, long left, int marker) {
      boolean admitted = false;
      try {
        if (left >= parts.config.pageSize()) {
          arrival.accept(id, frame, parts.config.pageSize());
          parts.frames.pageId(frame, id);
          parts.frames.change(frame, FrameTable.AHEAD | marker, 0);
          replacement.admit(frame);
          admitted = true;
        }
      } catch (IOException | BufferPoolException e) {
        // Whoever wants the page reads it again, and is told.
        return false;
      } finally {
        if (!admitted) {
          giveBack(id, frame);
        }
      }
      if (admitted) {
        parts.publish(
            parts.table.get(id),
            PageTable.slot(id),
            id,
            word -> PageWordLayout.placed(word, frame, PageWordLayout.RESIDENT));
      }
      return admitted;
    }
  }
}
