package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * The kernel's side of a ring over a disk in memory: takes submissions in parts, completes them in
 * any order, short or not at all, and cancels. Checks what we owe to the kernel.
 */
@SuppressWarnings("restricted")
final class SimulatedKernel implements UringKernel {
  static final int DISK = 7;
  private static final int COUNTER = 9;
  private static final int EINVAL = 22;
  private static final int ENOENT = 2;
  private static final int ECANCELED = 125;

  /** What a submission asked for. */
  private record Request(byte opcode, long position, long address, int length, long userData) {}

  final byte[] disk;
  private final Random random;
  private final Arena arena = Arena.ofShared();
  private final UringMemory memory;
  private final List<Request> pending = new ArrayList<>();
  private final Set<Long> addresses = new HashSet<>();
  private int head;
  private int cqTail;
  private boolean woken;

  /** Whether operations complete; if not, only cancellations and wakes do. */
  boolean stuck;

  /** What the next calls of {@link #enter} answer, instead of doing anything. */
  final List<Integer> refusals = new ArrayList<>();

  /** Calls that waited for a completion, and submitted nothing of what there was. */
  int reliefs;

  /** Percent of results that are short, signals, or errors. */
  int shortPercent;

  int errorPercent;
  int mostPending;
  boolean closed;

  SimulatedKernel(int entries, int diskBytes, long seed) {
    this.disk = new byte[diskBytes];
    this.random = new Random(seed);
    MemorySegment rings = arena.allocate(64 + 4L * entries + 16L * 2 * entries, 64);
    MemorySegment submissions = arena.allocate(64L * entries, 64);
    // Close to the end of the numbers: the indexes must wrap.
    this.head = Integer.MAX_VALUE - 100;
    this.cqTail = Integer.MAX_VALUE - 50;
    rings.set(JAVA_INT, 0, head);
    rings.set(JAVA_INT, 4, head);
    rings.set(JAVA_INT, 8, cqTail);
    rings.set(JAVA_INT, 12, cqTail);
    this.memory =
        new UringMemory(
            rings, submissions, 0, 4, 64, entries, 8, 12, 64 + 4L * entries, 2 * entries);
  }

  @Override
  public UringMemory memory() {
    return memory;
  }

  @Override
  public synchronized int enter(int submit, int wait) {
    check(!closed, "entered after it was closed");
    if (!refusals.isEmpty()) {
      return refusals.removeFirst();
    }
    int tail = UringLayout.acquire(memory.rings(), memory.sqTail());
    boolean relief = submit == 0 && wait == 1 && tail != head;
    check(relief || tail - head == submit, "submit=" + submit + " of " + (tail - head));
    check(!relief || pendingData() > 0, "waits for what nobody does");
    reliefs += relief ? 1 : 0;
    int taking = submit > 1 && random.nextInt(4) == 0 ? 1 + random.nextInt(submit) : submit;
    for (int i = 0; i < taking; i++) {
      take();
    }
    UringLayout.release(memory.rings(), memory.sqHead(), head);
    mostPending = Math.max(mostPending, pending.size());
    completeSome();
    while (wait > 0 && taking == submit && mustWait()) {
      try {
        wait();
      } catch (InterruptedException e) {
        return -4;
      }
      completeSome();
    }
    return taking;
  }

  private void take() {
    int index = memory.rings().get(JAVA_INT, memory.sqArray() + 4L * (head & mask()));
    long at = index * UringLayout.SUBMISSION_BYTES;
    MemorySegment entries = memory.submissions();
    Request request =
        new Request(
            UringLayout.opcode(entries, at),
            UringLayout.position(entries, at),
            UringLayout.address(entries, at),
            UringLayout.length(entries, at),
            UringLayout.submittedData(entries, at));
    head++;
    if (request.opcode == UringLayout.OP_ASYNC_CANCEL) {
      cancel(request);
      return;
    }
    boolean wake = UringLayout.descriptor(entries, at) == COUNTER;
    check(wake || UringLayout.descriptor(entries, at) == DISK, "a descriptor of nobody");
    check(wake == (request.userData == -1), "a wake is not an operation");
    for (Request other : pending) {
      check(other.userData != request.userData, "user data twice: " + request.userData);
    }
    pending.add(request);
    addresses.add(first(request));
  }

  private int mask() {
    return memory.sqEntries() - 1;
  }

  private void cancel(Request cancellation) {
    for (Request request : pending) {
      if (request.userData == cancellation.address) {
        pending.remove(request);
        addresses.remove(first(request));
        // What is cancelled may have been done all the same.
        boolean done = request.userData >= 0 && random.nextInt(3) == 0;
        complete(request.userData, done ? transfer(request) : -ECANCELED);
        complete(cancellation.userData, 0);
        return;
      }
    }
    complete(cancellation.userData, -ENOENT);
  }

  /** No completion is there, and none comes by itself. */
  private boolean mustWait() {
    return cqTail == UringLayout.acquire(memory.rings(), memory.cqHead())
        && (stuck || pendingData() == 0);
  }

  private void completeSome() {
    if (woken) {
      for (Request request : pending) {
        if (request.userData == -1) {
          woken = false;
          pending.remove(request);
          complete(-1, 8);
          break;
        }
      }
    }
    List<Request> ready = new ArrayList<>(pending);
    ready.removeIf(request -> request.userData < 0 || stuck || random.nextInt(3) == 0);
    while (!ready.isEmpty()) {
      Request request = ready.remove(random.nextInt(ready.size()));
      pending.remove(request);
      int dice = random.nextInt(100);
      int result;
      if (dice < errorPercent) {
        result = -5;
      } else if (dice < errorPercent + shortPercent) {
        result = random.nextBoolean() ? -4 : -11;
      } else {
        result = transfer(request);
      }
      addresses.remove(first(request));
      complete(request.userData, result);
    }
  }

  private long pendingData() {
    return pending.stream().filter(request -> request.userData >= 0).count();
  }

  private void complete(long userData, int result) {
    int used = cqTail - UringLayout.acquire(memory.rings(), memory.cqHead());
    check(used < memory.cqEntries(), "the completion queue overflows");
    long at = memory.cqes() + (cqTail & (memory.cqEntries() - 1)) * UringLayout.COMPLETION_BYTES;
    UringLayout.completion(memory.rings(), at, userData, result);
    cqTail++;
    UringLayout.release(memory.rings(), memory.cqTail(), cqTail);
  }

  private int transfer(Request request) {
    boolean vector =
        request.opcode == UringLayout.OP_READV || request.opcode == UringLayout.OP_WRITEV;
    boolean read = request.opcode == UringLayout.OP_READ || request.opcode == UringLayout.OP_READV;
    int parts = vector ? request.length : 1;
    long limit = random.nextInt(100) < shortPercent ? 1 + random.nextInt(5000) : Long.MAX_VALUE;
    long at = request.position;
    long end = Math.min(disk.length, at + Math.min(limit, disk.length));
    if (at < 0) {
      return -EINVAL;
    }
    for (int i = 0; i < parts && at < end; i++) {
      MemorySegment part = part(request, vector, i);
      long bytes = Math.min(part.byteSize(), end - at);
      MemorySegment there = MemorySegment.ofArray(disk).asSlice(at, bytes);
      if (read) {
        part.copyFrom(there);
      } else {
        there.copyFrom(part.asSlice(0, bytes));
      }
      at += bytes;
    }
    return (int) Math.max(at - request.position, 0);
  }

  private static MemorySegment part(Request request, boolean vector, int index) {
    if (!vector) {
      return MemorySegment.ofAddress(request.address).reinterpret(request.length);
    }
    MemorySegment vectors =
        MemorySegment.ofAddress(request.address).reinterpret(request.length * IoVector.BYTES);
    return MemorySegment.ofAddress(vectors.get(JAVA_LONG, index * IoVector.BYTES))
        .reinterpret(vectors.get(JAVA_LONG, index * IoVector.BYTES + 8));
  }

  private static long first(Request request) {
    boolean vector =
        request.opcode == UringLayout.OP_READV || request.opcode == UringLayout.OP_WRITEV;
    return part(request, vector, 0).address();
  }

  /** Whether an operation is under way that begins at an address. */
  synchronized boolean uses(long address) {
    return addresses.contains(address);
  }

  @Override
  public int wakeDescriptor() {
    return COUNTER;
  }

  @Override
  public synchronized void wake() {
    check(!closed, "woken after it was closed");
    woken = true;
    notifyAll();
  }

  @Override
  public synchronized void close() {
    check(pending.isEmpty(), "closed with " + pending.size() + " under way");
    closed = true;
    arena.close();
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(otherwise);
    }
  }
}
