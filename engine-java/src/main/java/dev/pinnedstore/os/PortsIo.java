package dev.pinnedstore.os;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.CompletionHandler;
import org.jspecify.annotations.Nullable;

/**
 * Carries operations out through an {@link AsynchronousFileChannel}, which stands on completion
 * ports on Windows. There it is untested; elsewhere the channel has threads, and its protocol is
 * what tests see. The channel keeps memory from being freed while it uses it.
 */
public final class PortsIo extends BoundedIo {
  private final AsynchronousFileChannel channel;
  private final Handler handler = new Handler();

  /**
   * Takes a channel over; closing this closes it.
   *
   * @param channel an open channel
   */
  public PortsIo(AsynchronousFileChannel channel) {
    super(new Endings());
    this.channel = channel;
  }

  @Override
  void begin(AsyncOperation operation) {
    MemorySegment part = operation.rest(1)[0];
    ByteBuffer bytes =
        part.asSlice(0, Math.min(part.byteSize(), ChannelFileIo.MAX_CALL_BYTES)).asByteBuffer();
    if (operation.isRead()) {
      channel.read(bytes, operation.position(), operation, handler);
    } else {
      channel.write(bytes, operation.position(), operation, handler);
    }
  }

  private void end(AsyncOperation operation, @Nullable Throwable failure) {
    try {
      ended();
    } finally {
      endings.end(operation, failure);
    }
  }

  @Override
  void cancel() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes what the channel says of an operation. */
  private final class Handler implements CompletionHandler<Integer, AsyncOperation> {
    @Override
    public void completed(Integer result, AsyncOperation operation) {
      try {
        if (!operation.advance(result)) {
          begin(operation);
          return;
        }
      } catch (IOException | RuntimeException | Error e) {
        end(operation, e);
        return;
      }
      end(operation, null);
    }

    @Override
    public void failed(Throwable failure, AsyncOperation operation) {
      end(operation, failure);
    }
  }
}
