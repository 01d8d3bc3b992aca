package dev.pinnedstore.buffer;

import dev.pinnedstore.os.AsyncOperation;
import dev.pinnedstore.os.FileControl;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A transfer with the future of its caller; holds its buffers, its file open, and if it is a write
 * its place among the {@link Changes}, until it ends.
 */
final class AsyncTransfer implements AsyncOperation {
  final CompletableFuture<Long> future = new CompletableFuture<>();

  private final Transfer transfer;
  private final FileControl control;
  private final Gate gate;
  private final Changes changes;
  private final Explainer explainer;

  /** Adds to a failure where it happened. */
  @FunctionalInterface
  interface Explainer {
    Throwable explain(Transfer transfer, Throwable failure);
  }

  AsyncTransfer(
      Transfer transfer, FileControl control, Gate gate, Changes changes, Explainer explainer) {
    this.transfer = transfer;
    this.control = control;
    this.gate = gate;
    this.changes = changes;
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
  public MemorySegment[] rest(int most) {
    return transfer.rest(most);
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
      leave();
      // Last: what hangs on it may close the buffer and the file.
      if (failure == null) {
        future.complete(transfer.result());
      } else {
        future.completeExceptionally(explainer.explain(transfer, failure));
      }
    }
  }

  @Override
  public void abandon(Throwable failure) {
    // Should the system write it still: whoever is told of a failure can expect any bytes there.
    leave();
    future.completeExceptionally(explainer.explain(transfer, failure));
  }

  private void leave() {
    if (!transfer.isRead()) {
      changes.leave();
    }
    gate.leave();
  }
}
