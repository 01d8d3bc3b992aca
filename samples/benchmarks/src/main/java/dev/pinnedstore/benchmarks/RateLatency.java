package dev.pinnedstore.benchmarks;

import dev.pinnedstore.store.PinnedStore;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Latency of one append in steady state, at a fixed rate, while another thread consumes: of a
 * store, or of a peer. One subject per JVM, so that none suffers from what the compiler learnt of
 * another.
 *
 * <p>The subjects: a backend; {@code copy}, into a warm ring with the same hand-over; {@code heap},
 * arrays that are handed over and left to the collector; {@code agrona}, a ring buffer.
 */
public final class RateLatency {
  private static final int SLOTS = 2048;

  private RateLatency() {}

  /** What is measured, and what ends it. */
  private record Subject(Runnable write, AutoCloseable end) {}

  /**
   * Runs the measurement.
   *
   * @param args the subject, bytes of a blob, operations per second, seconds (as many halves of
   *     them warm up), the file for the result as JSON
   * @throws Exception when the subject cannot be set up, or the file not be written
   */
  public static void main(String... args) throws Exception {
    int size = Integer.parseInt(args[1]);
    double rate = Double.parseDouble(args[2]);
    double seconds = Double.parseDouble(args[3]);
    Histogram latency = Latencies.histogram();
    Subject subject = subject(args[0], size);
    try (AutoCloseable _ = subject.end) {
      Latencies.atRate(latency, (long) (rate * seconds / 2), 1e9 / rate, subject.write);
      latency.reset();
      Latencies.atRate(latency, (long) (rate * seconds), 1e9 / rate, subject.write);
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("subject", args[0]);
    result.put("size", size);
    result.put("ratePerSecond", rate);
    result.putAll(Latencies.summary(latency));
    Json.write(Path.of(args[4]), result);
  }

  private static Subject subject(String name, int size) {
    Arena arena = Arena.ofShared();
    MemorySegment source = Sources.random(arena, size);
    return switch (name) {
      case "copy" -> copy(source);
      case "heap" -> heap(source);
      case "agrona" -> agrona(source);
      default -> store(name, source);
    };
  }

  private static Subject store(String backend, MemorySegment source) {
    PinnedStore store = PinnedStore.open(Sources.config(backend).build());
    store.startLifecycle();
    HandleRing ring = new HandleRing(SLOTS);
    Consumer consumer = new Consumer(ring, store::acknowledge).start();
    return new Subject(
        () -> {
          long slot = ring.claim();
          store.append(source, ring.slots(), slot);
          ring.publish();
        },
        () -> {
          consumer.close();
          store.close();
        });
  }

  private static Subject copy(MemorySegment source) {
    WarmRing memory = new WarmRing();
    HandleRing ring = new HandleRing(SLOTS);
    Consumer consumer = new Consumer(ring, (_, _) -> {}).start();
    return new Subject(
        () -> {
          long slot = ring.claim();
          ring.slots().set(ValueLayout.JAVA_LONG_UNALIGNED, slot, memory.copy(source));
          ring.publish();
        },
        consumer);
  }

  private static Subject heap(MemorySegment source) {
    AtomicReferenceArray<byte[]> arrays = new AtomicReferenceArray<>(SLOTS);
    HandleRing ring = new HandleRing(SLOTS);
    long[] sum = new long[1];
    Consumer consumer =
        new Consumer(
                ring,
                (slots, offset) -> {
                  int index = (int) slots.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
                  sum[0] += arrays.getAndSet(index, null)[0];
                })
            .start();
    long[] next = new long[1];
    return new Subject(
        () -> {
          long slot = ring.claim();
          int index = (int) (next[0]++ % SLOTS);
          arrays.setRelease(index, source.toArray(ValueLayout.JAVA_BYTE));
          ring.slots().set(ValueLayout.JAVA_LONG_UNALIGNED, slot, index);
          ring.publish();
        },
        consumer);
  }

  private static Subject agrona(MemorySegment source) {
    ManyToOneRingBuffer peer =
        new ManyToOneRingBuffer(
            new UnsafeBuffer(
                ByteBuffer.allocateDirect((16 << 20) + RingBufferDescriptor.TRAILER_LENGTH)));
    UnsafeBuffer message = new UnsafeBuffer(source.asByteBuffer());
    long[] sum = new long[1];
    MessageHandler handler = (_, buffer, index, _) -> sum[0] += buffer.getByte(index);
    Poller poller = new Poller(() -> peer.read(handler));
    return new Subject(
        () -> {
          while (!peer.write(1, message, 0, message.capacity())) {
            Thread.onSpinWait();
          }
        },
        poller);
  }
}
