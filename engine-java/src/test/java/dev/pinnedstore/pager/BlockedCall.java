package dev.pinnedstore.pager;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A thread in a native call with a segment, which stays there until this is closed. */
final class BlockedCall implements AutoCloseable {
  private final Pipe pipe;
  private final FutureTask<Integer> read;

  BlockedCall(MemorySegment segment) throws IOException {
    pipe = Pipe.open();
    read = new FutureTask<>(() -> pipe.source().read(segment.asByteBuffer()));
    Thread reader = Thread.ofPlatform().daemon().start(read);
    while (!Arrays.toString(reader.getStackTrace()).contains("read0")) {
      Thread.onSpinWait();
    }
  }

  @Override
  public void close() throws IOException {
    pipe.sink().write(ByteBuffer.wrap(new byte[1]));
    try {
      read.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException(e);
    }
    pipe.sink().close();
    pipe.source().close();
  }
}
