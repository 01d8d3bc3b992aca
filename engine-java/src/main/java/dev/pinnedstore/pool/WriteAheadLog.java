package dev.pinnedstore.pool;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The log that describes changes of pages, as far as the pool needs it: no page reaches storage
 * before {@link #flushedLsn()} has reached its LSN. Called from any thread, while pages on their
 * way in or out wait for it: it must not call the pool, nor wait for a thread that may wait for a
 * page, as one does that pins a page while it holds a lock of the log.
 */
@FunctionalInterface
public interface WriteAheadLog {
  /**
   * Returns how far the log is durable.
   *
   * @return the largest LSN of which all up to it are durable; never falls
   */
  long flushedLsn();

  /**
   * Makes the log durable up to an LSN, if it can. Does nothing unless overridden; then pages wait
   * until somebody else has made the log durable.
   *
   * @param lsn what {@link #flushedLsn()} should reach
   * @throws IOException if it cannot; the page is not written then
   */
  default void flush(long lsn) throws IOException {}

  /**
   * Restores a page whose bytes on storage are damaged from an image in the log.
   *
   * @param pageId the page
   * @param page where its data go, zeros before
   * @return the LSN of the image; negative if there is none
   * @throws IOException if the log cannot be read
   */
  default long restore(long pageId, MemorySegment page) throws IOException {
    return -1;
  }
}
