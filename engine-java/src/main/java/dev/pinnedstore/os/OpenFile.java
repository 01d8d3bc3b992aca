package dev.pinnedstore.os;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A file that {@link FileOpener} opened, in all the ways that it is used. Whoever opened it closes
 * it, when no operation is under way.
 *
 * @param blocking for platform threads
 * @param virtual for virtual threads: does not keep others from their carrier
 * @param ports carries operations out where the system has an own way to; null elsewhere
 * @param control the file as a whole
 * @param alignment what addresses, lengths and positions must be multiples of, in bytes; 1 for
 *     buffered I/O
 * @param bufferedReason why I/O goes through the system's page cache; empty if it does not
 * @param descriptor the number of the open file for native calls, or -1
 * @param closer closes all of them
 */
public record OpenFile(
    FileIo blocking,
    FileIo virtual,
    @Nullable AsyncIo ports,
    FileControl control,
    int alignment,
    String bufferedReason,
    int descriptor,
    Closeable closer)
    implements Closeable {

  @Override
  public void close() throws IOException {
    closer.close();
  }
}
