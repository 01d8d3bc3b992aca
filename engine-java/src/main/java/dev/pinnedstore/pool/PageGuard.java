package dev.pinnedstore.pool;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A pinned page: it stays in its frame until this is closed. Shared, it may be read; exclusive,
 * also written, and nobody else has it.
 *
 * <p><b>Threads.</b> Any thread may use and close it, one at a time. <b>Closing</b> unpins; again
 * it does nothing, but {@link IllegalStateException} if two threads close it at the same time and
 * nobody else has the page. A segment that is kept beyond that shows whatever the frame holds next:
 * close the guard after the last use. <b>Cost.</b> No system call; the guard need not be allocated
 * where it does not leave the code that took it.
 */
public final class PageGuard implements AutoCloseable {
  private static final long MAX_LSN = Long.MAX_VALUE - 1;

  private final BufferPool pool;
  private final long[] words;
  private final long id;
  private final int frame;
  private final boolean exclusive;
  private final GuardLog.@Nullable Place place;
  private boolean open = true;

  PageGuard(
      BufferPool pool,
      long[] words,
      long id,
      int frame,
      boolean exclusive,
      GuardLog.@Nullable Place place) {
    this.pool = pool;
    this.words = words;
    this.id = id;
    this.frame = frame;
    this.exclusive = exclusive;
    this.place = place;
  }

  /**
   * Returns the page.
   *
   * @return its id
   */
  public long pageId() {
    return id;
  }

  /**
   * Says whether the page is pinned exclusively.
   *
   * @return false if it is shared
   */
  public boolean isExclusive() {
    return exclusive;
  }

  /**
   * Returns the data of the page in place: all of its bytes but the trailer of 16, or all without
   * checksums.
   *
   * @return a segment, read-only unless the page is pinned exclusively
   * @throws IllegalStateException if the guard is closed
   */
  public MemorySegment segment() {
    checkOpen();
    return pool.frames.data(frame, exclusive);
  }

  /**
   * Says that the page was changed, by the change that the log has under an LSN. Without it a
   * change is lost when the page leaves its frame. To be called before the guard is closed, in any
   * order with the change itself.
   *
   * @param lsn 0 or more; one smaller than the page's leaves the page's as it is. Without a log any
   *     number, 0 for one
   * @throws IllegalArgumentException if it is negative, or the largest long there is
   * @throws IllegalStateException if the guard is closed, or is not exclusive
   * @throws BufferPoolClosedException if the pool is closed: the change is not written
   */
  public void markDirty(long lsn) {
    checkOpen();
    if (!exclusive) {
      throw new IllegalStateException(
          "page " + id + " is pinned shared: only pinExclusive and newPage give it to be changed");
    }
    if (lsn < 0 || lsn > MAX_LSN) {
      throw new IllegalArgumentException("lsn=" + lsn + ": must be between 0 and " + MAX_LSN);
    }
    pool.markDirty(id, frame, lsn);
  }

  /**
   * Returns the LSN of the last change of the page.
   *
   * @return what {@link #markDirty} said, also before the pool was last opened if there are
   *     checksums; 0 if it never was changed
   * @throws IllegalStateException if the guard is closed
   */
  public long pageLsn() {
    checkOpen();
    return pool.frames.lsn(frame);
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      pool.unpin(words, id, exclusive, place);
    }
  }

  private void checkOpen() {
    if (!open) {
      throw new IllegalStateException("the guard of page " + id + " is closed");
    }
  }
}
