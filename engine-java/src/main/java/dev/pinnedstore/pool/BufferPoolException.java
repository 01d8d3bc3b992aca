package dev.pinnedstore.pool;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** What a pool cannot do; the pool stays as it was, and no change is lost. */
public abstract sealed class BufferPoolException extends RuntimeException
    permits PoolExhaustedException,
        LatchTimeoutException,
        CorruptPageException,
        PageIoException,
        PoolLockedException,
        LogNotDurableException {
  @Serial private static final long serialVersionUID = 1L;

  BufferPoolException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
