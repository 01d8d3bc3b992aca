package dev.pinnedstore.buffer;

import dev.pinnedstore.buffer.SharedGroup.Block;
import dev.pinnedstore.os.BufferMemory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Decides which shared buffers have an Arena in common, closes it when all of them are closed, and
 * only then gives their memory back.
 *
 * <p>Closing a shared Arena is a handshake with every thread of the process, so one Arena serves
 * {@link #MAX_MEMBERS} small buffers; the thread that closes the last of them pays. Until then the
 * memory of a closed buffer belongs to nobody: a segment of it that somebody kept shows its old
 * bytes.
 *
 * <p>A buffer of {@link #ALONE_BYTES} or more has an Arena of its own, and so has each buffer while
 * more than {@link #WAITING_BYTES} of closed ones wait for the rest of their groups.
 *
 * <p>The lock is held for a few field accesses; no Arena is closed and nothing is mapped under it.
 */
final class SharedGroups {
  static final int MAX_MEMBERS = 512;
  static final long MAX_GROUP_BYTES = 4L << 20;
  static final long ALONE_BYTES = 1L << 20;
  static final long WAITING_BYTES = 16L << 20;

  private final BufferMemory memory;

  /** Groups that are complete and whose Arena some thread held when it was to be closed. */
  private final Queue<SharedGroup> held = new ArrayDeque<>();

  private @Nullable SharedGroup current;
  private long waitingBytes;

  SharedGroups(BufferMemory memory) {
    this.memory = memory;
  }

  /** Adds a member to the group that is open, or opens one. */
  synchronized SharedGroup join(long bytes) {
    boolean alone =
        bytes >= ALONE_BYTES || waitingBytes >= WAITING_BYTES || !memory.outlivesArena();
    SharedGroup group = alone || current == null ? new SharedGroup() : current;
    group.members++;
    group.memberBytes += bytes;
    if (alone) {
      group.open = false;
    } else {
      boolean full = group.members == MAX_MEMBERS || group.memberBytes >= MAX_GROUP_BYTES;
      group.open = !full;
      current = full ? null : group;
    }
    return group;
  }

  /** Takes back a {@link #join} of a buffer that got no memory. */
  void leave(SharedGroup group, long bytes) {
    boolean complete;
    synchronized (this) {
      group.members--;
      group.memberBytes -= bytes;
      complete = group.isComplete();
    }
    if (complete) {
      close(group);
    }
  }

  /** Hands over the memory of a buffer that is closed and that no operation holds. */
  void retire(SharedGroup group, long address, long bytes) {
    List<SharedGroup> closing = new ArrayList<>(1);
    synchronized (this) {
      group.retired.add(new Block(address, bytes));
      waitingBytes += bytes;
      if (group.isComplete()) {
        closing.add(group);
      }
      while (!held.isEmpty()) {
        closing.add(held.remove());
      }
    }
    closing.forEach(this::close);
  }

  /** Bytes of closed buffers whose memory is not free yet. */
  synchronized long waitingBytes() {
    return waitingBytes;
  }

  /** Called by one thread for a group that nobody else can find. */
  private void close(SharedGroup group) {
    try {
      group.arena.close();
    } catch (IllegalStateException e) {
      // Some thread is inside a system call with a segment of it; the next retirement tries again.
      synchronized (this) {
        held.add(group);
      }
      return;
    }
    long bytes = 0;
    for (Block block : group.retired) {
      memory.release(block.address(), block.bytes());
      bytes += block.bytes();
    }
    synchronized (this) {
      waitingBytes -= bytes;
    }
  }
}
