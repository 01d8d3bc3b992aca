package dev.pinnedstore.os;

/** The other side of a ring: Linux, or what a test makes of it. */
interface UringKernel {
  /** The memory of the ring, which lives until {@link #close()}. */
  UringMemory memory();

  /**
   * Hands submissions over and waits for completions, on the ring's thread.
   *
   * @return how many submissions were taken, or the negated error
   */
  int enter(int submit, int wait);

  /** Opens a counter whose reads wait until {@link #wake} adds to it. */
  int wakeDescriptor();

  /** Adds to the counter; on one thread at a time, and takes no memory of the heap. */
  void wake();

  /** Gives everything back; nothing may be under way. */
  void close();
}
