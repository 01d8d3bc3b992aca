package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A ring of Linux, by raw system calls. Made by the thread that submits; the others may only {@link
 * #wake}.
 */
@SuppressWarnings("restricted")
final class LinuxUring implements UringKernel {
  /** The same on every processor. */
  private static final long SYS_SETUP = 425;

  private static final long SYS_ENTER = 426;
  private static final int MAP_SHARED_POPULATE = 1 | 0x8000;
  private static final int PROT_READ_WRITE = 1 | 2;
  private static final int EFD_CLOEXEC = 0x80000;

  private static final MethodHandle SYSCALL =
      NativeCalls.bind(
          "syscall",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
              JAVA_LONG),
          Linker.Option.firstVariadicArg(1));
  private static final MethodHandle MMAP =
      NativeCalls.bind(
          "mmap",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle EVENTFD =
      NativeCalls.bind("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle EVENTFD_WRITE =
      NativeCalls.bind("eventfd_write", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle CLOSE =
      NativeCalls.bind("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private final int descriptor;
  private final int counter;
  private final UringMemory memory;

  /** Of the calls of the ring's thread. */
  private final MemorySegment enterState = NativeCalls.newState(Arena.ofAuto());

  /** Of the calls of others, and the call itself: a wake that took memory could fail for want. */
  private final MemorySegment wakeState = NativeCalls.newState(Arena.ofAuto());

  private final NativeCalls.Call wake;

  private LinuxUring(int descriptor, int counter, UringMemory memory) {
    this.descriptor = descriptor;
    this.counter = counter;
    this.memory = memory;
    this.wake = state -> (int) EVENTFD_WRITE.invokeExact(state, counter, 1L);
  }

  /**
   * Makes a ring.
   *
   * @throws UringException if the kernel refuses, or is too old
   */
  static LinuxUring create(int entries) throws UringException {
    // From 6.1 on: completions are posted when we look for them, on our own thread.
    int fast = UringLayout.SETUP_SINGLE_ISSUER | UringLayout.SETUP_DEFER_TASKRUN;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = arena.allocate(UringLayout.PARAMS_BYTES, Long.BYTES);
      long ring = setup(entries, params, fast);
      if (ring == -Posix.EINVAL) {
        ring = setup(entries, params, 0);
      }
      if (ring < 0) {
        throw new UringException("io_uring_setup was refused, errno=" + -ring);
      }
      return map((int) ring, params);
    }
  }

  private static long setup(int entries, MemorySegment params, int flags) {
    params.fill((byte) 0);
    params.set(JAVA_INT, UringLayout.PARAMS_FLAGS, flags | UringLayout.SETUP_CQSIZE);
    params.set(JAVA_INT, UringLayout.PARAMS_CQ_ENTRIES, 2 * entries);
    return syscall(SYS_SETUP, entries, params.address(), 0, 0);
  }

  private static LinuxUring map(int ring, MemorySegment params) throws UringException {
    LinuxUring made = null;
    int counter = -1;
    try {
      int features = params.get(JAVA_INT, UringLayout.PARAMS_FEATURES);
      if ((features & UringLayout.FEATURES) != UringLayout.FEATURES) {
        throw new UringException("needs Linux 5.6, features=" + features);
      }
      counter = (int) NativeCalls.call(-1, s -> (int) EVENTFD.invokeExact(s, 0, EFD_CLOEXEC));
      if (counter < 0) {
        throw new UringException("eventfd was refused, errno=" + -counter);
      }
      made = new LinuxUring(ring, counter, memory(ring, params));
      return made;
    } finally {
      if (made == null) {
        closeDescriptor(ring);
        if (counter >= 0) {
          closeDescriptor(counter);
        }
      }
    }
  }

  private static UringMemory memory(int ring, MemorySegment params) throws UringException {
    int sqEntries = params.get(JAVA_INT, UringLayout.PARAMS_SQ_ENTRIES);
    int cqEntries = params.get(JAVA_INT, UringLayout.PARAMS_CQ_ENTRIES);
    long sqArray = sq(params, UringLayout.SQ_ARRAY);
    long cqes = cq(params, UringLayout.CQ_CQES);
    long ringBytes =
        Math.max(sqArray + 4L * sqEntries, cqes + cqEntries * UringLayout.COMPLETION_BYTES);
    MemorySegment rings = map(ring, ringBytes, UringLayout.OFFSET_RINGS);
    MemorySegment submissions = null;
    try {
      submissions =
          map(ring, sqEntries * UringLayout.SUBMISSION_BYTES, UringLayout.OFFSET_SUBMISSIONS);
    } finally {
      if (submissions == null) {
        unmap(rings);
      }
    }
    return new UringMemory(
        rings,
        submissions,
        sq(params, UringLayout.HEAD),
        sq(params, UringLayout.TAIL),
        sqArray,
        sqEntries,
        cq(params, UringLayout.HEAD),
        cq(params, UringLayout.TAIL),
        cqes,
        cqEntries);
  }

  private static long sq(MemorySegment params, long field) {
    return params.get(JAVA_INT, UringLayout.PARAMS_SQ + field);
  }

  private static long cq(MemorySegment params, long field) {
    return params.get(JAVA_INT, UringLayout.PARAMS_CQ + field);
  }

  private static MemorySegment map(int ring, long bytes, long offset) throws UringException {
    long address =
        NativeCalls.call(
            -1,
            state ->
                (long)
                    MMAP.invokeExact(
                        state, 0L, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, ring, offset));
    if (address < 0) {
      throw new UringException("its queues could not be mapped, errno=" + -address);
    }
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  private static void unmap(MemorySegment segment) {
    var _ = Posix.unmap(segment.address(), segment.byteSize());
  }

  private static void closeDescriptor(int number) {
    var _ = NativeCalls.call(-1, state -> (int) CLOSE.invokeExact(state, number));
  }

  private static long syscall(long number, long a, long b, long c, long d) {
    return NativeCalls.call(
        -1, state -> (long) SYSCALL.invokeExact(state, number, a, b, c, d, 0L, 0L));
  }

  @Override
  public UringMemory memory() {
    return memory;
  }

  @Override
  public int enter(int submit, int wait) {
    return (int)
        NativeCalls.call(
            enterState,
            -1,
            state ->
                (long)
                    SYSCALL.invokeExact(
                        state,
                        SYS_ENTER,
                        (long) descriptor,
                        (long) submit,
                        (long) wait,
                        (long) UringLayout.ENTER_GETEVENTS,
                        0L,
                        0L));
  }

  @Override
  public int wakeDescriptor() {
    return counter;
  }

  @Override
  public void wake() {
    // Refused only at 2^64 - 2, and then a wake is pending anyway.
    var _ = NativeCalls.call(wakeState, -1, wake);
  }

  @Override
  public void close() {
    closeDescriptor(descriptor);
    closeDescriptor(counter);
    unmap(memory.rings());
    unmap(memory.submissions());
  }
}
