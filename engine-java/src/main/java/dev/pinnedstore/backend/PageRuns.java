package dev.pinnedstore.backend;

import java.util.BitSet;
import java.util.function.Consumer;

/** Takes pages that lie side by side: ready ones, and slots without memory. */
final class PageRuns {
  private final PageSet ready;
  private final PageDirectory directory;
  private final PageBudget budget;
  private final PageMaker maker;
  private final Consumer<Page> giveUp;
  private final long pageBytes;

  PageRuns(
      PageSet ready,
      PageDirectory directory,
      PageBudget budget,
      PageMaker maker,
      Consumer<Page> giveUp,
      long pageBytes) {
    this.ready = ready;
    this.directory = directory;
    this.budget = budget;
    this.maker = maker;
    this.giveUp = giveUp;
    this.pageBytes = pageBytes;
  }

  /**
   * Takes neighbouring pages for a writer, who {@link PagePool#hold holds}; all or none.
   *
   * @param first the first page
   * @param count how many
   * @param mayCommit whether to commit those that hold no memory
   * @return zero, or a refusal
   */
  long acquire(int first, int count, boolean mayCommit) {
    long hopeless = refuses(first, count, mayCommit);
    if (hopeless != 0) {
      return hopeless;
    }
    BitSet held = new BitSet(count);
    // What holds no memory first: who is refused that again and again takes nothing meanwhile, and
    // does not take what it puts back for something that changed.
    long refused = mayCommit ? commitMissing(first, count, held) : 0;
    for (int i = held.nextClearBit(0); refused == 0 && i < count; i = held.nextClearBit(i)) {
      refused = ready.claim(first + i) ? 0 : Codes.TAKEN;
      held.set(i, refused == 0);
    }
    if (refused != 0) {
      held.stream().forEach(i -> giveUp.accept(directory.at(first + i)));
    }
    return refused;
  }

  private long commitMissing(int first, int count, BitSet held) {
    long refused = 0;
    for (int i = 0; refused == 0 && i < count; i++) {
      if (!ready.contains(first + i)) {
        refused = maker.commitExactly(first + i);
        held.set(i, refused == 0);
      }
    }
    return refused;
  }

  /** Says no before anything is committed in vain; zero is a hint. */
  long refuses(int first, int count, boolean mayCommit) {
    int missing = 0;
    for (int id = first; id < first + count; id++) {
      if (!ready.contains(id)) {
        if (!mayCommit || !directory.isFree(id)) {
          return Codes.TAKEN;
        }
        missing++;
      }
    }
    return missing == 0 ? 0 : budget.refuses(missing * pageBytes, missing);
  }

  /**
   * Takes so many neighbouring pages for a writer, who {@link PagePool#hold holds}; all or none.
   *
   * @return the first of them, or a refusal
   */
  long acquire(int count) {
    while (true) {
      int first = find(count);
      if (first < 0) {
        return Codes.FULL_ADDRESSES;
      }
      long refused = acquire(first, count, true);
      if (refused != Codes.TAKEN) {
        return refused == 0 ? first : refused;
      }
    }
  }

  /**
   * The first of so many neighbouring pages that nobody uses, a hint; -1 when there are none. Pages
   * that are all ready go first, as they are hot.
   */
  int find(int count) {
    int first = ready.size() >= count ? find(count, false) : -1;
    return first >= 0 ? first : find(count, true);
  }

  private int find(int count, boolean orFree) {
    int found = 0;
    for (int id = 0; id - found <= directory.size(); id++) {
      found = ready.contains(id) || (orFree && directory.isFree(id)) ? found + 1 : 0;
      if (found == count) {
        return id - count + 1;
      }
    }
    return -1;
  }
}
