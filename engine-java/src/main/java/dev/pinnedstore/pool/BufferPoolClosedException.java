package dev.pinnedstore.pool;

import java.io.Serial;

/** The pool is closed. */
public final class BufferPoolClosedException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1L;

  BufferPoolClosedException() {
    super("the buffer pool is closed");
  }
}
