package dev.pinnedstore.os;

import java.io.Closeable;
import java.io.IOException;

/**
 * What is done with an open file as a whole. Safe for threads; no interrupt of a caller ends any of
 * it half way.
 */
public interface FileControl extends Closeable {
  /**
   * Returns the size of the file.
   *
   * @return bytes
   * @throws IOException if the system refuses
   */
  long size() throws IOException;

  /**
   * Makes the file shorter; one that is not longer stays as it is.
   *
   * @param bytes its new size
   * @throws IOException if the system refuses
   */
  void truncate(long bytes) throws IOException;

  /**
   * Makes what was written durable.
   *
   * @param metadata whether times and the like, too
   * @throws IOException if the system refuses, and then what was written may be lost
   */
  void force(boolean metadata) throws IOException;

  /**
   * Takes room for the first bytes of the file by a call of the system, and makes it that long at
   * least. May run beside anything.
   *
   * @param bytes how many
   * @return false where there is no such call; nothing has happened then
   * @throws IOException if the system refuses; the file may be longer then than before
   */
  boolean allocate(long bytes) throws IOException;

  /**
   * Makes the file that long at least by writing zeros behind its end. Nobody else may write or
   * truncate meanwhile: zeros would come over it, or it would be cut off.
   *
   * @param bytes how many
   * @throws IOException if the system refuses; the file is as long as before then
   */
  void extend(long bytes) throws IOException;
}
