package dev.pinnedstore.os;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A read or write that an {@link AsyncIo} carries out, attempt by attempt. Used by one thread at a
 * time. Its memory stays where it is until {@link #end}, whatever becomes of its arena.
 */
public interface AsyncOperation {
  /**
   * Tells the direction.
   *
   * @return whether bytes go from the file to memory
   */
  boolean isRead();

  /**
   * Returns the memory of what is to be done next.
   *
   * @param most parts to return at most
   * @return one part or more
   */
  MemorySegment[] rest(int most);

  /**
   * Returns where in the file that begins.
   *
   * @return the position in bytes
   */
  long position();

  /**
   * Takes what one attempt returned.
   *
   * @param result as of {@link FileIo}
   * @return whether that was the last one
   * @throws IOException if there can be no other
   */
  boolean advance(long result) throws IOException;

  /**
   * Ends it, once. May run code of users, and may block.
   *
   * @param failure why it failed; null if it did not
   */
  void end(@Nullable Throwable failure);

  /**
   * Gives it up, instead of {@link #end}, when nobody knows whether the system still uses its
   * memory, which is then never given back.
   *
   * @param failure why
   */
  void abandon(Throwable failure);
}
