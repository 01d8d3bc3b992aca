package dev.pinnedstore.buffer;

import dev.pinnedstore.os.AsyncOperation;
import dev.pinnedstore.os.FileControl;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A transfer with the future of its caller; holds its buffers, and its file open, until it ends.
 */
final class AsyncTransfer implements AsyncOperation {
  final CompletableFuture<Long> future = new CompletableFuture<>();

  private final Transfer transfer;
  private final FileControl control;
  private final Gate gate;
  private final Explainer explainer;

  /** Adds to a failure where it happened. */
  @FunctionalInterface
  interface Explainer {
    Throwable explain(Transfer transfer, Throwable failure);
  }

  AsyncTransfer(Transfer transfer, FileControl control, Gate gate, Explainer explainer) {
    this.transfer = transfer;
    this.control = control;
    this.gate = gate;
    this.explainer = explainer;
  }

  /** Whether its memory stays, whoever closes what, because this holds it. */
  boolean isKept() {
    return transfer.parts().isKept();
  }

  @Override
  public boolean isRead() {
    return transfer.isRead();
  }

  @Override
  public MemorySegment[] rest() {
    return transfer.rest();
  }

  @Override
  public long position() {
    return transfer.position();
  }

  @Override
  public boolean advance(long result) throws IOException {
    return transfer.advance(result, control);
  }

  @Override
  public void end(@Nullable Throwable failure) {
    try {
      transfer.parts().release();
    } finally {
      gate.leave();
    }
    // Last: what hangs on it may close the buffer and the file.
    if (failure == null) {
      future.complete(transfer.result());
    } else {
      future.completeExceptionally(explainer.explain(transfer, failure));
    }
  }

  @Override
  public void abandon(Throwable failure) {
    gate.leave();
    future.completeExceptionally(explainer.explain(transfer, failure));
  }
}
