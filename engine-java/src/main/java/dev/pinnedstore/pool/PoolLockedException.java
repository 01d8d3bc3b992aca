package dev.pinnedstore.pool;

import java.io.Serial;

/** Another pool has the file, in this process or another: it would not see what this one writes. */
public final class PoolLockedException extends BufferPoolException {
  @Serial private static final long serialVersionUID = 1L;

  PoolLockedException(String message) {
    super(message, null);
  }
}
