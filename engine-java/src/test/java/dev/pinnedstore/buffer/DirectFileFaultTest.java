package dev.pinnedstore.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.os.FileIo;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a file makes of calls that move too little, nothing, or fail. */
@Tag("contract")
class DirectFileFaultTest {
  private static final int BLOCK = FaultyFile.ALIGNMENT;

  private final byte[] content = new byte[5 * BLOCK + 904];
  private final FaultyFile faulty = new FaultyFile(content);
  private final DirectFile file = faulty.open();
  private final AlignedBuffer buffer = AlignedBuffer.zeroed(4 * BLOCK);

  DirectFileFaultTest() {
    new Random(11).nextBytes(content);
  }

  @AfterEach
  void close() throws Exception {
    buffer.close();
    file.close();
    assertThat(faulty.closed).isTrue();
  }

  private void assertRead(long position, int bytes) {
    assertThat(
            MemorySegment.mismatch(
                MemorySegment.ofArray(content),
                position,
                position + bytes,
                buffer.segment(),
                0,
                bytes))
        .isEqualTo(-1);
  }

  // ---- short calls and signals

  @Test
  void shortReadsGoOnWhereTheyEnded() throws Exception {
    Collections.addAll(faulty.script, BLOCK, FileIo.INTERRUPTED, 2 * BLOCK, FileIo.INTERRUPTED);
    assertThat(file.read(buffer.slice(), BLOCK)).isEqualTo(4 * BLOCK);
    assertThat(faulty.calls).isEqualTo(5);
    assertRead(BLOCK, 4 * BLOCK);
  }

  @Test
  void aReadThatEndsInsideABlockBeginsThatBlockAgain() throws Exception {
    Collections.addAll(faulty.script, BLOCK + 100, 1, 0, 2 * BLOCK - 1);
    assertThat(file.read(buffer.slice(), 0)).isEqualTo(4 * BLOCK);
    assertRead(0, 4 * BLOCK);
  }

  @Test
  void theEndOfTheFileIsNotAShortRead() throws Exception {
    assertThat(file.read(buffer.slice(), 4 * BLOCK)).isEqualTo(BLOCK + 904);
    assertThat(faulty.calls).isEqualTo(1);
    assertRead(4 * BLOCK, BLOCK + 904);
    assertThat(file.read(buffer.slice(), 6 * BLOCK)).isEqualTo(-1);
    faulty.content = new byte[2 * BLOCK];
    assertThat(file.read(buffer.slice(), 0)).isEqualTo(2 * BLOCK);
    assertThat(file.read(buffer.slice(), 2 * BLOCK)).isEqualTo(-1);
  }

  @Test
  void shortWritesGoOnWhereTheyEnded() throws Exception {
    byte[] bytes = new byte[4 * BLOCK];
    new Random(5).nextBytes(bytes);
    buffer.segment().copyFrom(MemorySegment.ofArray(bytes));
    Collections.addAll(faulty.script, BLOCK, FileIo.INTERRUPTED, BLOCK + 17, 0, 1);
    assertThat(file.write(buffer.slice(), BLOCK)).isEqualTo(4 * BLOCK);
    System.arraycopy(faulty.content, 0, content, 0, content.length);
    assertRead(BLOCK, 4 * BLOCK);
  }

  @Test
  void signalsWithoutEndAreNotAnError() throws Exception {
    faulty.script.addAll(Collections.nCopies(10_000, FileIo.INTERRUPTED));
    assertThat(file.read(buffer.slice(), 0)).isEqualTo(4 * BLOCK);
  }

  @Test
  void aCallThatNeverMovesAnythingEndsInAnError() throws Exception {
    faulty.script.addAll(Collections.nCopies(Transfer.MAX_STALLS, 0));
    assertThatThrownBy(() -> file.write(buffer.slice(), 0))
        .isInstanceOf(IOException.class)
        .hasMessage("faulty: write of 16384 bytes at 0: nothing was written in 16 attempts");
    faulty.script.addAll(Collections.nCopies(Transfer.MAX_STALLS, 100));
    assertThatThrownBy(() -> file.read(buffer.slice(), 0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nothing was read in 16 attempts");
    assertThat(file.write(buffer.slice(), 0)).as("usable after it").isEqualTo(4 * BLOCK);
  }

  @Test
  void randomShortnessNeverChangesWhatIsMoved() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 500; round++) {
      for (int i = random.nextInt(6); i > 0; i--) {
        faulty.script.add(
            random.nextInt(4) == 0 ? FileIo.INTERRUPTED : (Object) random.nextInt(5 * BLOCK));
      }
      List<IoSlice> frames = new ArrayList<>(buffer.slices(BLOCK));
      Collections.shuffle(frames, random);
      long position = (long) random.nextInt(3) * BLOCK;
      int before = frames.size() * BLOCK;
      if (random.nextBoolean()) {
        long read = file.read(frames, position);
        assertThat(read).as("seed=%d", seed).isEqualTo(Math.min(before, size() - position));
      } else {
        buffer.segment().fill((byte) round);
        assertThat(file.write(frames, position)).as("seed=%d", seed).isEqualTo(before);
      }
      long end = Math.min(size(), position + before);
      long at = position;
      for (IoSlice frame : frames) {
        long bytes = Math.min(BLOCK, end - at);
        if (bytes > 0) {
          assertThat(
                  MemorySegment.mismatch(
                      MemorySegment.ofArray(faulty.content),
                      at,
                      at + bytes,
                      frame.memory(),
                      0,
                      bytes))
              .as("seed=%d round=%d", seed, round)
              .isEqualTo(-1);
        }
        at += BLOCK;
      }
      faulty.script.clear();
    }
  }

  private long size() {
    return faulty.content.length;
  }

  // ---- errors

  @Test
  void whatTheSystemSaysIsToldWithItsPlace() throws Exception {
    faulty.script.add(new IOException("Input/output error"));
    assertThatThrownBy(() -> file.read(buffer.slice(), 2 * BLOCK))
        .isInstanceOf(IOException.class)
        .hasMessage("faulty: read of 16384 bytes at 8192: Input/output error")
        .hasCauseInstanceOf(IOException.class);
    Collections.addAll(faulty.script, BLOCK, new IOException("No space left on device"));
    assertThatThrownBy(() -> file.write(buffer.slice(), 0))
        .isInstanceOf(IOException.class)
        .hasMessage("faulty: write of 16384 bytes at 0: No space left on device");
    assertThat(file.read(buffer.slice(), 0)).as("usable after it").isEqualTo(4 * BLOCK);
    assertThat(buffer.segment().get(JAVA_BYTE, 0)).as("the part that was written").isZero();
  }

  @Test
  void readFullySaysWhereTheFileEnds() throws Exception {
    file.readFully(buffer.slice(), BLOCK);
    assertRead(BLOCK, 4 * BLOCK);
    assertThatThrownBy(() -> file.readFully(buffer.slice(), 2 * BLOCK))
        .isInstanceOf(EOFException.class)
        .hasMessage("faulty ends at 21384: wanted 16384 bytes at 8192");
    assertThatThrownBy(() -> file.readFully(buffer.slice(), 8 * BLOCK))
        .isInstanceOf(EOFException.class);
  }

  @Test
  void preallocateTellsWhatWasRefused() throws Exception {
    for (boolean allocates : new boolean[] {true, false}) {
      faulty.allocates = allocates;
      faulty.controlScript.add(new IOException("No space left on device"));
      assertThatThrownBy(() -> file.preallocate(1 << 20))
          .isInstanceOf(IOException.class)
          .hasMessage("faulty: preallocate of 1048576 bytes at 0: No space left on device");
      assertThat(file.size()).isEqualTo(content.length);
      assertThat(file.write(buffer.slice(), 0)).as("usable after it").isEqualTo(4 * BLOCK);
    }
  }

  @Test
  void theFileAsAWholeTellsWhatWasRefusedWithItsName() throws Exception {
    faulty.controlScript.add(new IOException("Input/output error"));
    assertThatThrownBy(file::size)
        .isInstanceOf(IOException.class)
        .hasMessage("faulty: size: Input/output error");
    faulty.controlScript.add(new IOException("Input/output error"));
    assertThatThrownBy(() -> file.truncate(10))
        .isInstanceOf(IOException.class)
        .hasMessage("faulty: truncate to 10 bytes: Input/output error");
    faulty.forceScript.add(new IOException("Input/output error"));
    assertThatThrownBy(file::sync)
        .isInstanceOf(IOException.class)
        .hasMessage("faulty: sync: Input/output error");
    file.truncate(10);
    assertThat(file.size()).as("usable after it").isEqualTo(10);
  }

  @Test
  void nothingIsWrittenWhileZerosAre() throws Exception {
    faulty.allocates = false;
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    try (AlignedBuffer ones = AlignedBuffer.shared(BLOCK)) {
      ones.segment().fill((byte) 1);
      List<Thread> crew = new ArrayList<>();
      List<CompletableFuture<Long>> async = new ArrayList<>();
      long end = faulty.content.length + 8L * BLOCK;
      faulty.controlScript.add(
          (Runnable)
              () -> {
                crew.add(Thread.ofPlatform().unstarted(() -> changed(file, ones, order)));
                crew.add(Thread.ofVirtual().unstarted(() -> changed(file, ones, order)));
                crew.forEach(Thread::start);
                async.add(file.writeAsync(ones.slice(), 7 * BLOCK));
                for (Thread thread : crew) {
                  // Either it waits, as it must, or it has written already.
                  while (thread.getState() != Thread.State.WAITING && thread.isAlive()) {
                    Thread.onSpinWait();
                  }
                }
                order.add("zeros are written");
              });
      file.preallocate(end);
      order.add("preallocated");
      for (Thread thread : crew) {
        thread.join();
      }
      assertThat(async.getFirst().join()).isEqualTo(BLOCK);
      assertThat(order.getFirst()).isEqualTo("zeros are written");
      assertThat(order).contains("written");
      assertThat(faulty.content).hasSize((int) end);
      assertThat(faulty.content[7 * BLOCK]).isEqualTo((byte) 1);
      assertThat(faulty.content[6 * BLOCK]).isEqualTo((byte) 1);
    }
  }

  private static void changed(DirectFile file, AlignedBuffer ones, List<String> order) {
    try {
      file.write(ones.slice(), 6 * BLOCK);
      order.add("written");
    } catch (IOException e) {
      order.add(e.toString());
    }
  }

  @Test
  void zerosWaitForWritesThatAreUnderWay() throws Exception {
    faulty.allocates = false;
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    faulty.script.add(
        (Runnable)
            () -> {
              inside.countDown();
              awaitUninterruptibly(go);
            });
    try (AlignedBuffer ones = AlignedBuffer.shared(BLOCK)) {
      ones.segment().fill((byte) 1);
      CompletableFuture<Long> write = file.writeAsync(ones.slice(), 6 * BLOCK);
      inside.await();
      AtomicInteger zeroed = new AtomicInteger();
      faulty.controlScript.add((Runnable) zeroed::incrementAndGet);
      FutureTask<Boolean> task =
          new FutureTask<>(
              () -> {
                file.preallocate(9 * BLOCK);
                return write.isDone();
              });
      Thread thread = Thread.ofPlatform().start(task);
      while (thread.getState() != Thread.State.WAITING && thread.isAlive()) {
        Thread.onSpinWait();
      }
      assertThat(zeroed).hasValue(0);
      go.countDown();
      task.get();
      assertThat(write.join()).isEqualTo(BLOCK);
      assertThat(zeroed).hasValue(1);
      assertThat(faulty.content[6 * BLOCK]).isEqualTo((byte) 1);
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aFailedSyncPoisonsTheFile() throws Exception {
    file.sync();
    faulty.forceScript.add(new IOException("Input/output error"));
    assertThatThrownBy(() -> file.sync(false))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Input/output error");
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(file::sync)
          .isInstanceOf(IOException.class)
          .hasMessage("faulty: an earlier sync failed: Input/output error");
    }
    assertThat(faulty.forces).as("the system is not asked again").isEqualTo(2);
    assertThat(file.read(buffer.slice(), 0)).isEqualTo(4 * BLOCK);
  }

  @Test
  void aSyncThatEndsInAnErrorOfTheJvmPoisonsTheFile() {
    faulty.forceScript.add("no memory for the exception");
    assertThatThrownBy(file::sync).isInstanceOf(AssertionError.class);
    assertThatThrownBy(file::sync)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("an earlier sync failed");
    assertThat(faulty.forces).isEqualTo(1);
  }

  @Test
  void whoSyncsBesideAFailingSyncFailsAsWell() throws Exception {
    for (int round = 0; round < 50; round++) {
      FaultyFile other = new FaultyFile(content);
      other.forceScript.add(new IOException("Input/output error"));
      AtomicInteger failures = new AtomicInteger();
      CountDownLatch start = new CountDownLatch(1);
      try (DirectFile beside = other.open()) {
        List<Thread> crew = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
          crew.add(
              Thread.ofPlatform()
                  .start(
                      () -> {
                        try {
                          start.await();
                          beside.sync();
                        } catch (IOException e) {
                          failures.incrementAndGet();
                        } catch (InterruptedException e) {
                          throw new AssertionError(e);
                        }
                      }));
        }
        start.countDown();
        for (Thread thread : crew) {
          thread.join();
        }
      }
      assertThat(failures).hasValue(4);
    }
  }

  // ---- refused before any call

  @Test
  void whatIsNotAlignedIsRefusedBeforeAnyCall() {
    IoSlice whole = buffer.slice();
    refused(() -> file.read(whole, 100), "position=100: must be a multiple of 4096 bytes");
    refused(() -> file.write(whole, 4097), "position=4097: must be a multiple of 4096 bytes");
    refused(
        () -> file.read(whole.slice(0, 512), 0), "capacity=512: must be a multiple of 4096 bytes");
    refused(
        () -> file.write(whole.withLength(4095), 0),
        "length=4095: must be a multiple of 4096 bytes");
    long address = buffer.segment().address() + 512;
    refused(
        () -> file.write(whole.slice(512, 4096), 0),
        "address=" + address + ": must be a multiple of 4096 bytes");
    refused(
        () -> file.write(List.of(whole, whole.slice(0, 100)), 0),
        "length=100: must be a multiple of 4096 bytes");
    refused(() -> file.read(whole, -4096), "position=-4096: must be between 0 and 9223372036854");
    refused(
        () -> file.write(whole, Long.MAX_VALUE - 4095), "position=9223372036854771712: must be");
    refused(() -> file.truncate(-1), "size=-1: must be 0 or more bytes");
    refused(() -> file.preallocate(-1), "size=-1: must be 0 or more bytes");
    assertThat(faulty.calls).isZero();
  }

  @Test
  void memoryThatCannotBeUsedIsRefusedBeforeAnyCall() {
    IoSlice heap = IoSlice.of(MemorySegment.ofArray(new byte[BLOCK]));
    refused(() -> file.write(heap, 0), "must be outside the heap");
    refused(() -> file.read(heap, 0), "must be outside the heap");
    IoSlice readOnly = IoSlice.of(buffer.segment().asReadOnly());
    refused(() -> file.read(readOnly, 0), "is read-only");
    assertThat(faulty.calls).isZero();
  }

  private static void refused(Action action, String message) {
    assertThatThrownBy(action::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aListThatClosesAnArenaWhileItIsReadIsRefusedBeforeAnyCall() {
    Arena arena = Arena.ofConfined();
    IoSlice dying = IoSlice.of(arena.allocate(BLOCK, BLOCK));
    List<IoSlice> hostile =
        new AbstractList<>() {
          @Override
          public IoSlice get(int index) {
            if (index == 1 && arena.scope().isAlive()) {
              arena.close();
            }
            return index == 0 ? dying : buffer.slice();
          }

          @Override
          public int size() {
            return 2;
          }
        };
    assertThatThrownBy(() -> file.read(hostile, 0)).isInstanceOf(IllegalStateException.class);
    assertThat(faulty.calls).isZero();
  }

  @Test
  void aClosedBufferIsRefusedBeforeAnyCall() {
    AlignedBuffer gone = AlignedBuffer.page();
    IoSlice slice = gone.slice();
    gone.close();
    assertThatThrownBy(() -> file.read(slice, 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> file.write(slice, 0)).isInstanceOf(IllegalStateException.class);
    assertThat(faulty.calls).isZero();
  }

  @Test
  void aClosedFileIsRefusedBeforeAnyCall() throws Exception {
    file.close();
    file.close();
    for (Action use :
        List.<Action>of(
            () -> file.read(buffer.slice(), 0),
            () -> file.write(buffer.slice(), 0),
            () -> file.readFully(buffer.slice(), 0),
            file::size,
            () -> file.truncate(0),
            () -> file.preallocate(10),
            file::sync)) {
      assertThatThrownBy(use::run).isInstanceOf(ClosedChannelException.class);
    }
    assertThat(faulty.calls).isZero();
  }

  @Test
  void nothingToMoveIsNoCall() throws Exception {
    assertThat(file.read(List.of(), 0)).isZero();
    assertThat(file.write(List.of(), 0)).isZero();
    assertThat(file.write(buffer.slice().withLength(0), 0)).isZero();
    assertThat(file.read(buffer.slice().sliceCapacity(0, 0), 6 * BLOCK)).isZero();
    assertThat(faulty.calls).isZero();
  }

  // ---- pieces

  @Test
  void adjacentPiecesAreOneAndTheOrderCounts() throws Exception {
    List<IoSlice> frames = buffer.slices(BLOCK);
    for (int i = 0; i < 4; i++) {
      frames.get(i).memory().fill((byte) (10 + i));
    }
    Parts adjacent = Parts.data(frames, BLOCK);
    assertThat(adjacent.from(0, 0, 9)).hasSize(1);
    assertThat(adjacent.from(0, BLOCK, 9)[0].byteSize()).isEqualTo(3 * BLOCK);
    List<IoSlice> mixed = List.of(frames.get(2), frames.get(3), frames.get(0));
    assertThat(Parts.data(mixed, BLOCK).from(0, 0, 9)).hasSize(2);
    assertThat(file.write(mixed, 0)).isEqualTo(3 * BLOCK);
    assertThat(faulty.calls).isEqualTo(1);
    assertThat(new byte[] {faulty.content[0], faulty.content[BLOCK], faulty.content[2 * BLOCK]})
        .containsExactly(12, 13, 10);
  }

  @FunctionalInterface
  private interface Action {
    void run() throws Exception;
  }
}
