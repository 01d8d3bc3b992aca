package dev.pinnedstore.benchmarks;

import com.sun.management.ThreadMXBean;
import dev.pinnedstore.os.ThreadUsage;
import dev.pinnedstore.store.BlobHandle;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreStats;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * What a writing thread asks of the operating system and of the heap in steady state, counted: page
 * faults, the times it gave up its processor, bytes allocated. Then what the store holds once all
 * is acknowledged. Linux with native access; run it with {@code -XX:+AlwaysPreTouch}, so that the
 * heap's own faults do not count.
 */
public final class WriterCounts {
  private static final int BLOB = 4096;
  private static final long PAGE = 2L << 20;
  private static final Duration DECAY = Duration.ofSeconds(1);
  private static final long SAMPLE_EVERY = 1 << 12;
  private static final int VIEWS = 2_000_000;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final long WAIT_NANOS = 30_000_000_000L;

  private WriterCounts() {}

  /**
   * Counts.
   *
   * @param args the backend, bytes to append, the file for the result as JSON
   * @throws IOException when the file cannot be written
   */
  public static void main(String... args) throws IOException {
    long blobs = Long.parseLong(args[1]) / BLOB;
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("subject", args[0]);
    result.put("bytes", blobs * BLOB);
    try (Arena arena = Arena.ofShared();
        PinnedStore store =
            PinnedStore.open(Sources.config(args[0], PAGE).decayTimeout(DECAY).build())) {
      store.startLifecycle();
      MemorySegment source = Sources.random(arena, BLOB);
      int inFlight = Sources.inFlight(BLOB);
      MemorySegment slots = arena.allocate((long) inFlight * BlobHandle.BYTES, 64);
      Writer writer = new Writer(store, source, slots, inFlight);
      writer.write(blobs / 8);
      count(writer, blobs, result);
      result.put("allocatedBytesPerView", writer.allocatedPerView());
      memory(writer, blobs / 8, result);
      release(writer, result);
    }
    Json.write(Path.of(args[2]), result);
  }

  /** Appends, and acknowledges what is old. */
  private static final class Writer {
    private final PinnedStore store;
    private final MemorySegment source;
    private final MemorySegment slots;
    private final int inFlight;
    private long position;

    Writer(PinnedStore store, MemorySegment source, MemorySegment slots, int inFlight) {
      this.store = store;
      this.source = source;
      this.slots = slots;
      this.inFlight = inFlight;
    }

    void write(long blobs) {
      for (long i = 0; i < blobs; i++) {
        long slot = position % inFlight * BlobHandle.BYTES;
        if (position >= inFlight) {
          store.acknowledge(slots, slot);
        }
        store.append(source, slots, slot);
        position++;
      }
    }

    /** Bytes that a view and a read through it allocate, once they are compiled. */
    double allocatedPerView() {
      long sum = view(VIEWS);
      long before = THREADS.getCurrentThreadAllocatedBytes();
      sum += view(VIEWS);
      long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
      return sum == Long.MIN_VALUE ? Double.NaN : (double) allocated / VIEWS;
    }

    private long view(int views) {
      long sum = 0;
      for (int i = 0; i < views; i++) {
        long slot = (long) (i % inFlight) * BlobHandle.BYTES;
        sum += store.view(slots, slot).get(ValueLayout.JAVA_BYTE, 0);
      }
      return sum;
    }

    void acknowledgeAll() {
      for (int i = 0; i < inFlight; i++) {
        store.acknowledge(slots, (long) i * BlobHandle.BYTES);
      }
    }
  }

  private static void count(Writer writer, long blobs, Map<String, Object> result)
      throws IOException {
    long waitsBefore = voluntarySwitches();
    ThreadUsage before = ThreadUsage.current();
    long allocatedBefore = THREADS.getCurrentThreadAllocatedBytes();
    writer.write(blobs);
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - allocatedBefore;
    ThreadUsage after = ThreadUsage.current();
    result.put("minorFaults", after.minorFaults() - before.minorFaults());
    result.put("majorFaults", after.majorFaults() - before.majorFaults());
    result.put("voluntarySwitches", voluntarySwitches() - waitsBefore);
    result.put("allocatedBytesPerAppend", (double) allocated / blobs);
  }

  /** The memory held beside the memory of what is in flight, sampled while appending. */
  private static void memory(Writer writer, long blobs, Map<String, Object> result) {
    long most = 0;
    long waiting = 0;
    for (long done = 0; done < blobs; done += SAMPLE_EVERY) {
      writer.write(SAMPLE_EVERY);
      StoreStats stats = writer.store.stats();
      most = Math.max(most, stats.committedBytes());
      waiting = Math.max(waiting, stats.waitingBytes());
    }
    result.put("liveBytes", (long) writer.inFlight * BLOB);
    result.put("pageBytes", PAGE);
    result.put("committedBytesMost", most);
    result.put("waitingBytesMost", waiting);
    result.put("tableBytes", writer.store.stats().tableBytes());
  }

  private static void release(Writer writer, Map<String, Object> result) {
    writer.acknowledgeAll();
    long start = System.nanoTime();
    long elapsed = 0;
    while (writer.store.stats().committedBytes() > 2 * PAGE && elapsed < WAIT_NANOS) {
      LockSupport.parkNanos(10_000_000);
      elapsed = System.nanoTime() - start;
    }
    result.put("decayMillis", writer.store.config().decayTimeout().toMillis());
    result.put("backToTwoPagesMillis", elapsed / 1_000_000);
    result.put("committedBytesAfter", writer.store.stats().committedBytes());
  }

  /** How often this thread has waited for something: no such switch, no blocking system call. */
  private static long voluntarySwitches() throws IOException {
    return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
        .filter(line -> line.startsWith("voluntary_ctxt_switches:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .sum();
  }
}
