package dev.pinnedstore.benchmarks;

import dev.pinnedstore.pager.Durability;
import dev.pinnedstore.pager.PageId;
import dev.pinnedstore.pager.Pager;
import dev.pinnedstore.pager.PagerOptions;
import dev.pinnedstore.pager.ProtectedPage;
import dev.pinnedstore.pager.SubPageAllocator;
import dev.pinnedstore.pager.SubPageId;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The pager at a number of live pages of 4 KiB, and as many sub-pages of 64 bytes. A pair is one
 * allocation and one free, of two changes. For large files: {@code -p live=100000,10000000}. What a
 * sync costs is in {@link CommitBenchmark}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PagerBenchmark {
  private static final int PAGE = 4096;
  private static final int BULK = 1000;
  private static final int SUB_PAGE = 64;

  /** Where the file is. */
  @Param({"TMPFS", "DISK"})
  public Medium medium;

  /** Pages in use. */
  @Param("1000")
  public int live;

  private Path directory;
  private Path path;
  private Pager pager;
  private PageId[] ids;
  private int next;
  private ProtectedPage guarded;
  private SubPageAllocator subPages;

  /** Makes the file; sparse, because a file of 10 000 000 pages is larger than some disks. */
  @Setup
  public void create() throws IOException {
    directory = medium.directory();
    path = directory.resolve("pages");
    pager = Pager.create(path, PAGE, PagerOptions.defaults().withSparse(true));
    ids = pager.allocBulk(live).toArray(PageId[]::new);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = ids.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      PageId swap = ids[i];
      ids[i] = ids[j];
      ids[j] = swap;
    }
    guarded = pager.allocProtected();
    subPages = new SubPageAllocator(pager, SUB_PAGE);
    subPages.allocBulk(live);
  }

  /** Deletes it. */
  @TearDown
  public void delete() throws IOException {
    pager.close();
    Medium.delete(directory);
  }

  /** One allocation and one free that the pager's thread commits. */
  @Benchmark
  public void pairGroup() {
    pager.free(pager.alloc(Durability.GROUP), Durability.GROUP);
  }

  /** One allocation and one free that wait for somebody's commit. */
  @Benchmark
  public void pairNone() {
    pager.free(pager.alloc(Durability.NONE), Durability.NONE);
  }

  /** Frees a page somewhere in the file and allocates it again. */
  @Benchmark
  public void pairAnywhere() {
    int i = next++ % ids.length;
    pager.free(ids[i], Durability.GROUP);
    ids[i] = pager.alloc(Durability.GROUP);
  }

  /** Pages in bulk, per page allocated and freed. */
  @Benchmark
  @OperationsPerInvocation(BULK)
  public void bulkPair() {
    List<PageId> pages = pager.allocBulk(BULK, Durability.NONE);
    pager.freeBulk(pages, Durability.SYNC);
  }

  /** Finds a page, of the first 256. */
  @Benchmark
  public long get() {
    return pager.page(ids[next++ & 255]).address();
  }

  /** Finds a page, of the first 256, and changes a number in it. */
  @Benchmark
  public void getAndSet() {
    pager.page(ids[next & 255]).set(ValueLayout.JAVA_LONG, 8, next++);
  }

  /** Finds a page anywhere in the file; most of that is memory that no cache has. */
  @Benchmark
  public long getAnywhere() {
    return pager.page(ids[(next++ & Integer.MAX_VALUE) % ids.length]).address();
  }

  /** The baseline of {@link #get}: the same loop without a pager. */
  @Benchmark
  public long getId() {
    return ids[next++ & 255].value();
  }

  /** Changes a number in a protected page. */
  @Benchmark
  public void protectedCommit() {
    try (ProtectedPage.Writer writer = guarded.writer()) {
      writer.segment().set(ValueLayout.JAVA_LONG, 0, next++);
      writer.commit();
    }
  }

  /** What a thousand allocations leave is freed between two measurements. */
  @State(Scope.Benchmark)
  public static class Taken {
    private final SubPageId[] slots = new SubPageId[BULK];
    private final PageId[] pages = new PageId[BULK];
    private int slotCount;
    private int pageCount;

    /** Frees it, and makes that durable: the next time finds the same places. */
    @TearDown(Level.Invocation)
    public void free(PagerBenchmark benchmark) {
      benchmark.subPages.freeBulk(Arrays.asList(slots).subList(0, slotCount), Durability.NONE);
      benchmark.pager.freeBulk(Arrays.asList(pages).subList(0, pageCount), Durability.NONE);
      benchmark.pager.flush();
      slotCount = 0;
      pageCount = 0;
    }
  }

  /** Sub-pages allocated one by one, beside as many as there are pages. */
  @Benchmark
  @OperationsPerInvocation(BULK)
  public void subPageAlloc(Taken taken) {
    for (; taken.slotCount < BULK; taken.slotCount++) {
      taken.slots[taken.slotCount] = subPages.alloc(Durability.NONE);
    }
  }

  /** Pages allocated one by one, which wait for somebody's commit. */
  @Benchmark
  @OperationsPerInvocation(BULK)
  public void allocNone(Taken taken) {
    for (; taken.pageCount < BULK; taken.pageCount++) {
      taken.pages[taken.pageCount] = pager.alloc(Durability.NONE);
    }
  }

  /** A sub-page allocated and freed; where all others are in use, that cuts a page each time. */
  @Benchmark
  public void subPagePair() {
    SubPageId id = subPages.alloc(Durability.NONE);
    subPages.free(id, Durability.NONE);
  }

  /** Closes and opens the file, which is all that a program does that changes nothing. */
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  @OutputTimeUnit(TimeUnit.MICROSECONDS)
  @Warmup(iterations = 5)
  @Measurement(iterations = 20)
  public void reopen() throws IOException {
    pager.close();
    pager = Pager.open(path, PAGE, PagerOptions.defaults().withSparse(true));
    subPages = null;
  }
}
