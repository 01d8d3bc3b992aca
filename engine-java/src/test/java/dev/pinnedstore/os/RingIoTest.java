package dev.pinnedstore.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The protocol of a ring, with a kernel that can be told what to do. */
class RingIoTest {
  private static final int BLOCK = 4096;
  private static final Path PATH = Path.of("simulated");

  @BeforeAll
  static void needsNativeAccess() {
    assumeTrue(
        NativeTier.current() == NativeTier.GRANTED, "native access is not granted to this JVM");
  }

  /** One read or write of one part or more; counts how it ended. */
  private static final class Op implements AsyncOperation {
    final CompletableFuture<Long> future = new CompletableFuture<>();
    final AtomicInteger ends = new AtomicInteger();
    final AtomicInteger abandoned = new AtomicInteger();
    private final SimulatedKernel kernel;
    private final boolean read;
    private final MemorySegment memory;
    private final int parts;
    private final long start;
    private long done;
    private volatile Thread endedOn;

    Op(SimulatedKernel kernel, boolean read, MemorySegment memory, int parts, long start) {
      this.kernel = kernel;
      this.read = read;
      this.memory = memory;
      this.parts = parts;
      this.start = start;
    }

    @Override
    public boolean isRead() {
      return read;
    }

    @Override
    public MemorySegment[] rest(int most) {
      MemorySegment rest = memory.asSlice(done);
      if (parts == 1 || most == 1 || rest.byteSize() < parts) {
        return new MemorySegment[] {rest};
      }
      MemorySegment[] all = new MemorySegment[parts];
      long each = rest.byteSize() / parts;
      for (int i = 0; i < parts; i++) {
        all[i] = i < parts - 1 ? rest.asSlice(i * each, each) : rest.asSlice(i * each);
      }
      return all;
    }

    @Override
    public long position() {
      return start + done;
    }

    @Override
    public boolean advance(long result) {
      if (result == FileIo.END) {
        return true;
      }
      done += Math.max(result, 0);
      return done == memory.byteSize();
    }

    @Override
    public void end(Throwable failure) {
      endedOn = Thread.currentThread();
      ends.incrementAndGet();
      if (kernel.uses(memory.address())) {
        future.completeExceptionally(new AssertionError("ended while the kernel uses its memory"));
      } else if (failure == null) {
        future.complete(done);
      } else {
        future.completeExceptionally(failure);
      }
    }

    @Override
    public void abandon(Throwable failure) {
      endedOn = Thread.currentThread();
      abandoned.incrementAndGet();
      future.completeExceptionally(failure);
    }
  }

  private static RingIo open(SimulatedKernel kernel) throws IOException {
    return RingIo.open(PATH, SimulatedKernel.DISK, entries -> kernel);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 40})
  void eachOperationMovesItsBytesInAnyOrderShortOrInterrupted(int parts) throws Exception {
    long seed = System.nanoTime();
    int count = 1000;
    SimulatedKernel kernel = new SimulatedKernel(512, count * BLOCK, seed);
    kernel.shortPercent = 20;
    byte[] bytes = new byte[count * BLOCK];
    new Random(seed).nextBytes(bytes);
    try (Arena arena = Arena.ofShared();
        RingIo ring = open(kernel)) {
      MemorySegment memory = arena.allocate(bytes.length, BLOCK);
      memory.copyFrom(MemorySegment.ofArray(bytes));
      runAll(kernel, ring, memory, false, parts, seed);
      assertThat(kernel.disk).isEqualTo(bytes);
      memory.fill((byte) 0);
      runAll(kernel, ring, memory, true, parts, seed);
      assertThat(memory.mismatch(MemorySegment.ofArray(bytes))).as("seed=%d", seed).isEqualTo(-1);
    }
    assertThat(kernel.mostPending).isLessThanOrEqualTo(AsyncIo.DEPTH + 1);
    assertThat(kernel.closed).isTrue();
  }

  private static void runAll(
      SimulatedKernel kernel,
      RingIo ring,
      MemorySegment memory,
      boolean read,
      int parts,
      long seed) {
    List<Op> ops = new ArrayList<>();
    for (long at = 0; at < memory.byteSize(); at += BLOCK) {
      Op op = new Op(kernel, read, memory.asSlice(at, BLOCK), parts, at);
      ops.add(op);
      ring.start(op);
    }
    for (Op op : ops) {
      assertThat(op.future.join()).as("seed=%d", seed).isEqualTo(BLOCK);
      assertThat(op.ends).hasValue(1);
    }
  }

  @Test
  void anErrorFailsItsOwnOperationOnly() throws Exception {
    long seed = System.nanoTime();
    SimulatedKernel kernel = new SimulatedKernel(512, 100 * BLOCK, seed);
    kernel.errorPercent = 30;
    int failed = 0;
    try (Arena arena = Arena.ofShared();
        RingIo ring = open(kernel)) {
      List<Op> ops = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        Op op = new Op(kernel, true, arena.allocate(BLOCK), 1, i % 100 * (long) BLOCK);
        ops.add(op);
        ring.start(op);
      }
      for (Op op : ops) {
        try {
          assertThat(op.future.join()).isEqualTo(BLOCK);
        } catch (CompletionException e) {
          assertThat(e.getCause())
              .isInstanceOf(IOException.class)
              .hasMessageContaining("read: Input/output error, errno=5");
          failed++;
        }
        assertThat(op.ends).hasValue(1);
      }
    }
    assertThat(failed).as("seed=%d", seed).isBetween(1, 999);
  }

  @Test
  void theEndOfTheFileEndsARead() throws Exception {
    SimulatedKernel kernel = new SimulatedKernel(512, BLOCK + 10, 1);
    try (Arena arena = Arena.ofShared();
        RingIo ring = open(kernel)) {
      Op op = new Op(kernel, true, arena.allocate(2 * BLOCK), 1, 0);
      ring.start(op);
      assertThat(op.future.join()).isEqualTo(BLOCK + 10);
    }
  }

  @Test
  void noWakeIsLost() throws Exception {
    SimulatedKernel kernel = new SimulatedKernel(512, BLOCK, 2);
    try (Arena arena = Arena.ofShared();
        RingIo ring = open(kernel)) {
      MemorySegment memory = arena.allocate(BLOCK);
      // Each finds the thread asleep, or about to be.
      for (int i = 0; i < 20_000; i++) {
        Op op = new Op(kernel, true, memory, 1, 0);
        ring.start(op);
        assertThat(op.future.join()).isEqualTo(BLOCK);
      }
    }
  }

  @Test
  void closingCancelsAndWaitsForEveryCompletion() throws Exception {
    for (int round = 0; round < 50; round++) {
      SimulatedKernel kernel = new SimulatedKernel(512, 4 * BLOCK, round);
      kernel.stuck = true;
      try (Arena arena = Arena.ofShared()) {
        List<Op> ops = new ArrayList<>();
        RingIo ring = open(kernel);
        int count = round % 2 == 0 ? 10 : 3 * AsyncIo.DEPTH;
        for (int i = 0; i < count; i++) {
          Op op = new Op(kernel, i % 2 == 0, arena.allocate(BLOCK), 1, 0);
          ops.add(op);
          ring.start(op);
        }
        ring.close();
        assertThat(kernel.closed).isTrue();
        for (Op op : ops) {
          try {
            assertThat(op.future.join()).isEqualTo(BLOCK);
          } catch (CompletionException e) {
            assertThat(e.getCause()).isInstanceOf(AsynchronousCloseException.class);
          }
          assertThat(op.ends).hasValue(1);
          assertEndedOnAThreadOfItsOwn(op);
        }
        Op late = new Op(kernel, true, arena.allocate(BLOCK), 1, 0);
        ring.start(late);
        assertThatThrownBy(late.future::join).hasCauseInstanceOf(AsynchronousCloseException.class);
        ring.close();
      }
    }
  }

  /** What hangs on it may wait for another operation, or close the file. */
  private static void assertEndedOnAThreadOfItsOwn(Op op) {
    assertThat(op.endedOn.isVirtual()).isTrue();
  }

  @Test
  void whatWaitedForItsTurnWhenClosedEndsOnAThreadOfItsOwn() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    FileIo slow =
        new FileIo() {
          @Override
          public int maxParts() {
            return 1;
          }

          @Override
          public long read(MemorySegment[] parts, long position) throws IOException {
            try {
              go.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            return BLOCK;
          }

          @Override
          public long write(MemorySegment[] parts, long position) {
            throw new AssertionError("nobody writes");
          }
        };
    SimulatedKernel none = new SimulatedKernel(2, 1, 1);
    ThreadsIo threads = new ThreadsIo(slow);
    try (Arena arena = Arena.ofShared()) {
      List<Op> ops = new ArrayList<>();
      for (int i = 0; i < AsyncIo.DEPTH + 2; i++) {
        ops.add(new Op(none, true, arena.allocate(BLOCK), 1, 0));
        threads.start(ops.getLast());
      }
      Thread closer = Thread.ofPlatform().start(threads::close);
      for (Op op : ops.subList(AsyncIo.DEPTH, ops.size())) {
        assertThatThrownBy(op.future::join).hasCauseInstanceOf(AsynchronousCloseException.class);
        assertEndedOnAThreadOfItsOwn(op);
      }
      go.countDown();
      closer.join();
      assertThat(ops.subList(0, AsyncIo.DEPTH))
          .allSatisfy(op -> assertThat(op.future.join()).isEqualTo(BLOCK));
    }
  }

  @Test
  void aKernelThatIsBusyIsAskedAgain() throws Exception {
    SimulatedKernel kernel = new SimulatedKernel(512, BLOCK, 3);
    kernel.refusals.addAll(List.of(-4, -11, -16, -4));
    try (Arena arena = Arena.ofShared();
        RingIo ring = open(kernel)) {
      Op op = new Op(kernel, true, arena.allocate(BLOCK), 1, 0);
      ring.start(op);
      assertThat(op.future.join()).isEqualTo(BLOCK);
    }
    assertThat(kernel.refusals).isEmpty();
  }

  @Test
  void aKernelThatIsShortOfMemoryIsWaitedForWhileItHasSomethingToDo() throws Exception {
    SimulatedKernel kernel = new SimulatedKernel(512, BLOCK, 5);
    kernel.stuck = true;
    try (Arena arena = Arena.ofShared();
        RingIo ring = open(kernel)) {
      List<Op> stuck = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        Op op = new Op(kernel, true, arena.allocate(BLOCK), 1, 0);
        stuck.add(op);
        ring.start(op);
        while (!kernel.uses(op.memory.address())) {
          Thread.onSpinWait();
        }
      }
      synchronized (kernel) {
        kernel.refusals.add(-11);
      }
      Op second = new Op(kernel, true, arena.allocate(BLOCK), 1, 0);
      ring.start(second);
      boolean waits = false;
      while (!waits) {
        synchronized (kernel) {
          assertThat(kernel.uses(second.memory.address())).isFalse();
          waits = kernel.reliefs == 1;
        }
      }
      synchronized (kernel) {
        kernel.stuck = false;
        kernel.notifyAll();
      }
      assertThat(stuck).allSatisfy(op -> assertThat(op.future.join()).isEqualTo(BLOCK));
      assertThat(second.future.join()).isEqualTo(BLOCK);
    }
  }

  @Test
  void aKernelThatRefusesForEverFailsTheRing() throws Exception {
    SimulatedKernel kernel = new SimulatedKernel(512, BLOCK, 6);
    kernel.refusals.addAll(Collections.nCopies(RingIo.MAX_REFUSALS, -11));
    try (Arena arena = Arena.ofShared();
        RingIo ring = open(kernel)) {
      Op op = new Op(kernel, true, arena.allocate(BLOCK), 1, 0);
      ring.start(op);
      assertThatThrownBy(op.future::join)
          .hasCauseInstanceOf(IOException.class)
          .hasMessageContaining("io_uring_enter refused 1000 times, errno=11");
      assertThat(ring.failure()).hasMessageContaining("refused 1000 times");
      assertThat(op.ends.get() + op.abandoned.get()).isEqualTo(1);
    }
  }

  @Test
  void aRingThatFailsGivesNoMemoryBack() throws Exception {
    SimulatedKernel kernel = new SimulatedKernel(512, BLOCK, 4);
    kernel.stuck = true;
    Arena arena = Arena.ofAuto();
    RingIo ring = open(kernel);
    Op under = new Op(kernel, true, arena.allocate(BLOCK), 1, 0);
    ring.start(under);
    while (!kernel.uses(under.memory.address())) {
      Thread.onSpinWait();
    }
    synchronized (kernel) {
      kernel.refusals.add(-9);
    }
    Op second = new Op(kernel, true, arena.allocate(BLOCK), 1, 0);
    ring.start(second);
    for (Op op : List.of(under, second)) {
      assertThatThrownBy(op.future::join)
          .hasCauseInstanceOf(IOException.class)
          .hasMessageContaining("the ring of simulated failed");
      assertEndedOnAThreadOfItsOwn(op);
    }
    assertThat(under.ends).as("the kernel may still write").hasValue(0);
    assertThat(under.abandoned).hasValue(1);
    Op late = new Op(kernel, true, arena.allocate(BLOCK), 1, 0);
    ring.start(late);
    assertThatThrownBy(late.future::join).hasMessageContaining("the ring of simulated failed");
    assertThat(late.ends).hasValue(1);
    assertThat(ring.failure()).hasMessage("io_uring_enter failed, errno=9");
    ring.close();
  }

  @Test
  void aKernelThatRefusesIsToldOf() {
    assertThatThrownBy(
            () ->
                RingIo.open(
                    PATH,
                    1,
                    entries -> {
                      throw new UringException("io_uring_setup was refused, errno=1");
                    }))
        .isInstanceOfSatisfying(
            UringException.class,
            e -> assertThat(e.reason()).isEqualTo("io_uring_setup was refused, errno=1"));
    assertThatThrownBy(
            () ->
                RingIo.open(
                    PATH,
                    1,
                    entries -> {
                      throw new OutOfMemoryError("a test");
                    }))
        .isInstanceOf(UringException.class)
        .hasMessageContaining("a test");
    assumeTrue(OperatingSystem.CURRENT == OperatingSystem.LINUX, "asks the kernel of Linux");
    // More entries than there may be: a real refusal.
    assertThatThrownBy(() -> RingIo.open(PATH, 1, entries -> LinuxUring.create(1 << 24)))
        .isInstanceOf(UringException.class)
        .hasMessageContaining("io_uring_setup was refused, errno=");
  }

  @Test
  void theRingOfThisMachineWorksOrSaysWhyNot() throws Exception {
    assumeTrue(OperatingSystem.CURRENT == OperatingSystem.LINUX, "asks the kernel of Linux");
    try {
      LinuxUring.create(2).close();
    } catch (UringException e) {
      assumeTrue(false, e.getMessage());
    }
    Path file = java.nio.file.Files.createTempFile("ring", "");
    try (Arena arena = Arena.ofShared()) {
      java.nio.file.Files.write(file, new byte[] {1, 2, 3});
      LinuxFile raw = LinuxFile.open(file, LinuxFile.O_RDONLY);
      assertThat(raw).isNotNull();
      RingIo ring = RingIo.open(file, raw.descriptor());
      Op op = new Op(new SimulatedKernel(2, 1, 1), true, arena.allocate(2), 1, 1);
      ring.start(op);
      assertThat(op.future.join()).isEqualTo(2);
      assertThat(op.memory.toArray(JAVA_BYTE)).containsExactly(2, 3);
      ring.close();
      raw.close();
    } finally {
      java.nio.file.Files.delete(file);
    }
  }
}
