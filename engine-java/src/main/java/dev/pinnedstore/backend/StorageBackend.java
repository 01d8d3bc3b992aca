package dev.pinnedstore.backend;

import dev.pinnedstore.os.MappingFailedException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Where bytes live: pages of memory, their blobs, and what a lifecycle does with them.
 *
 * <p>Safe for any number of threads. The data path answers with {@link Codes} and primitives: a
 * place is zero or more and names a page and an offset, a negative value is a refusal. A blob is
 * named by the fields of its handle, which may be anything: every combination is answered, none
 * reaches bytes of another blob.
 *
 * <p>A call on a page whose memory goes at that moment throws {@link IllegalStateException}, as any
 * call may once {@link #close} has begun; {@link #check} then says what the handle is.
 */
public interface StorageBackend {
  /** The largest blob that any backend takes, in bytes. */
  long MAX_BLOB_BYTES = 0xFFFF_FFFFL;

  /**
   * Returns the largest blob that fits within the limits.
   *
   * @return bytes
   */
  long maxBlobBytes();

  // ---- the data path

  /**
   * Reserves space that stays the caller's until it is published or cancelled, which the same
   * thread does, unless it has opened a window: then any thread may.
   *
   * @param size bytes, 1 to {@link #MAX_BLOB_BYTES}
   * @param millis the time, epoch milliseconds
   * @return a place, or a refusal
   */
  long reserve(long size, long millis);

  /**
   * Opens reserved space for writing; it holds zeros.
   *
   * @param place what {@link #reserve} answered
   * @param size the size that was reserved
   * @param arena how long the window lives; to be closed before the space is published
   * @return a writable segment of that size
   */
  MemorySegment window(long place, long size, Arena arena);

  /**
   * Copies bytes of a segment into reserved space and makes it a blob; if that fails, padding.
   *
   * @param place what {@link #reserve} answered
   * @param source where the bytes are
   * @param offset where they begin in the source
   * @param size the size that was reserved
   * @param millis the time, epoch milliseconds
   */
  void publish(long place, MemorySegment source, long offset, long size, long millis);

  /**
   * Copies bytes of an array into reserved space and makes it a blob; if that fails, padding.
   *
   * @param place what {@link #reserve} answered
   * @param source where the bytes are
   * @param offset where they begin in the source
   * @param size the size that was reserved
   * @param millis the time, epoch milliseconds
   */
  void publish(long place, byte[] source, int offset, int size, long millis);

  /**
   * Makes reserved space, written through a window, a blob.
   *
   * @param place what {@link #reserve} answered
   * @param size the size that was reserved
   * @param millis the time, epoch milliseconds
   */
  void publish(long place, long size, long millis);

  /**
   * Makes reserved space padding.
   *
   * @param place what {@link #reserve} answered
   * @param size the size that was reserved
   */
  void cancel(long place, long size);

  /**
   * Returns the generation of a page, to be read while the caller holds space in it.
   *
   * @param pageId a page that was issued
   * @return the generation
   */
  int generation(int pageId);

  /**
   * Views the page of a live blob, read-only; the blob begins at the handle's offset.
   *
   * @param pageId the handle's page
   * @param offset the handle's offset, unsigned
   * @param size the handle's size, unsigned
   * @param generation the handle's generation
   * @param millis the handle's time
   * @return the page's segment; null when {@link #check} has something else to say than live, and
   *     when nobody has viewed the page yet: call {@link #openView} then
   * @throws IndexOutOfBoundsException perhaps, instead of null, for an offset that is in no page
   */
  @Nullable MemorySegment view(int pageId, int offset, int size, int generation, long millis);

  /**
   * Makes the view of a page that nobody has viewed yet, if it holds blobs.
   *
   * @param pageId the page of a live blob
   * @param offset the blob's offset, unsigned
   * @param size the blob's size, unsigned
   * @throws dev.pinnedstore.os.AliasFailedException when the operating system refuses it
   */
  void openView(int pageId, int offset, int size);

  /**
   * Copies a live blob.
   *
   * @param pageId the handle's page
   * @param offset the handle's offset, unsigned
   * @param size the handle's size, unsigned, at most what an array holds
   * @param generation the handle's generation
   * @param millis the handle's time
   * @return the bytes, or null when {@link #check} has something else to say than live
   */
  byte @Nullable [] resolve(int pageId, int offset, int size, int generation, long millis);

  /**
   * Says what a handle is.
   *
   * @param pageId the handle's page
   * @param offset the handle's offset, unsigned
   * @param size the handle's size, unsigned
   * @param generation the handle's generation
   * @param millis the handle's time
   * @return one of the states of {@link Codes}
   */
  int check(int pageId, int offset, int size, int generation, long millis);

  /**
   * Acknowledges a blob.
   *
   * @param pageId the handle's page
   * @param offset the handle's offset, unsigned
   * @param size the handle's size, unsigned
   * @param generation the handle's generation
   * @param millis the handle's time
   * @return {@link Codes#LIVE} to the one caller who acknowledged it, otherwise another state
   */
  int acknowledge(int pageId, int offset, int size, int generation, long millis);

  /**
   * Says whether an append of that size may fit now; a hint.
   *
   * @param size bytes
   * @return false when it would be refused
   */
  boolean hasRoom(long size);

  /**
   * Prepares for a wait: pages that have no room for that size take no blobs any more, so that
   * their last acknowledgement makes room.
   *
   * @param size bytes
   */
  void sealFor(long size);

  /**
   * Returns the last refusal by the operating system.
   *
   * @return null when there was none
   */
  @Nullable MappingFailedException refusal();

  // ---- the lifecycle's side

  /**
   * Returns the size of a page that the lifecycle makes.
   *
   * @return bytes
   */
  long pageBytes();

  /**
   * Returns how full the fullest page is that takes blobs.
   *
   * @return 0.0 to 1.0
   */
  double fill();

  /**
   * Counts pages that writers began to fill.
   *
   * @return pages since the backend was made
   */
  long pagesBegun();

  /**
   * Counts emptied pages that became ready again.
   *
   * @return pages since the backend was made
   */
  long pagesReused();

  /**
   * Counts pages that a writer can take at once.
   *
   * @return pages
   */
  int readyPages();

  /**
   * Makes one more page ready: maps and touches it.
   *
   * @return false when a limit or the operating system refuses it
   */
  boolean makeReady();

  /**
   * Makes emptied pages ready again, and closes the Arenas of views that are past.
   *
   * @param atOnce whether to close what could still grow into a larger group
   * @return pages made ready again in the low half, Arenas closed in the high half
   */
  long recycle(boolean atOnce);

  /**
   * Seals pages that take blobs but have been still for a while: those whose blobs are all
   * acknowledged, and those of stripes that nobody writes to any more.
   *
   * @param stillSinceNanos seals what has not changed since that time or longer
   */
  void sealIdle(long stillSinceNanos);

  /**
   * Gives the memory of empty pages back to the operating system, all but one page.
   *
   * @param idleSinceNanos takes pages that have been empty since that time or longer
   * @param atMost stops after so many pages
   * @return pages given back
   */
  int giveBack(long idleSinceNanos, int atMost);

  /**
   * Acknowledges every blob of pages whose newest blob is older than the TTL.
   *
   * @return pages that expired
   */
  int expire();

  /**
   * Says whether cycles come by themselves and often, so that Arenas may be closed in groups.
   *
   * @param polled true while a lifecycle runs
   */
  void setPolled(boolean polled);

  /**
   * Takes the figures; walks all pages.
   *
   * @return figures that need not be of one instant
   */
  BackendStats stats();

  /**
   * Ends every view and gives all memory back. May be called again.
   *
   * @return false while some thread holds a view in a system call: call again
   */
  boolean close();
}
