package dev.pinnedstore.os;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * Control through a channel of its own, buffered, used on {@link IoThreads} only, so that nothing
 * closes it before its time. The kernel reports a failed write-back once to each open file: this
 * one was open before the first write, and hears of every one.
 */
final class ChannelControl implements FileControl {
  private static final int ZEROS = 1 << 20;

  private final FileChannel channel;

  /** Knows a call that takes room; null where none is. */
  private final @Nullable LinuxFile file;

  ChannelControl(FileChannel channel, @Nullable LinuxFile file) {
    this.channel = channel;
    this.file = file;
  }

  @Override
  public long size() throws IOException {
    return IoThreads.call(channel::size);
  }

  @Override
  public void truncate(long bytes) throws IOException {
    IoThreads.call(() -> channel.truncate(bytes));
  }

  @Override
  public void force(boolean metadata) throws IOException {
    IoThreads.call(
        () -> {
          channel.force(metadata);
          return true;
        });
  }

  @Override
  public boolean allocate(long bytes) throws IOException {
    return file != null && IoThreads.call(() -> file.allocate(bytes));
  }

  @Override
  public void extend(long bytes) throws IOException {
    IoThreads.call(
        () -> {
          writeZeros(channel.size(), bytes);
          return true;
        });
  }

  private void writeZeros(long from, long to) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(Math.clamp(to - from, 0, ZEROS));
    try {
      for (long at = from; at < to; ) {
        zeros.clear().limit((int) Math.min(zeros.capacity(), to - at));
        at += channel.write(zeros, at);
      }
    } catch (IOException | RuntimeException | Error e) {
      try {
        channel.truncate(from);
      } catch (IOException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
