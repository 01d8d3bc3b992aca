package dev.pinnedstore.buffer;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * One Arena for shared buffers that were made one after another; {@link SharedGroups}, whose lock
 * guards all of it. Has room for what it will be told, so that closing a buffer takes no memory of
 * the heap.
 */
final class SharedGroup {
  final Arena arena = Arena.ofShared();

  /** Bytes of all members at most. */
  final long maxBytes;

  /** Address and bytes of each member that is closed and held by no operation. */
  private final long[] retired;

  private int retiredCount;

  /** Buffers in {@link #arena}, and their bytes. */
  int members;

  long memberBytes;

  /** Whether more buffers may join. */
  boolean open = true;

  /** The next one in the queue of those that are complete. */
  @Nullable SharedGroup next;

  SharedGroup(long maxBytes, int maxMembers) {
    this.maxBytes = maxBytes;
    this.retired = new long[2 * maxMembers];
  }

  boolean isComplete() {
    return !open && members == retiredCount;
  }

  void retire(long address, long bytes) {
    retired[2 * retiredCount] = address;
    retired[2 * retiredCount + 1] = bytes;
    retiredCount++;
  }

  boolean hasRetired() {
    return retiredCount > 0;
  }

  long lastAddress() {
    return retired[2 * retiredCount - 2];
  }

  long lastBytes() {
    return retired[2 * retiredCount - 1];
  }

  void dropLast() {
    retiredCount--;
  }
}
