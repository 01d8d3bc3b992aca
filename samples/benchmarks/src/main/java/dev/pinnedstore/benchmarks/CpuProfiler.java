package dev.pinnedstore.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

/**
 * CPU time and page faults per operation, by JMH's {@code -prof} and this class's name: of the
 * threads that run the benchmark, of the whole process, and of the garbage collector's threads. The
 * last two need Linux and are left out elsewhere.
 */
public final class CpuProfiler implements InternalProfiler {
  private static final long NANOS_PER_TICK = 10_000_000;
  private static final Path SELF = Path.of("/proc/self");

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private Sample before = Sample.NONE;

  private record Sample(long workers, long process, long collector, long faults) {
    static final Sample NONE = new Sample(0, 0, 0, 0);

    static Sample take() {
      return new Sample(workerNanos(), SYSTEM.getProcessCpuTime(), collectorNanos(), faultCount());
    }
  }

  @Override
  public String getDescription() {
    return "CPU time and page faults per operation";
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
    before = Sample.take();
  }

  @Override
  public Collection<ScalarResult> afterIteration(
      BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    Sample after = Sample.take();
    double operations = Math.max(1, result.getMetadata().getAllOps());
    return List.of(
        perOperation("cpu.workers", after.workers - before.workers, operations, "ns/op"),
        perOperation("cpu.process", after.process - before.process, operations, "ns/op"),
        perOperation("cpu.gc", after.collector - before.collector, operations, "ns/op"),
        perOperation("faults", after.faults - before.faults, operations, "#/op"));
  }

  private static ScalarResult perOperation(String name, long sum, double operations, String unit) {
    return new ScalarResult(name, sum / operations, unit, AggregationPolicy.AVG);
  }

  private static long workerNanos() {
    long sum = 0;
    for (long id : THREADS.getAllThreadIds()) {
      var info = THREADS.getThreadInfo(id);
      if (info != null && info.getThreadName().contains("jmh-worker")) {
        sum += Math.max(0, THREADS.getThreadCpuTime(id));
      }
    }
    return sum;
  }

  /** The kernel's names of the collector's threads are cut to 15 characters. */
  private static long collectorNanos() {
    if (!Files.isDirectory(SELF)) {
      return 0;
    }
    long ticks = 0;
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(SELF.resolve("task"))) {
      for (Path task : tasks) {
        String stat = stat(task);
        String name = stat.substring(stat.indexOf('(') + 1, Math.max(1, stat.lastIndexOf(')')));
        if (name.startsWith("GC ") || name.startsWith("G1 ") || name.startsWith("VM Thread")) {
          ticks += field(stat, 14) + field(stat, 15);
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return ticks * NANOS_PER_TICK;
  }

  private static long faultCount() {
    try {
      String stat = Files.isDirectory(SELF) ? stat(SELF) : "";
      return stat.isEmpty() ? 0 : field(stat, 10) + field(stat, 12);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String stat(Path directory) throws IOException {
    try {
      return Files.readString(directory.resolve("stat"));
    } catch (NoSuchFileException e) {
      return ""; // A thread that has ended meanwhile.
    }
  }

  /** A field of a stat file, counted from 1 as in proc(5). The second one is the name. */
  private static long field(String stat, int number) {
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[number - 3]);
  }
}
