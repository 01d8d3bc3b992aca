package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * The two queues of a ring, for one thread. A submission is written first and its index published
 * after, by a release store of the tail; a completion is read after an acquire load of its tail,
 * and its place given back by a release store of the head.
 */
final class UringQueues {
  private final UringMemory memory;
  private final MemorySegment rings;
  private final int sqMask;
  private final int cqMask;

  /** Ours alone: the kernel reads what was published. */
  private int tail;

  /** Written, and not taken by the kernel yet. */
  private int pending;

  private int head;

  UringQueues(UringMemory memory) {
    this.memory = memory;
    this.rings = memory.rings();
    this.sqMask = memory.sqEntries() - 1;
    this.cqMask = memory.cqEntries() - 1;
    for (int i = 0; i < memory.sqEntries(); i++) {
      rings.set(JAVA_INT, memory.sqArray() + 4L * i, i);
    }
    this.tail = UringLayout.acquire(rings, memory.sqTail());
    this.head = UringLayout.acquire(rings, memory.cqHead());
  }

  /** Writes and publishes a submission; false while the queue is full. */
  boolean submit(
      byte opcode, int descriptor, long position, long address, int length, long userData) {
    if (tail - UringLayout.acquire(rings, memory.sqHead()) == memory.sqEntries()) {
      return false;
    }
    UringLayout.submission(
        memory.submissions(),
        (tail & sqMask) * UringLayout.SUBMISSION_BYTES,
        opcode,
        descriptor,
        position,
        address,
        length,
        userData);
    tail++;
    pending++;
    UringLayout.release(rings, memory.sqTail(), tail);
    return true;
  }

  /** How many submissions the kernel has not taken. */
  int pending() {
    return pending;
  }

  void taken(int count) {
    pending -= count;
  }

  /** Whether a completion is there; {@link #userData()} and {@link #result()} are of it. */
  boolean hasNext() {
    return head != UringLayout.acquire(rings, memory.cqTail());
  }

  long userData() {
    return UringLayout.completedData(rings, place());
  }

  int result() {
    return UringLayout.result(rings, place());
  }

  /** Gives the place of a completion back. */
  void next() {
    head++;
    UringLayout.release(rings, memory.cqHead(), head);
  }

  private long place() {
    return memory.cqes() + (head & cqMask) * UringLayout.COMPLETION_BYTES;
  }
}
