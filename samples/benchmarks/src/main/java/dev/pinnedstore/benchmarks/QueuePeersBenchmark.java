package dev.pinnedstore.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import net.openhft.chronicle.bytes.BytesStore;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.wire.DocumentContext;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The loop of {@link PeersBenchmark} with queues: they keep blobs in order, and none of them longer
 * than the others. Written and read by one thread, which reads in batches.
 *
 * <p>Chronicle Queue keeps all that was ever written to it, in files on {@code /dev/shm} where that
 * exists; each iteration begins a new queue and deletes the last one. So it always writes fresh
 * pages, as it does in use.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class QueuePeersBenchmark {

  /** Agrona's ring of 16 MiB. */
  @State(Scope.Thread)
  public static class Ring {
    private final ManyToOneRingBuffer ring =
        new ManyToOneRingBuffer(
            new UnsafeBuffer(
                ByteBuffer.allocateDirect((16 << 20) + RingBufferDescriptor.TRAILER_LENGTH)));
    private UnsafeBuffer source = new UnsafeBuffer(new byte[1]);
    private long sum;
    private final MessageHandler handler = (_, buffer, index, _) -> sum += buffer.getByte(index);

    /** Makes the source. */
    @Setup
    public void fill(Blob blob) {
      source = new UnsafeBuffer(blob.source.asByteBuffer());
    }
  }

  /** A queue of Chronicle. */
  @State(Scope.Thread)
  public static class Chronicle {
    private Path directory = Path.of("");
    private ChronicleQueue queue;
    private ExcerptAppender appender;
    private ExcerptTailer tailer;
    private BytesStore<?, ?> source = BytesStore.empty();

    /** Makes the source. */
    @Setup
    public void fill(Blob blob) {
      // Chronicle takes no buffer whose Arena may be closed.
      ByteBuffer bytes = ByteBuffer.allocateDirect(blob.size).put(blob.source.asByteBuffer());
      source = BytesStore.wrap(bytes.flip());
    }

    /** Begins a queue. */
    @Setup(Level.Iteration)
    public void open() throws IOException {
      directory = Medium.TMPFS.directory();
      queue = ChronicleQueue.singleBuilder(directory).build();
      appender = queue.createAppender();
      tailer = queue.createTailer();
    }

    /** Deletes it. */
    @TearDown(Level.Iteration)
    public void close() throws IOException {
      tailer.close();
      appender.close();
      queue.close();
      Medium.delete(directory);
    }
  }

  /** Agrona's ring buffer of many writers and one reader. */
  @Benchmark
  public long agronaRing(Blob blob, InFlight turn, Ring peer) {
    while (!peer.ring.write(1, peer.source, 0, blob.size)) {
      peer.ring.read(peer.handler);
    }
    if (turn.next() == 0) {
      peer.ring.read(peer.handler);
    }
    return peer.sum;
  }

  /** Chronicle Queue in memory. */
  @Benchmark
  public long chronicleQueue(InFlight turn, Chronicle peer) {
    try (DocumentContext document = peer.appender.writingDocument()) {
      document.wire().bytes().write(peer.source);
    }
    return turn.next() == 0 ? drain(peer.tailer) : 0;
  }

  private static long drain(ExcerptTailer tailer) {
    long sum = 0;
    while (true) {
      try (DocumentContext document = tailer.readingDocument()) {
        if (!document.isPresent()) {
          return sum;
        }
        sum += document.wire().bytes().readByte();
      }
    }
  }
}
