package dev.pinnedstore.backend;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Leads from a page's id to the page, in two loads.
 *
 * <p>Ids are dense, count from zero and are never taken back; the slot of a page whose memory was
 * given back waits in {@link #takeFree} for its next incarnation. Lookups take no lock. A page is
 * whole before its reference is stored, and a reader's loads through the reference follow the load
 * of it. An array that is full is replaced by a larger copy under a lock; a reader of the old one
 * misses only pages that were not issued when it started.
 */
final class PageDirectory {
  private static final @Nullable Page[] NOTHING = {};

  private final int firstGeneration;
  private final int most;
  private final PageSet free = new PageSet(this);
  private volatile @Nullable Page[] pages = new @Nullable Page[64];

  /** What {@link #find} looks in: {@link #pages}, and nothing once closed. */
  private volatile @Nullable Page[] findable = pages;

  private volatile int size;
  private boolean closed;

  /**
   * Creates an empty directory.
   *
   * @param firstGeneration the generation of every slot's first incarnation
   * @param most the number of ids that may be issued
   */
  PageDirectory(int firstGeneration, int most) {
    this.firstGeneration = firstGeneration;
    this.most = most;
  }

  /** The page of an id that may be anything; null when it was never issued. */
  @Nullable Page find(int id) {
    @Nullable Page[] current = findable;
    return id >= 0 && id < current.length ? current[id] : null;
  }

  /** The page of an id that was issued. */
  Page at(int id) {
    Page page = id >= 0 && id < size ? pages[id] : null;
    if (page == null) {
      throw new IllegalStateException("page id=" + id + ": not issued, pages=" + size);
    }
    return page;
  }

  /**
   * Takes a free slot: the wanted one if it is free, or the lowest, or a new one.
   *
   * @param wanted an id that is preferred, or -1
   * @return a slot that the caller owns; null when no more ids may be issued
   */
  @Nullable Page takeFree(int wanted) {
    if (wanted >= 0) {
      Page page = takeExactly(wanted);
      if (page != null) {
        return page;
      }
    }
    Page page = free.pop();
    return page != null ? page : add(-1);
  }

  /** Takes one slot if it is free, or the next that was never issued; null otherwise. */
  @Nullable Page takeExactly(int id) {
    if (id < size) {
      return free.claim(id) ? at(id) : null;
    }
    return add(id);
  }

  /**
   * Whether a slot may well be the next: one that was issued, or a new one unless most of those
   * that were issued are free. So the slots stay few where pages come and go.
   */
  boolean suits(int id) {
    return id < size || (id < most && 2L * free.size() <= size);
  }

  /** Whether any slot is free, or may be issued; a hint. */
  boolean hasFree() {
    return size < most || free.size() > 0;
  }

  /** Whether a slot holds no memory and is not in use; a hint. */
  boolean isFree(int id) {
    return id < most && (id >= size || free.contains(id));
  }

  /** Takes a slot without memory back, unless its generations are used up. */
  void release(Page page) {
    if (!page.isSpent()) {
      free.push(page);
    }
  }

  /** Lets {@link #find} find nothing from now on. */
  synchronized void close() {
    closed = true;
    findable = NOTHING;
  }

  /** Slots ever issued; every id below is one. */
  int size() {
    return size;
  }

  /** Issues the next id, if it is the wanted one or any will do. */
  private synchronized @Nullable Page add(int wanted) {
    int id = size;
    if (id >= most || (wanted >= 0 && wanted != id)) {
      return null;
    }
    @Nullable Page[] current = pages;
    if (id == current.length) {
      current = Arrays.copyOf(current, id * 2);
    }
    Page page = new Page(id, firstGeneration);
    // For a reader that meets the page in an array that it has loaded before.
    VarHandle.releaseFence();
    current[id] = page;
    pages = current;
    findable = closed ? NOTHING : current;
    size = id + 1;
    return page;
  }
}
