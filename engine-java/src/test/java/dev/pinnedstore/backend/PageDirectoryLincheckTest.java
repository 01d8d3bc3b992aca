package dev.pinnedstore.backend;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The directory is linearizable in what it promises: slots are issued once, freed ones first, and
 * are found from then on, also while the array is replaced by a larger one. {@link
 * PageDirectory#size()} promises less, and is asked for that: every id below it is found.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
@Param(name = "id", gen = IntGen.class, conf = "62:66")
public class PageDirectoryLincheckTest {
  /** The next slots but one do not fit in the first array. */
  private static final int ISSUED = 63;

  private static final int MOST_THREADS = 8;

  private final PageDirectory directory = new PageDirectory(0, Integer.MAX_VALUE);
  private final List<Deque<Page>> owned = new ArrayList<>();

  /** What each scenario starts from. */
  public PageDirectoryLincheckTest() {
    Pages.of(directory, ISSUED);
    for (int i = 0; i < MOST_THREADS; i++) {
      owned.add(new ArrayDeque<>());
    }
  }

  /** The id of the slot that the thread got. */
  @Operation
  public int takeFree(@Param(name = "thread") int thread) {
    Page page = directory.takeFree(-1);
    owned.get(thread).add(page);
    return page.id;
  }

  /** The id of the slot that the thread gave back, the first that it took, or -1. */
  @Operation
  public int release(@Param(name = "thread") int thread) {
    Page page = owned.get(thread).poll();
    if (page == null) {
      return -1;
    }
    directory.release(page);
    return page.id;
  }

  /** Whether the slot was issued. */
  @Operation
  public boolean find(@Param(name = "id") int id) {
    Page page = directory.find(id);
    return page != null && page.id == id;
  }

  /** Whether the last id below the size is found. */
  @Operation
  public boolean findLast() {
    int last = directory.size() - 1;
    return directory.find(last) != null && directory.at(last).id == last;
  }

  @Test
  void everyInterleavingHasAnOrder() {
    new ModelCheckingOptions()
        .iterations(5)
        .invocationsPerIteration(200)
        .threads(2)
        .actorsPerThread(4)
        .check(PageDirectoryLincheckTest.class);
  }

  @Test
  @Tag("slow")
  void everyInterleavingOfThreeThreadsHasAnOrder() {
    new ModelCheckingOptions()
        .iterations(60)
        .invocationsPerIteration(3_000)
        .threads(3)
        .actorsPerThread(4)
        .check(PageDirectoryLincheckTest.class);
    new StressOptions()
        .iterations(40)
        .invocationsPerIteration(3_000)
        .threads(3)
        .actorsPerThread(4)
        .check(PageDirectoryLincheckTest.class);
  }
}
