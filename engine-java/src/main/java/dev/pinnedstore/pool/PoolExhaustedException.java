package dev.pinnedstore.pool;

import java.io.Serial;

/**
 * No frame became free: pages in all frames were pinned when {@link BufferPoolConfig#pinTimeout()}
 * had passed, or pages were on their way from or to storage for {@link
 * BufferPoolConfig#latchTimeout()}. Works again when a guard is closed.
 */
public final class PoolExhaustedException extends BufferPoolException {
  @Serial private static final long serialVersionUID = 1L;

  /** Frames of the pool. */
  private final int frames;

  PoolExhaustedException(int frames, int pinned, long waitedMillis, String guards) {
    super(
        "no free frame: frames="
            + frames
            + ", pinned="
            + pinned
            + ", waited "
            + waitedMillis
            + " ms; close guards, or give the pool more frames"
            + guards,
        null);
    this.frames = frames;
  }

  /**
   * Returns how many frames the pool has.
   *
   * @return frames
   */
  public int frames() {
    return frames;
  }
}
