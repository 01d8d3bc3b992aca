package dev.pinnedstore.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.os.BufferMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** When the memory of shared buffers is free again: on memory that says what became of it. */
@Tag("contract")
class SharedBufferTest {
  /** Has an Arena of its own in any case. */
  private static final long ALONE_BYTES = 1L << 20;

  /** Pages in a group. */
  private static final int MEMBERS = (int) (SharedGroups.MAX_GROUP_BYTES / 4096);

  private final Recorder memory = new Recorder();
  private final BufferPlace place = new BufferPlace(memory);

  private AlignedBuffer make(long bytes) {
    return AlignedBuffer.shared(place, bytes, bytes, true);
  }

  @Test
  void aKeptSegmentShowsItsOwnOldBytesUntilItsGroupRetires() {
    List<AlignedBuffer> buffers = new ArrayList<>();
    for (int i = 0; i < MEMBERS; i++) {
      buffers.add(make(4096));
    }
    MemorySegment kept = buffers.get(0).segment();
    kept.fill((byte) 9);
    for (AlignedBuffer buffer : buffers.subList(0, buffers.size() - 1)) {
      buffer.close();
      assertThat(memory.free).isEmpty();
      assertThat(kept.get(JAVA_BYTE, 17)).isEqualTo((byte) 9);
    }
    assertThat(place.groups().waitingBytes()).isEqualTo((MEMBERS - 1) * 4096L);
    buffers.getLast().close();
    assertThat(memory.free).hasSize(MEMBERS).contains(kept.address());
    assertThatThrownBy(() -> kept.get(JAVA_BYTE, 17)).isInstanceOf(IllegalStateException.class);
    assertThat(place.groups().waitingBytes()).isZero();
  }

  @Test
  void aLargeBufferRetiresByItself() {
    AlignedBuffer small = make(4096);
    AlignedBuffer large = make(ALONE_BYTES);
    MemorySegment kept = large.segment();
    large.close();
    assertThat(memory.free).containsExactly(kept.address());
    assertThatThrownBy(() -> kept.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    assertThat(small.segment().get(JAVA_BYTE, 0)).isZero();
    small.close();
  }

  @Test
  void aBufferThatLivesKeepsAtMostTheRestOfItsGroupWaiting() {
    int groups = 80;
    List<AlignedBuffer> longLived = new ArrayList<>();
    List<AlignedBuffer> others = new ArrayList<>();
    for (int i = 0; i < groups * MEMBERS; i++) {
      (i % MEMBERS == 7 ? longLived : others).add(make(4096));
    }
    others.forEach(AlignedBuffer::close);
    long waiting = groups * (SharedGroups.MAX_GROUP_BYTES - 4096);
    assertThat(place.groups().waitingBytes())
        .isEqualTo(waiting)
        .isGreaterThan(SharedGroups.WAITING_BYTES);
    assertThat(memory.free).isEmpty();

    // So many wait that groups are smaller, and yet no buffer pays for an Arena of its own.
    int few = (int) (SharedGroups.SMALL_GROUP_BYTES / 4096);
    for (int i = 0; i < few - 1; i++) {
      make(4096).close();
      assertThat(memory.free).isEmpty();
    }
    make(4096).close();
    assertThat(memory.free).hasSize(few);
    assertThat(place.groups().waitingBytes()).isEqualTo(waiting);

    longLived.forEach(AlignedBuffer::close);
    assertThat(place.groups().waitingBytes()).isZero();
    assertThat(memory.free).hasSize(groups * MEMBERS + few);
    assertThat(memory.twice).isZero();
  }

  @Test
  void groupsOfAllSizesHoldTheirBoundAndGiveEveryByteBack() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<AlignedBuffer> alive = new ArrayList<>();
    long bytes = 0;
    for (int i = 0; i < 20_000; i++) {
      if (alive.size() < 40) {
        alive.add(make(4096L * (1 + random.nextInt(random.nextInt(10) == 0 ? 70 : 8))));
        bytes += alive.getLast().capacity();
      } else {
        alive.remove(random.nextInt(alive.size())).close();
      }
      assertThat(place.groups().waitingBytes())
          .as("seed=%d", seed)
          .isLessThanOrEqualTo((alive.size() + 1) * SharedGroups.MAX_GROUP_BYTES);
    }
    alive.forEach(AlignedBuffer::close);
    // The group that is open, and the one that was full before it: the next buffer closes that.
    assertThat(place.groups().waitingBytes())
        .as("seed=%d", seed)
        .isLessThanOrEqualTo(2 * SharedGroups.MAX_GROUP_BYTES);
    assertThat(memory.releasedBytes + place.groups().waitingBytes())
        .as("seed=%d", seed)
        .isEqualTo(bytes);
  }

  @Test
  void memoryThatCannotBeGivenBackCostsNoOtherItsPlace() {
    List<AlignedBuffer> buffers = new ArrayList<>();
    for (int i = 0; i < MEMBERS; i++) {
      buffers.add(make(4096));
    }
    memory.failures = 1;
    buffers.subList(1, MEMBERS).forEach(AlignedBuffer::close);
    assertThatThrownBy(buffers.getFirst()::close).isInstanceOf(OutOfMemoryError.class);
    AlignedBuffer next = make(4096);
    assertThat(memory.free).as("all but the one").hasSize(MEMBERS - 1);
    assertThat(place.groups().waitingBytes()).isZero();
    assertThat(memory.twice).isZero();
    next.close();
  }

  @Test
  void anOperationEndsAlsoWhenItsMemoryCannotBeGivenBack() throws Exception {
    AlignedBuffer lost = make(ALONE_BYTES);
    AlignedBuffer other = make(ALONE_BYTES);
    FaultyFile faulty = new FaultyFile(new byte[2 * (int) ALONE_BYTES]);
    faulty.script.add(
        (Runnable)
            () -> {
              lost.close();
              other.close();
              memory.failures = 1;
            });
    try (DirectFile file = faulty.open()) {
      List<IoSlice> both = List.of(lost.slice(), other.slice());
      // Its thread reports the error; the reader has its bytes all the same.
      assertThat(file.readAsync(both, 0).join()).isEqualTo(2 * ALONE_BYTES);
    }
    assertThat(memory.released).isEqualTo(2);
    assertThat(memory.free).hasSize(1);
  }

  @Test
  void aBufferThatGetsNoMemoryLeavesItsGroup() {
    AlignedBuffer first = make(4096);
    memory.refusals = 1;
    assertThatThrownBy(() -> make(4096)).isInstanceOf(OutOfMemoryError.class);
    memory.refusals = 1;
    assertThatThrownBy(() -> make(ALONE_BYTES)).isInstanceOf(OutOfMemoryError.class);
    first.close();
    for (int i = 1; i < MEMBERS; i++) {
      make(4096).close();
    }
    assertThat(memory.free).hasSize(MEMBERS);
    assertThat(place.groups().waitingBytes()).isZero();
  }

  @Test
  void anOperationKeepsTheMemoryOfAClosedBuffer() {
    AlignedBuffer buffer = make(ALONE_BYTES);
    MemorySegment segment = buffer.segment();
    buffer.hold();
    buffer.hold();
    buffer.close();
    assertThatThrownBy(buffer::segment).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(buffer::hold).isInstanceOf(IllegalStateException.class);
    buffer.release();
    assertThat(memory.free).isEmpty();
    assertThat(segment.get(JAVA_BYTE, 0)).isZero();
    buffer.close();
    assertThat(memory.free).as("closed twice is closed once").isEmpty();
    buffer.release();
    assertThat(memory.free).containsExactly(segment.address());
  }

  @Test
  void memoryInsideASystemCallIsGivenBackLater() throws Exception {
    AlignedBuffer buffer = make(ALONE_BYTES);
    MemorySegment segment = buffer.segment();
    Pipe pipe = Pipe.open();
    ByteBuffer bytes = buffer.asByteBuffer();
    FutureTask<Integer> write = new FutureTask<>(() -> pipe.sink().write(bytes));
    Thread.ofPlatform().start(write);
    try (Pipe.SourceChannel source = pipe.source()) {
      // One byte arrived, and no pipe takes the rest: the writer is inside its system call.
      assertThat(source.read(ByteBuffer.allocate(1))).isEqualTo(1);
      buffer.close();
      assertThat(memory.free).isEmpty();
      ByteBuffer drain = ByteBuffer.allocate(1 << 20);
      for (long read = 1; read < ALONE_BYTES; drain.clear()) {
        read += source.read(drain);
      }
      assertThat(write.get()).isEqualTo((int) ALONE_BYTES);
    } finally {
      pipe.sink().close();
    }
    AlignedBuffer next = make(4096);
    assertThat(memory.free)
        .as("the next one that is made tries")
        .containsExactly(segment.address());
    next.close();
  }

  @Test
  void closingOnManyThreadsGivesEachPieceBackOnce() throws Exception {
    int threads = 4;
    List<AlignedBuffer> buffers = new ArrayList<>();
    for (int i = 0; i < 4 * MEMBERS; i++) {
      buffers.add(make(4096));
    }
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> crew = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      crew.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      start.await();
                    } catch (InterruptedException e) {
                      throw new AssertionError(e);
                    }
                    // Every thread closes every buffer.
                    buffers.forEach(AlignedBuffer::close);
                  }));
    }
    start.countDown();
    for (Thread thread : crew) {
      thread.join();
    }
    assertThat(memory.free).hasSize(buffers.size());
    assertThat(memory.twice).isZero();
  }

  @Test
  void anOperationThatRacesWithCloseHoldsTheMemoryOrIsRefused() throws Exception {
    for (int round = 0; round < 2000; round++) {
      AlignedBuffer buffer = make(ALONE_BYTES);
      MemorySegment segment = buffer.segment();
      FutureTask<Boolean> operation =
          new FutureTask<>(
              () -> {
                try {
                  buffer.hold();
                } catch (IllegalStateException e) {
                  return true;
                }
                // Held: whatever becomes of the buffer, this is its memory.
                segment.set(JAVA_BYTE, 0, (byte) 1);
                boolean alive = segment.get(JAVA_BYTE, 0) == 1;
                buffer.release();
                return alive;
              });
      Thread thread = Thread.ofPlatform().start(operation);
      buffer.close();
      assertThat(operation.get()).isTrue();
      thread.join();
      assertThat(memory.released).isEqualTo(round + 1);
    }
  }

  @Test
  void extendOnManyThreadsLosesNothing() throws Exception {
    try (AlignedBuffer buffer = AlignedBuffer.shared(1 << 20)) {
      buffer.clear();
      List<Thread> crew = new ArrayList<>();
      for (int t = 1; t <= 4; t++) {
        byte[] piece = {(byte) t, (byte) t, (byte) t};
        crew.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      for (int i = 0; i < 10_000; i++) {
                        buffer.extend(piece);
                      }
                    }));
      }
      for (Thread thread : crew) {
        thread.join();
      }
      assertThat(buffer.length()).isEqualTo(4 * 30_000);
      int[] counts = new int[5];
      MemorySegment data = buffer.segment();
      for (long at = 0; at < data.byteSize(); at += 3) {
        byte piece = data.get(JAVA_BYTE, at);
        assertThat(data.get(JAVA_BYTE, at + 2)).isEqualTo(piece);
        counts[piece]++;
      }
      assertThat(counts).containsExactly(0, 10_000, 10_000, 10_000, 10_000);
    }
  }

  /** Takes memory from the arena that it is asked for, and notes what is released. */
  private static final class Recorder implements BufferMemory {
    final Set<Long> free = new HashSet<>();
    int twice;
    int released;
    long releasedBytes;

    /** How many of the next calls fail for want of memory. */
    int failures;

    int refusals;

    @Override
    public MemorySegment take(long bytes, boolean zeroed, Arena lifetime) {
      if (refusals > 0) {
        refusals--;
        throw new OutOfMemoryError("a test");
      }
      return lifetime.allocate(bytes, 4096);
    }

    @Override
    public synchronized void release(long address, long bytes) {
      released++;
      releasedBytes += bytes;
      if (failures > 0) {
        failures--;
        throw new OutOfMemoryError("a test");
      }
      if (!free.add(address)) {
        twice++;
      }
    }

    @Override
    public boolean outlivesArena() {
      return true;
    }
  }
}
