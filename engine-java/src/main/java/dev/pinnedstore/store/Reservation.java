package dev.pinnedstore.store;

import java.lang.foreign.MemorySegment;

/**
 * Room for one blob, to be filled in place and then published. Nobody else sees the bytes before
 * {@link #publish()}. Closed by whoever reserved it: one that is closed unpublished leaves padding,
 * which costs its bytes until the page is reclaimed and nothing else.
 *
 * <p>Used by one thread at a time. It may be handed to another thread if the hand-over itself is
 * safe, as through a queue.
 *
 * <p>The segment dies with {@code publish} or {@code close}, which closes a shared {@code Arena}: a
 * handshake with all threads of the JVM, 20 to 100 µs. {@link PinnedStore#append(long,
 * java.util.function.Consumer)} does the same more cheaply where one thread fills the blob.
 */
public interface Reservation extends AutoCloseable {

  /**
   * Returns the room: writable, {@link #sizeBytes()} long, usable by any thread. What it holds
   * before it is written is not defined.
   *
   * @return the segment, always the same one; any access to it after {@link #publish()} or {@link
   *     #close()} throws {@code IllegalStateException}
   */
  MemorySegment segment();

  /**
   * Publishes the blob: from now on its handle resolves, and its bytes never change. Everything
   * that this thread wrote into the segment is visible to whoever gets the handle from it. Closes
   * this reservation.
   *
   * @return the handle of the blob
   * @throws IllegalStateException when already published or closed, or while a native call still
   *     uses the segment; in the latter case the reservation stays open
   * @throws StoreClosedException when the store is closed
   */
  BlobHandle publish();

  /**
   * Returns the size that was reserved.
   *
   * @return the size in bytes, at least 1
   */
  long sizeBytes();

  /**
   * Gives the room up unless it was published. Does nothing when already published or closed.
   *
   * @throws IllegalStateException while a native call still uses the segment; the reservation stays
   *     open then
   */
  @Override
  void close();
}
