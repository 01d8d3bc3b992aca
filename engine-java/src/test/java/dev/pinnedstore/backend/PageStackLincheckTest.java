package dev.pinnedstore.backend;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The free list is linearizable: every interleaving of pops and pushes answers as some order of
 * them would. A page that is popped belongs to its thread, which alone may push it again.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
public class PageStackLincheckTest {
  private static final int PAGES = 3;
  private static final int MOST_THREADS = 8;

  private final PageStack stack;
  private final List<Deque<Page>> owned = new ArrayList<>();

  /** What each scenario starts from. */
  public PageStackLincheckTest() {
    PageDirectory directory = new PageDirectory(0, Integer.MAX_VALUE);
    stack = new PageStack(directory);
    Pages.of(directory, PAGES).forEach(stack::push);
    for (int i = 0; i < MOST_THREADS; i++) {
      owned.add(new ArrayDeque<>());
    }
  }

  /** The id of the page that was popped, or -1. */
  @Operation
  public int pop(@Param(name = "thread") int thread) {
    Page page = stack.pop();
    if (page == null) {
      return -1;
    }
    owned.get(thread).add(page);
    return page.id;
  }

  /** The id of the page that was pushed, the first that the thread popped, or -1. */
  @Operation
  public int push(@Param(name = "thread") int thread) {
    Page page = owned.get(thread).poll();
    if (page == null) {
      return -1;
    }
    stack.push(page);
    return page.id;
  }

  @Test
  void everyInterleavingHasAnOrder() {
    new ModelCheckingOptions()
        .iterations(5)
        .invocationsPerIteration(200)
        .threads(2)
        .actorsPerThread(4)
        .check(PageStackLincheckTest.class);
  }

  @Test
  @Tag("slow")
  void everyInterleavingOfThreeThreadsHasAnOrder() {
    new ModelCheckingOptions()
        .iterations(60)
        .invocationsPerIteration(3_000)
        .threads(3)
        .actorsPerThread(4)
        .check(PageStackLincheckTest.class);
    new StressOptions()
        .iterations(40)
        .invocationsPerIteration(3_000)
        .threads(3)
        .actorsPerThread(4)
        .check(PageStackLincheckTest.class);
  }
}
