package dev.pinnedstore.benchmarks;

import com.sun.management.ThreadMXBean;
import dev.pinnedstore.store.Backend;
import dev.pinnedstore.store.PinnedStore;
import dev.pinnedstore.store.StoreConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * What one process of {@link ProcessRates} does. It warms up, prints {@code ready}, waits for a
 * line, works, prints what it did as {@code operations nanos cpuNanos}, and waits for the end of
 * its input.
 */
public final class ProcessRole {
  private static final int BATCH = 64;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private ProcessRole() {}

  /**
   * Plays a role.
   *
   * @param args {@code writer NAMESPACE RING SIZE SECONDS}, {@code reader NAMESPACE RING...},
   *     {@code copy SIZE SECONDS}, {@code handOver RING SIZE SECONDS} or {@code drain RING...}
   * @throws IOException when a ring cannot be mapped
   */
  public static void main(String... args) throws IOException {
    switch (args[0]) {
      case "writer" -> writer(args);
      case "copy" -> copy(Integer.parseInt(args[1]), Double.parseDouble(args[2]));
      case "handOver" -> handOver(args);
      case "reader" -> reader(args[1], rings(args, 2));
      case "drain" -> take(rings(args, 1), (_, _) -> {});
      default -> throw new IllegalArgumentException("role=" + args[0]);
    }
  }

  static StoreConfig config(String namespace) {
    return StoreConfig.builder().backend(Backend.shared(namespace)).build();
  }

  private static void writer(String... args) throws IOException {
    int size = Integer.parseInt(args[3]);
    SharedHandleRing ring = SharedHandleRing.map(Path.of(args[2]));
    int inFlight = Sources.inFlight(size);
    try (Arena arena = Arena.ofShared();
        PinnedStore store = PinnedStore.attach(args[1], config(args[1]))) {
      store.startLifecycle();
      MemorySegment source = Sources.random(arena, size);
      work(
          Double.parseDouble(args[4]),
          () -> {
            long slot = ring.claim(inFlight);
            store.append(source, ring.memory(), slot);
            ring.publish();
          });
    }
  }

  private static void copy(int size, double seconds) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment source = Sources.random(arena, size);
      WarmRing memory = new WarmRing();
      work(seconds, () -> memory.copy(source));
    }
  }

  private static void handOver(String... args) throws IOException {
    int size = Integer.parseInt(args[2]);
    SharedHandleRing ring = SharedHandleRing.map(Path.of(args[1]));
    int inFlight = Sources.inFlight(size);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment source = Sources.random(arena, size);
      WarmRing memory = new WarmRing();
      work(
          Double.parseDouble(args[3]),
          () -> {
            long slot = ring.claim(inFlight);
            ring.memory().set(ValueLayout.JAVA_LONG_UNALIGNED, slot, memory.copy(source));
            ring.publish();
          });
    }
  }

  private static void reader(String namespace, List<SharedHandleRing> rings) throws IOException {
    try (PinnedStore store = PinnedStore.attach(namespace, config(namespace))) {
      store.startLifecycle();
      take(rings, store::acknowledge);
    }
  }

  private static List<SharedHandleRing> rings(String[] args, int from) throws IOException {
    List<SharedHandleRing> rings = new ArrayList<>();
    for (int i = from; i < args.length; i++) {
      rings.add(SharedHandleRing.map(Path.of(args[i])));
    }
    return rings;
  }

  private static void take(List<SharedHandleRing> rings, Consumer.Use use) throws IOException {
    System.out.println("ready");
    while (System.in.available() == 0) {
      int taken = 0;
      for (SharedHandleRing ring : rings) {
        taken += ring.take(use);
      }
      if (taken == 0) {
        LockSupport.parkNanos(Consumer.POLL_NANOS);
      }
    }
  }

  private static void work(double seconds, Runnable operation) throws IOException {
    long nanos = (long) (seconds * 1e9);
    var _ = run(2 * nanos, operation);
    System.out.println("ready");
    var _ = System.in.read();
    long cpu = THREADS.getCurrentThreadCpuTime();
    long start = System.nanoTime();
    long operations = run(nanos, operation);
    long elapsed = System.nanoTime() - start;
    cpu = THREADS.getCurrentThreadCpuTime() - cpu;
    System.out.println(operations + " " + elapsed + " " + cpu);
    System.in.readAllBytes();
  }

  private static long run(long nanos, Runnable operation) {
    long start = System.nanoTime();
    long operations = 0;
    while (System.nanoTime() - start < nanos) {
      for (int i = 0; i < BATCH; i++) {
        operation.run();
      }
      operations += BATCH;
    }
    return operations;
  }
}
