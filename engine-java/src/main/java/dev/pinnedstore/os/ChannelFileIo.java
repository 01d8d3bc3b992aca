package dev.pinnedstore.os;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;

/**
 * Reads and writes through a {@link FileChannel}, on the calling thread. On a virtual thread the
 * JDK starts another carrier for the time of a direct one.
 *
 * <p>An interrupt closes the channel that its thread is using, under all others too. The file is
 * opened again then, and what was under way is done again: at its position it does the same. The
 * interrupt stays pending.
 */
final class ChannelFileIo implements FileIo {
  /** Bytes of one call at most: what a ByteBuffer holds, in whole blocks. */
  static final long MAX_CALL_BYTES = 1L << 30;

  private final Opener opener;
  private volatile FileChannel channel;
  private volatile boolean closed;

  /** Opens the file, the same one each time. */
  @FunctionalInterface
  interface Opener {
    FileChannel open() throws IOException;
  }

  ChannelFileIo(Opener opener) throws IOException {
    this.opener = opener;
    this.channel = opener.open();
  }

  @Override
  public int maxParts() {
    return 1;
  }

  @Override
  public long read(MemorySegment[] parts, long position) throws IOException {
    MemorySegment target = first(parts);
    return call(open -> open.read(target.asByteBuffer(), position));
  }

  @Override
  public long write(MemorySegment[] parts, long position) throws IOException {
    MemorySegment source = first(parts);
    return call(open -> open.write(source.asByteBuffer(), position));
  }

  /** The channel has no gathering form for positions; the rest is another call. */
  private static MemorySegment first(MemorySegment[] parts) {
    MemorySegment part = parts[0];
    return part.byteSize() <= MAX_CALL_BYTES ? part : part.asSlice(0, MAX_CALL_BYTES);
  }

  private long call(Call call) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        FileChannel open = channel;
        try {
          return call.on(open);
        } catch (ClosedChannelException e) {
          interrupted |= Thread.interrupted();
          openAgain(open, e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized void openAgain(FileChannel gone, ClosedChannelException e)
      throws IOException {
    if (closed) {
      throw e;
    }
    if (channel.equals(gone)) {
      channel = opener.open();
    }
  }

  synchronized void close() throws IOException {
    closed = true;
    channel.close();
  }

  /** One use of the channel. */
  @FunctionalInterface
  private interface Call {
    long on(FileChannel open) throws IOException;
  }
}
