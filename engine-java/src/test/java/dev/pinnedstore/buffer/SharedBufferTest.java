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
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** When the memory of shared buffers is free again: on memory that says what became of it. */
@Tag("contract")
class SharedBufferTest {
  private final Recorder memory = new Recorder();
  private final BufferPlace place = new BufferPlace(memory);

  private AlignedBuffer make(long bytes) {
    return AlignedBuffer.shared(place, bytes, bytes, true);
  }

  @Test
  void aKeptSegmentShowsItsOwnOldBytesUntilItsGroupRetires() {
    List<AlignedBuffer> buffers = new ArrayList<>();
    for (int i = 0; i < SharedGroups.MAX_MEMBERS; i++) {
      buffers.add(make(4096));
    }
    MemorySegment kept = buffers.get(0).segment();
    kept.fill((byte) 9);
    for (AlignedBuffer buffer : buffers.subList(0, buffers.size() - 1)) {
      buffer.close();
      assertThat(memory.free).isEmpty();
      assertThat(kept.get(JAVA_BYTE, 17)).isEqualTo((byte) 9);
    }
    assertThat(place.groups().waitingBytes()).isEqualTo(511 * 4096L);
    buffers.getLast().close();
    assertThat(memory.free).hasSize(SharedGroups.MAX_MEMBERS).contains(kept.address());
    assertThatThrownBy(() -> kept.get(JAVA_BYTE, 17)).isInstanceOf(IllegalStateException.class);
    assertThat(place.groups().waitingBytes()).isZero();
  }

  @Test
  void aLargeBufferRetiresByItself() {
    AlignedBuffer small = make(4096);
    AlignedBuffer large = make(SharedGroups.ALONE_BYTES);
    MemorySegment kept = large.segment();
    large.close();
    assertThat(memory.free).containsExactly(kept.address());
    assertThatThrownBy(() -> kept.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    assertThat(small.segment().get(JAVA_BYTE, 0)).isZero();
    small.close();
  }

  @Test
  void oneLongLivedBufferPerGroupHoldsABoundedRestBack() {
    List<AlignedBuffer> longLived = new ArrayList<>();
    for (int round = 0; round < 40; round++) {
      longLived.add(make(4096));
      for (int i = 0; i < 16; i++) {
        make(64 << 10).close();
        make(64 << 10).close();
        make(64 << 10).close();
        make(64 << 10).close();
      }
    }
    assertThat(place.groups().waitingBytes())
        .isLessThan(SharedGroups.WAITING_BYTES + SharedGroups.MAX_GROUP_BYTES);
    longLived.forEach(AlignedBuffer::close);
  }

  @Test
  void anOperationKeepsTheMemoryOfAClosedBuffer() {
    AlignedBuffer buffer = make(SharedGroups.ALONE_BYTES);
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
    AlignedBuffer buffer = make(SharedGroups.ALONE_BYTES);
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
      for (long read = 1; read < SharedGroups.ALONE_BYTES; drain.clear()) {
        read += source.read(drain);
      }
      assertThat(write.get()).isEqualTo((int) SharedGroups.ALONE_BYTES);
    } finally {
      pipe.sink().close();
    }
    make(SharedGroups.ALONE_BYTES).close();
    assertThat(memory.free).contains(segment.address()).hasSize(2);
  }

  @Test
  void closingOnManyThreadsGivesEachPieceBackOnce() throws Exception {
    int threads = 4;
    List<AlignedBuffer> buffers = new ArrayList<>();
    for (int i = 0; i < 4 * SharedGroups.MAX_MEMBERS; i++) {
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
      AlignedBuffer buffer = make(SharedGroups.ALONE_BYTES);
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

    @Override
    public MemorySegment take(long bytes, boolean zeroed, Arena lifetime) {
      return lifetime.allocate(bytes, 4096);
    }

    @Override
    public synchronized void release(long address, long bytes) {
      released++;
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
