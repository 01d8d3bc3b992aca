package dev.pinnedstore.benchmarks;

import dev.pinnedstore.pager.Durability;
import dev.pinnedstore.pager.PageId;
import dev.pinnedstore.pager.Pager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A change of a pager that is durable when it returns, made by one thread and by eight that share
 * commits, beside the writes and syncs of a plain file in the same directory. All times are those
 * that one thread waits.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CommitBenchmark {
  private static final int PAGE = 4096;

  /** Where the file is. */
  @Param({"TMPFS", "DISK"})
  public Medium medium;

  private Path directory;
  private Pager pager;
  private FileChannel plain;
  private final ByteBuffer block = ByteBuffer.allocateDirect(PAGE);

  /** Makes the files. */
  @Setup
  public void create() throws IOException {
    directory = medium.directory();
    pager = Pager.create(directory.resolve("pages"), PAGE);
    pager.allocBulk(1000);
    plain =
        FileChannel.open(
            directory.resolve("plain"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    write(0);
    write(PAGE);
  }

  /** Deletes them. */
  @TearDown
  public void delete() throws IOException {
    pager.close();
    plain.close();
    Medium.delete(directory);
  }

  /** The page that a thread has, if it has one. */
  @State(Scope.Thread)
  public static class Mine {
    private PageId page;

    private void change(Pager pager) {
      if (page == null) {
        page = pager.alloc(Durability.SYNC);
      } else {
        pager.free(page, Durability.SYNC);
        page = null;
      }
    }
  }

  /** One durable change: an allocation, or a free. */
  @Benchmark
  @Threads(1)
  public void change(Mine mine) {
    mine.change(pager);
  }

  /** The same while seven others do it. */
  @Benchmark
  @Threads(8)
  public void changeOfEight(Mine mine) {
    mine.change(pager);
  }

  /** The floor: what a change that writes in two places has to wait for. */
  @Benchmark
  @Threads(1)
  public void twoSyncs() throws IOException {
    write(0);
    write(PAGE);
  }

  /** What a change that writes in one place has to wait for. */
  @Benchmark
  @Threads(1)
  public void oneSync() throws IOException {
    write(0);
  }

  private void write(long position) throws IOException {
    plain.write(block.clear(), position);
    plain.force(false);
  }
}
