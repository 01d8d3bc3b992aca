package dev.pinnedstore.os;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Reads and writes of an open file at positions, one attempt each. Safe for threads; each segment
 * must be native and accessible by the calling thread, and cannot be closed meanwhile.
 */
public interface FileIo {
  /** The result at the end of the file. */
  long END = -1;

  /** The result when a signal came before any byte was moved. */
  long INTERRUPTED = -4;

  /**
   * Says how many parts a call looks at.
   *
   * @return 1 or more
   */
  int maxParts();

  /**
   * Reads into the parts, one after another.
   *
   * @param parts at least one; if more, the caller answers for it that none of them is closed
   * @param position where to begin, 0 or more
   * @return the bytes read, perhaps fewer than there is room for; 0 if the system says to try
   *     again; {@link #END} or {@link #INTERRUPTED}
   * @throws IOException if the system refuses
   */
  long read(MemorySegment[] parts, long position) throws IOException;

  /**
   * Writes the parts, one after another.
   *
   * @param parts at least one; if more, the caller answers for it that none of them is closed
   * @param position where to begin, 0 or more
   * @return the bytes written, perhaps fewer than there are; 0 if the system says to try again; or
   *     {@link #INTERRUPTED}
   * @throws IOException if the system refuses
   */
  long write(MemorySegment[] parts, long position) throws IOException;
}
