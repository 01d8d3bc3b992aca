package dev.pinnedstore.samples.courier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pinnedstore.store.BlobHandle;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HandleRingTest {
  @AutoClose private final HandleRing ring = new HandleRing(4);

  @ParameterizedTest
  @CsvSource({"2, 1", "2, 3", "4, 1", "4, 3", "64, 2"})
  void everySlotReachesOneConsumerWithAllItsFields(int capacity, int consumers) throws Exception {
    int count = 4_000;
    AtomicIntegerArray taken = new AtomicIntegerArray(count);
    AtomicLong wrong = new AtomicLong();
    try (HandleRing shared = new HandleRing(capacity);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      Future<?>[] done = new Future<?>[consumers];
      for (int i = 0; i < consumers; i++) {
        done[i] = threads.submit(() -> consume(shared, taken, wrong));
      }
      for (int i = 0; i < count; i++) {
        long slot = shared.claim();
        handle(i).writeTo(shared.slots(), HandleRing.handleAt(slot));
        shared.publish(slot, i, ~i, 31 * i);
      }
      shared.end();
      for (Future<?> future : done) {
        future.get();
      }
    }
    assertThat(wrong).hasValue(0);
    for (int i = 0; i < count; i++) {
      assertThat(taken.get(i)).as("how often %d was taken", i).isEqualTo(1);
    }
  }

  private static void consume(HandleRing ring, AtomicIntegerArray taken, AtomicLong wrong) {
    for (long slot = ring.take(); slot != HandleRing.END; slot = ring.take()) {
      int file = ring.file(slot);
      BlobHandle handle = BlobHandle.readFrom(ring.slots(), HandleRing.handleAt(slot));
      if (!handle.equals(handle(file))
          || ring.piece(slot) != ~file
          || ring.checksum(slot) != 31 * file) {
        wrong.incrementAndGet();
      }
      taken.incrementAndGet(file);
      ring.release(slot);
    }
  }

  private static BlobHandle handle(int i) {
    return new BlobHandle(i, i + 1, i + 2, i + 3, i + 4L);
  }

  @Test
  void whatWasSentBeforeTheEndIsTaken() {
    ring.publish(ring.claim(), 1, 2, 3);
    ring.end();

    long slot = ring.take();
    assertThat(ring.file(slot)).isEqualTo(1);
    ring.release(slot);
    assertThat(ring.take()).isEqualTo(HandleRing.END);
    assertThat(ring.take()).isEqualTo(HandleRing.END);
  }

  @Test
  void anUnpublishedClaimIsTheSameSlotAgain() {
    long slot = ring.claim();

    assertThat(ring.claim()).isEqualTo(slot);
    ring.publish(slot, 0, 0, 0);
    assertThat(ring.claim()).isNotEqualTo(slot);
  }

  @Test
  void cancellingEndsTheWaitOfAFullRing() {
    for (int i = 0; i < 4; i++) {
      ring.publish(ring.claim(), i, 0, 0);
    }
    ring.cancel();

    assertThatThrownBy(ring::claim).isInstanceOf(CancellationException.class);
  }

  @Test
  void cancellingEndsTheWaitOfAConsumer() {
    ring.cancel();
    ring.end();

    assertThat(ring.take()).isEqualTo(HandleRing.END);
  }

  @Test
  void theCapacityIsAPowerOfTwo() {
    for (int capacity : new int[] {Integer.MIN_VALUE, -2, 0, 1, 3}) {
      assertThatThrownBy(() -> new HandleRing(capacity).close())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("capacity=" + capacity + ": must be a power of two between 2 and 1073741824");
    }
  }
}
