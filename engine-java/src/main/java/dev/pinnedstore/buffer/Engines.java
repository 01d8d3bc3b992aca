package dev.pinnedstore.buffer;

import dev.pinnedstore.os.AsyncIo;
import dev.pinnedstore.os.OpenFile;
import dev.pinnedstore.os.RingIo;
import dev.pinnedstore.os.ThreadsIo;
import dev.pinnedstore.os.UringException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What carries the asynchronous operations of one file out. The ring is made when it is first asked
 * for; where there can be none, when it has failed, and for memory that it could not keep, there
 * are virtual threads, or on Windows completion ports.
 */
final class Engines {
  private final AsyncIo threads;
  private final @Nullable RingMaker maker;

  private @Nullable AsyncIo ring;
  private @Nullable String ringReason;
  private boolean closed;

  /** Makes a ring, or says why not. */
  @FunctionalInterface
  interface RingMaker {
    AsyncIo make() throws UringException;
  }

  Engines(AsyncIo threads, @Nullable RingMaker maker) {
    this.threads = threads;
    this.maker = maker;
  }

  /** Uses the best there is, or virtual threads alone. */
  static Engines of(Path path, OpenFile file, boolean best) {
    AsyncIo ports = best ? file.ports() : null;
    return new Engines(
        ports == null ? new ThreadsIo(file.virtual()) : ports,
        best ? () -> RingIo.open(path, file.descriptor()) : null);
  }

  void start(AsyncTransfer operation) {
    AsyncIo best = operation.isKept() ? ring() : null;
    (best == null ? threads : best).start(operation);
  }

  /** Says why there is no ring; empty if there is one. */
  String ringReason() {
    return ring() == null ? String.valueOf(ringReason) : "";
  }

  private synchronized @Nullable AsyncIo ring() {
    if (ring == null && ringReason == null) {
      if (maker == null) {
        ringReason = "virtual threads were asked for";
      } else if (closed) {
        ringReason = "the file was closed before one was made";
      } else {
        try {
          ring = maker.make();
        } catch (UringException e) {
          ringReason = e.reason();
        }
      }
    }
    Throwable failure = ring == null ? null : ring.failure();
    if (failure != null) {
      ringReason = "it failed: " + failure.getMessage();
      return null;
    }
    return ring;
  }

  /** Ends what has not begun, and waits for the rest. */
  void close() {
    AsyncIo opened;
    synchronized (this) {
      closed = true;
      opened = ring;
    }
    try {
      threads.close();
    } finally {
      if (opened != null) {
        opened.close();
      }
    }
  }
}
