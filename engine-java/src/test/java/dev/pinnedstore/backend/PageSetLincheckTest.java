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
 * Claiming pages by their ids and adding them is linearizable, and a search that takes any page
 * finds one whenever one stays there all the time. (Which one a search finds beside other threads,
 * and whether it finds one that comes while it searches, is left open.)
 */
@Param(name = "thread", gen = ThreadIdGen.class)
@Param(name = "id", gen = IntGen.class, conf = "0:1")
public class PageSetLincheckTest {
  private static final int MOST_THREADS = 8;

  /** In the word of the others, and never claimed. */
  private static final int STAYS = 2;

  private final PageDirectory directory = new PageDirectory(0, Integer.MAX_VALUE);
  private final PageSet set = new PageSet(directory);
  private final List<Deque<Page>> owned = new ArrayList<>();

  /** What each scenario starts from. */
  public PageSetLincheckTest() {
    List<Page> pages = Pages.of(directory, STAYS + 1);
    set.push(pages.get(0));
    set.push(pages.get(STAYS));
    for (int i = 0; i < MOST_THREADS; i++) {
      owned.add(new ArrayDeque<>());
    }
  }

  /** Whether the page was there, which the thread then owns. */
  @Operation
  public boolean claim(@Param(name = "id") int id, @Param(name = "thread") int thread) {
    return set.claim(id) && owned.get(thread).add(directory.at(id));
  }

  /** The id of the page that was pushed, the first that the thread claimed, or -1. */
  @Operation
  public int push(@Param(name = "thread") int thread) {
    Page page = owned.get(thread).poll();
    if (page == null) {
      return -1;
    }
    set.push(page);
    return page.id;
  }

  @Operation
  public boolean contains(@Param(name = "id") int id) {
    return set.contains(id);
  }

  /** Whether a search from above finds the page that stays, which goes back at once. */
  @Operation(nonParallelGroup = "search")
  public boolean findFromAbove() {
    return found(Pages.popBelow(set, directory, STAYS + 1));
  }

  /** True always, since one stays. */
  @Operation(nonParallelGroup = "search")
  public boolean hasAny() {
    return set.hasAny();
  }

  private boolean found(Page page) {
    if (page != null) {
      set.push(page);
    }
    return page != null && page.id == STAYS;
  }

  @Test
  void everyInterleavingHasAnOrder() {
    new ModelCheckingOptions()
        .iterations(5)
        .invocationsPerIteration(200)
        .threads(2)
        .actorsPerThread(4)
        .check(PageSetLincheckTest.class);
  }

  @Test
  @Tag("slow")
  void everyInterleavingOfThreeThreadsHasAnOrder() {
    new ModelCheckingOptions()
        .iterations(60)
        .invocationsPerIteration(3_000)
        .threads(3)
        .actorsPerThread(4)
        .check(PageSetLincheckTest.class);
    new StressOptions()
        .iterations(40)
        .invocationsPerIteration(3_000)
        .threads(3)
        .actorsPerThread(4)
        .check(PageSetLincheckTest.class);
  }
}
