package dev.pinnedstore.benchmarks;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.FragmentAssembler;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.driver.Configuration;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Peers of {@code AppendBenchmark.append}: one thread writes, another takes what has come, in
 * batches. The reader of these must touch each message where it lies; that of the store only
 * handles.
 *
 * <p>Aeron: an exclusive publication over IPC, one embedded media driver with one thread, and a
 * message in as few fragments as its largest MTU allows.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HandOverBenchmark {
  private static final int STREAM = 1;
  private static final int FRAGMENTS = 256;

  /** Agrona's ring of 16 MiB and its reader. */
  @State(Scope.Benchmark)
  public static class Ring {
    private final ManyToOneRingBuffer ring =
        new ManyToOneRingBuffer(
            new UnsafeBuffer(
                ByteBuffer.allocateDirect((16 << 20) + RingBufferDescriptor.TRAILER_LENGTH)));
    private UnsafeBuffer source = new UnsafeBuffer(new byte[1]);
    private Poller poller;
    private long sum;

    /** Starts the reader. */
    @Setup
    public void start(Blob blob) {
      source = new UnsafeBuffer(blob.source.asByteBuffer());
      MessageHandler handler = (_, buffer, index, _) -> sum += buffer.getByte(index);
      poller = new Poller(() -> ring.read(handler));
    }

    /** Ends it. */
    @TearDown
    public void stop() {
      poller.close();
    }
  }

  /** Aeron and its reader. */
  @State(Scope.Benchmark)
  public static class Ipc {
    private MediaDriver driver;
    private Aeron aeron;
    private Subscription subscription;
    private ExclusivePublication publication;
    private UnsafeBuffer source = new UnsafeBuffer(new byte[1]);
    private Poller poller;
    private long sum;

    /** Starts the driver and the reader. */
    @Setup
    public void start(Blob blob) {
      source = new UnsafeBuffer(blob.source.asByteBuffer());
      driver =
          MediaDriver.launchEmbedded(
              new MediaDriver.Context()
                  .threadingMode(ThreadingMode.SHARED)
                  .sharedIdleStrategy(new BackoffIdleStrategy())
                  .ipcMtuLength(Configuration.MAX_UDP_PAYLOAD_LENGTH)
                  .ipcTermBufferLength(16 << 20)
                  .dirDeleteOnShutdown(true));
      aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(driver.aeronDirectoryName()));
      subscription = aeron.addSubscription("aeron:ipc", STREAM);
      publication = aeron.addExclusivePublication("aeron:ipc", STREAM);
      while (!publication.isConnected()) {
        Thread.onSpinWait();
      }
      FragmentAssembler assembler =
          new FragmentAssembler((buffer, offset, _, _) -> sum += buffer.getByte(offset));
      poller = new Poller(() -> subscription.poll(assembler, FRAGMENTS));
    }

    /** Ends them. */
    @TearDown
    public void stop() {
      poller.close();
      publication.close();
      subscription.close();
      aeron.close();
      driver.close();
    }
  }

  /** Agrona's ring buffer of many writers and one reader. */
  @Benchmark
  public void agronaRing(Blob blob, Ring peer) {
    while (!peer.ring.write(1, peer.source, 0, blob.size)) {
      Thread.onSpinWait();
    }
  }

  /** Aeron over IPC. */
  @Benchmark
  public long aeronIpc(Blob blob, Ipc peer) {
    while (true) {
      long position = peer.publication.offer(peer.source, 0, blob.size);
      if (position > 0) {
        return position;
      }
      if (position == Publication.CLOSED || position == Publication.NOT_CONNECTED) {
        throw new IllegalStateException("position=" + position);
      }
      Thread.onSpinWait();
    }
  }
}
