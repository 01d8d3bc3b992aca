package dev.pinnedstore.buffer;

import dev.pinnedstore.os.BufferMemory;
import org.jspecify.annotations.Nullable;

/**
 * Decides which shared buffers have an Arena in common, closes it when all of them are closed, and
 * only then gives their memory back.
 *
 * <p>Closing a shared Arena is a handshake with every thread of the process, so one Arena serves
 * {@link #MAX_GROUP_BYTES} of small buffers; the thread that closes the last of them pays. Until
 * then the memory of a closed buffer belongs to nobody: a segment of it that somebody kept shows
 * its old bytes.
 *
 * <p><b>Bound.</b> A buffer that lives keeps at most the rest of its own group waiting. Groups made
 * while {@link #WAITING_BYTES} wait are of {@link #SMALL_GROUP_BYTES}: handshakes then come more
 * often, and a few buffers that live for long hold little more back. A buffer larger than half a
 * group has an Arena of its own.
 *
 * <p>The lock is held for a few field accesses; no Arena is closed and nothing is mapped under it.
 */
final class SharedGroups {
  static final long MAX_GROUP_BYTES = 1L << 20;
  static final long SMALL_GROUP_BYTES = 64L << 10;
  static final long WAITING_BYTES = 16L << 20;

  private final BufferMemory memory;

  /**
   * Groups that are complete: to be closed, or to be closed once more, since some thread held their
   * Arena. A queue, in which each tries once before any tries again.
   */
  private volatile @Nullable SharedGroup firstComplete;

  private @Nullable SharedGroup lastComplete;
  private int completeCount;

  private @Nullable SharedGroup current;
  private long waitingBytes;

  SharedGroups(BufferMemory memory) {
    this.memory = memory;
  }

  /** Adds a member to the group that is open, or opens one. */
  SharedGroup join(long bytes) {
    closeComplete();
    synchronized (this) {
      long limit = waitingBytes < WAITING_BYTES ? MAX_GROUP_BYTES : SMALL_GROUP_BYTES;
      boolean alone = bytes > limit / 2 || !memory.outlivesArena();
      SharedGroup group = alone ? new SharedGroup(bytes, 1) : open(bytes, limit);
      group.members++;
      group.memberBytes += bytes;
      if (alone) {
        group.open = false;
      } else if (group.memberBytes == group.maxBytes) {
        seal(group);
      }
      return group;
    }
  }

  /** Returns the group that is open, or a new one when it has no room left. */
  private SharedGroup open(long bytes, long limit) {
    SharedGroup last = current;
    if (last != null && bytes <= last.maxBytes - last.memberBytes) {
      return last;
    }
    SharedGroup group = new SharedGroup(limit, (int) (limit / AlignedBuffer.ALIGNMENT));
    if (last != null) {
      seal(last);
    }
    current = group;
    return group;
  }

  private void seal(SharedGroup group) {
    group.open = false;
    current = null;
    if (group.isComplete()) {
      add(group);
    }
  }

  /** Takes back a {@link #join} of a buffer that got no memory. */
  void leave(SharedGroup group, long bytes) {
    synchronized (this) {
      group.members--;
      group.memberBytes -= bytes;
      if (group.isComplete()) {
        add(group);
      }
    }
    closeComplete();
  }

  /** Hands over the memory of a buffer that is closed and that no operation holds. */
  void retire(SharedGroup group, long address, long bytes) {
    synchronized (this) {
      group.retire(address, bytes);
      waitingBytes += bytes;
      if (group.isComplete()) {
        add(group);
      }
    }
    closeComplete();
  }

  /** Bytes of closed buffers whose memory is not free yet. */
  synchronized long waitingBytes() {
    return waitingBytes;
  }

  /** Closes what is complete. A group that cannot be closed now waits for the next call. */
  private void closeComplete() {
    if (firstComplete == null) {
      return;
    }
    int tries;
    synchronized (this) {
      tries = completeCount;
    }
    for (; tries > 0; tries--) {
      SharedGroup group = poll();
      if (group == null) {
        return;
      }
      boolean done = false;
      try {
        done = close(group);
      } finally {
        if (!done) {
          synchronized (this) {
            add(group);
          }
        }
      }
    }
  }

  /** Called by one thread for a group that nobody else can find; false while its Arena is held. */
  private boolean close(SharedGroup group) {
    try {
      if (group.arena.scope().isAlive()) {
        group.arena.close();
      }
    } catch (IllegalStateException e) {
      // Some thread is inside a system call with a segment of it.
      return false;
    }
    long freed = 0;
    try {
      while (group.hasRetired()) {
        long address = group.lastAddress();
        long bytes = group.lastBytes();
        // First: given back twice would be two users of one memory, and lost is only lost.
        group.dropLast();
        freed += bytes;
        memory.release(address, bytes);
      }
    } finally {
      synchronized (this) {
        waitingBytes -= freed;
      }
    }
    return true;
  }

  private void add(SharedGroup group) {
    SharedGroup last = lastComplete;
    if (last == null) {
      firstComplete = group;
    } else {
      last.next = group;
    }
    lastComplete = group;
    completeCount++;
  }

  private synchronized @Nullable SharedGroup poll() {
    SharedGroup first = firstComplete;
    if (first != null) {
      firstComplete = first.next;
      first.next = null;
      completeCount--;
      if (firstComplete == null) {
        lastComplete = null;
      }
    }
    return first;
  }
}
