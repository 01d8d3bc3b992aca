package dev.pinnedstore.backend.shared;

import static dev.pinnedstore.backend.shared.PeersLayout.LONG;

import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A cell of this store, as the thread that has it sees it.
 *
 * <p>An owned cell is taken by one thread alone, so a plain store takes it; it passes to another
 * thread once that one has ended. All others are taken by a compare-and-set.
 */
final class Cell {
  private static final long IDLE = -1;
  private static final long ENTERED = -2;

  private final MemorySegment file;
  private final long at;
  private volatile long ownerId;
  private volatile @Nullable WeakReference<Thread> owner;

  /** The place that is reserved under it; written by who has the cell. */
  private long held = IDLE;

  Cell(MemorySegment file, long at) {
    this.file = file;
    this.at = at;
  }

  /** Whether a thread may take it by a store: it owns it, or the owner has ended. */
  boolean isFreeFor(Thread thread) {
    return held == IDLE && (ownerId == thread.threadId() || passesTo(thread));
  }

  private boolean passesTo(Thread thread) {
    WeakReference<Thread> last = owner;
    Thread past = last == null ? null : last.get();
    return (past == null || !past.isAlive()) && pass(last, thread);
  }

  private synchronized boolean pass(@Nullable WeakReference<Thread> last, Thread thread) {
    if (!Objects.equals(owner, last) || held != IDLE) {
      return false;
    }
    owner = new WeakReference<>(thread);
    ownerId = thread.threadId();
    return true;
  }

  /** Takes an owned cell. Visible to others no later than a compare-and-set that follows. */
  void take(long word) {
    held = ENTERED;
    LONG.setOpaque(file, at, word);
  }

  /** Takes one of those for all, if nobody has it. */
  boolean tryTake(long word) {
    if ((long) LONG.getOpaque(file, at) != 0 || !LONG.compareAndSet(file, at, 0L, word)) {
      return false;
    }
    held = ENTERED;
    return true;
  }

  /** Says which bytes the holder has reserved. */
  void hold(long place, long word, long range) {
    held = place;
    // With release: who sees this range sees the record that the operation before it has left.
    LONG.setRelease(file, at + PeersLayout.RANGE_AT, range);
    LONG.setRelease(file, at, word);
  }

  boolean isHolding(long place) {
    return held == place;
  }

  /**
   * Ends an operation by one store, on the thread that began it: before it, the cell says what was
   * being done.
   */
  void leave() {
    held = IDLE;
    LONG.setRelease(file, at, 0L);
  }
}
