package dev.pinnedstore.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Carries operations out through io_uring: one ring, and one thread that submits and completes.
 * Others hand operations to a queue, and wake it where it sleeps in the kernel.
 *
 * <p>An operation is ended on a virtual thread, since that may run code of users, and only after
 * its completion has come: the kernel writes into its memory until then. Should the ring itself
 * fail, operations under way are never ended, because nobody knows when the kernel is done with
 * them; their futures fail, and their memory is given up for good.
 */
public final class RingIo implements AsyncIo {
  /** Submissions that fit in at once: all operations, as many cancellations, and the counter. */
  private static final int ENTRIES = 512;

  /** Parts of one submission at most. */
  private static final int MAX_PARTS = 32;

  /** User data that names no slot. */
  private static final long WAKE = -1;

  private static final long CANCEL = -2;

  private static final int ECANCELED = 125;
  private static final int EBUSY = 16;

  /** How often in a row the kernel may take nothing, with nothing under way that would help it. */
  static final int MAX_REFUSALS = 1000;

  /** Rings that failed, a list by {@link #nextFailed}: the kernel may still use their memory. */
  private static @Nullable RingIo lastFailed;

  @SuppressWarnings("unused")
  private @Nullable RingIo nextFailed;

  private final Path path;
  private final int descriptor;
  private final Queue<AsyncOperation> incoming = new ConcurrentLinkedQueue<>();

  /** Whether the thread waits in the kernel, or is about to; who sets it to false wakes it. */
  private final AtomicBoolean asleep = new AtomicBoolean();

  private volatile boolean closing;

  /** What ended the ring before it was closed. */
  private volatile @Nullable Throwable broken;

  /** Closed under this lock: the number of its counter is another file's right after. */
  private final Object wakeLock = new Object();

  private boolean kernelClosed;

  private final CompletableFuture<UringKernel> started = new CompletableFuture<>();
  private final Thread thread;
  private final Endings endings = new Endings();

  // What follows belongs to the thread.

  private final @Nullable AsyncOperation[] slots = new AsyncOperation[DEPTH];
  private final Deque<Integer> free = new ArrayDeque<>(DEPTH);
  private final MemorySegment vectors;
  private final MemorySegment counted;
  private int cancellations;
  private boolean armed;
  private boolean cancelled;
  private int refusals;

  /** Makes the kernel's side, on the thread that will use it. */
  @FunctionalInterface
  interface Maker {
    UringKernel make(int entries) throws UringException;
  }

  private RingIo(Path path, int descriptor, Maker maker) {
    this.path = path;
    this.descriptor = descriptor;
    Arena arena = Arena.ofAuto();
    this.vectors = arena.allocate(DEPTH * MAX_PARTS * IoVector.BYTES, Long.BYTES);
    this.counted = arena.allocate(Long.BYTES, Long.BYTES);
    for (int slot = DEPTH - 1; slot >= 0; slot--) {
      free.push(slot);
    }
    this.thread =
        Thread.ofPlatform()
            .daemon()
            .name("pinnedstore-ring-" + descriptor)
            .inheritInheritableThreadLocals(false)
            .unstarted(() -> run(maker));
  }

  /**
   * Opens a ring for a file.
   *
   * @param path for messages
   * @param descriptor the number of the open file; -1 where there is none
   * @return the engine, which the caller closes before the file
   * @throws UringException if there can be none; it says why
   */
  public static RingIo open(Path path, int descriptor) throws UringException {
    if (OperatingSystem.CURRENT != OperatingSystem.LINUX) {
      throw new UringException("the system is not Linux");
    }
    if (NativeTier.current() != NativeTier.GRANTED) {
      throw new UringException("native access is not granted: " + NativeTier.flag());
    }
    if (descriptor < 0) {
      throw new UringException("the file is not open by a native call");
    }
    return open(path, descriptor, LinuxUring::create);
  }

  static RingIo open(Path path, int descriptor, Maker maker) throws UringException {
    RingIo ring = new RingIo(path, descriptor, maker);
    try {
      ring.thread.start();
      var _ = ring.started.join();
      return ring;
    } catch (CompletionException e) {
      if (e.getCause() instanceof UringException refusal) {
        throw refusal;
      }
      throw new UringException("it could not be made: " + e.getCause());
    } catch (OutOfMemoryError e) {
      // What the JVM says when it gets no stack or no process id for a thread.
      throw new UringException("no thread for it: " + e.getMessage());
    }
  }

  @Override
  public void start(AsyncOperation operation) {
    incoming.add(operation);
    wakeIfAsleep();
    // Whoever fails or closes empties the queue once more; this one may have come after that.
    if (closing || broken != null) {
      refuseIncoming();
    }
  }

  private void wakeIfAsleep() {
    if (asleep.get() && asleep.compareAndSet(true, false)) {
      UringKernel kernel = started.join();
      synchronized (wakeLock) {
        if (!kernelClosed) {
          kernel.wake();
        }
      }
    }
  }

  private void refuseIncoming() {
    Throwable reason = broken;
    AsyncOperation refused = incoming.poll();
    while (refused != null) {
      endings.end(refused, reason == null ? new AsynchronousCloseException() : failed(reason));
      refused = incoming.poll();
    }
  }

  private Throwable failed(Throwable reason) {
    try {
      return new IOException(describe(reason), reason);
    } catch (OutOfMemoryError e) {
      return reason;
    }
  }

  private Throwable abandoned(Throwable reason) {
    try {
      return new AbandonedException(describe(reason), reason);
    } catch (OutOfMemoryError e) {
      return reason;
    }
  }

  private String describe(Throwable reason) {
    return "the ring of " + path + " failed: " + reason.getMessage();
  }

  @Override
  public @Nullable Throwable failure() {
    return broken;
  }

  @Override
  public void close() {
    closing = true;
    refuseIncoming();
    wakeIfAsleep();
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    refuseIncoming();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the thread

  private void run(Maker maker) {
    UringKernel kernel;
    try {
      kernel = maker.make(ENTRIES);
    } catch (Throwable e) {
      started.completeExceptionally(e);
      return;
    }
    started.complete(kernel);
    try {
      UringQueues queues = new UringQueues(kernel.memory());
      while (!isDone()) {
        cycle(kernel, queues);
      }
      synchronized (wakeLock) {
        kernelClosed = true;
        kernel.close();
      }
    } catch (Throwable e) {
      fail(e);
    }
  }

  private boolean isDone() {
    return closing && free.size() == DEPTH && !armed && cancellations == 0;
  }

  private void cycle(UringKernel kernel, UringQueues queues) {
    if (closing) {
      cancelAll(queues);
    } else {
      arm(kernel, queues);
      begin(queues);
    }
    boolean sleeps = false;
    if (isIdle(queues)) {
      // Full fence between this store and the look at what others store before they look at it.
      asleep.set(true);
      sleeps = isIdle(queues) && !isDone();
    }
    enter(kernel, queues, sleeps ? 1 : 0);
    // Of a ring that does not sleep nobody needs to write to the counter.
    asleep.set(false);
    while (queues.hasNext()) {
      long userData = queues.userData();
      int result = queues.result();
      queues.next();
      completed(queues, userData, result);
    }
  }

  private boolean isIdle(UringQueues queues) {
    return closing == cancelled && (incoming.isEmpty() || free.isEmpty()) && !queues.hasNext();
  }

  /** Lets the kernel wait for the counter, so that a wake ends its sleep. */
  private void arm(UringKernel kernel, UringQueues queues) {
    if (!armed) {
      armed =
          queues.submit(
              UringLayout.OP_READ, kernel.wakeDescriptor(), 0, counted.address(), Long.BYTES, WAKE);
    }
  }

  private void begin(UringQueues queues) {
    while (!free.isEmpty()) {
      AsyncOperation operation = incoming.poll();
      if (operation == null) {
        return;
      }
      int slot = free.pop();
      slots[slot] = operation;
      submit(queues, slot, operation);
    }
  }

  private void submit(UringQueues queues, int slot, AsyncOperation operation) {
    MemorySegment[] parts = operation.rest(MAX_PARTS);
    long address = parts[0].address();
    int length = (int) Math.min(parts[0].byteSize(), ChannelFileIo.MAX_CALL_BYTES);
    byte opcode = operation.isRead() ? UringLayout.OP_READ : UringLayout.OP_WRITE;
    if (parts.length > 1) {
      long at = (long) slot * MAX_PARTS * IoVector.BYTES;
      address = vectors.address() + at;
      length = IoVector.set(vectors, at, parts, MAX_PARTS);
      opcode = operation.isRead() ? UringLayout.OP_READV : UringLayout.OP_WRITEV;
    }
    // There is a place: the queue is larger than all that can be under way.
    if (!queues.submit(opcode, descriptor, operation.position(), address, length, slot)) {
      throw new IllegalStateException("the submission queue is full");
    }
  }

  private void cancelAll(UringQueues queues) {
    if (cancelled) {
      return;
    }
    cancelled = true;
    for (int slot = 0; slot < DEPTH; slot++) {
      if (slots[slot] != null) {
        cancel(queues, slot);
      }
    }
    if (armed) {
      cancel(queues, WAKE);
    }
  }

  private void cancel(UringQueues queues, long userData) {
    if (!queues.submit(UringLayout.OP_ASYNC_CANCEL, -1, 0, userData, 0, CANCEL)) {
      throw new IllegalStateException("the submission queue is full");
    }
    cancellations++;
  }

  private void enter(UringKernel kernel, UringQueues queues, int wait) {
    int taken = kernel.enter(queues.pending(), wait);
    if (taken >= 0) {
      queues.taken(taken);
      refusals = 0;
    } else if (taken == -LinuxFile.EAGAIN || taken == -EBUSY) {
      awaitRelief(kernel, queues, -taken);
    } else if (taken != -Posix.EINTR) {
      throw new IllegalStateException("io_uring_enter failed, errno=" + -taken);
    }
  }

  /** The kernel is short of memory, or of room for completions. Each completion gives some back. */
  @SuppressWarnings("ThreadPriorityCheck") // Nothing depends on what the yield does.
  private void awaitRelief(UringKernel kernel, UringQueues queues, int errno) {
    if (queues.hasNext()) {
      return;
    }
    int underWay = DEPTH - free.size() + cancellations + (armed ? 1 : 0);
    if (underWay - queues.pending() > 1) {
      // The kernel has two, and so one at least besides what waits for the counter.
      var _ = kernel.enter(0, 1);
    } else if (++refusals == MAX_REFUSALS) {
      throw new IllegalStateException(
          "io_uring_enter refused " + MAX_REFUSALS + " times, errno=" + errno);
    } else {
      Thread.yield();
    }
  }

  private void completed(UringQueues queues, long userData, int result) {
    if (userData == CANCEL) {
      cancellations--;
    } else if (userData == WAKE) {
      armed = false;
    } else {
      completed(queues, (int) userData, result);
    }
  }

  private void completed(UringQueues queues, int slot, int result) {
    AsyncOperation operation = slots[slot];
    if (operation == null) {
      throw new IllegalStateException("a completion of nothing, slot=" + slot);
    }
    Throwable failure = null;
    try {
      if (!operation.advance(checked(operation, result))) {
        if (!closing) {
          submit(queues, slot, operation);
          return;
        }
        failure = new AsynchronousCloseException();
      }
    } catch (IOException | RuntimeException e) {
      failure = e;
    }
    endings.end(operation, failure);
    slots[slot] = null;
    free.push(slot);
  }

  private long checked(AsyncOperation operation, int result) throws IOException {
    if (result > 0) {
      return result;
    }
    return switch (-result) {
      case 0 -> operation.isRead() ? FileIo.END : 0;
      case Posix.EINTR -> FileIo.INTERRUPTED;
      case LinuxFile.EAGAIN -> 0;
      case ECANCELED -> throw new AsynchronousCloseException();
      default -> throw LinuxFile.failure(path, operation.isRead() ? "read" : "write", -result);
    };
  }

  /** The ring is of no use any more. What is under way keeps its memory. */
  private void fail(Throwable reason) {
    broken = reason;
    synchronized (RingIo.class) {
      nextFailed = lastFailed;
      lastFailed = this;
    }
    refuseIncoming();
    for (AsyncOperation operation : slots) {
      if (operation != null) {
        endings.abandon(operation, abandoned(reason));
      }
    }
  }
}
