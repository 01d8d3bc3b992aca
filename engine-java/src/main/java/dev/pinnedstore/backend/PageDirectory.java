package dev.pinnedstore.backend;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Leads from a page's id to the page, in two loads.
 *
 * <p>Ids are dense, count from zero and are never taken back; the slot of a page whose memory was
 * given back waits in {@link #takeFree()}'s stack for its next incarnation. Lookups take no lock. A
 * page is whole before its reference is stored, and a reader's loads through the reference follow
 * the load of it. An array that is full is replaced by a larger copy under a lock; a reader of the
 * old one misses only pages that were not issued when it started.
 */
final class PageDirectory {
  private static final @Nullable Page[] NOTHING = {};

  private final int firstGeneration;
  private final PageStack free = new PageStack(this);
  private volatile @Nullable Page[] pages = new @Nullable Page[64];

  /** What {@link #find} looks in: {@link #pages}, and nothing once closed. */
  private volatile @Nullable Page[] findable = pages;

  private volatile int size;
  private boolean closed;

  /**
   * Creates an empty directory.
   *
   * @param firstGeneration the generation of every slot's first incarnation
   */
  PageDirectory(int firstGeneration) {
    this.firstGeneration = firstGeneration;
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

  /** A free slot, reused or new, owned by the caller. */
  Page takeFree() {
    Page page = free.pop();
    return page != null ? page : add();
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

  private synchronized Page add() {
    int id = size;
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
